"""The phone calls that this process holds, from their opening until they land."""
