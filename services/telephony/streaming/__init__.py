"""Streams of sound that telephone services send, as live calls."""
