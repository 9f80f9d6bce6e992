"""Azure Communication Services, as far as phone calls that are transcribed need it."""
