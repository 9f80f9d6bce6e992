"""What this machine hears of a call while it is held."""
