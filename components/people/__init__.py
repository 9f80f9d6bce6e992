"""People: who comes in, who one is, whom access is given, and their tokens."""
