"""Two transcripts of a call beside each other."""
