"""Known voices on screen: who is known, and learning another one in three steps."""
