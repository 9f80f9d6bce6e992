"""What is seen: functions that draw domain values and return what the person wants done."""
