"""Speech providers: one small file each behind one interface."""
