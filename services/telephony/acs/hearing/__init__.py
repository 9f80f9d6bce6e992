"""Frames of one call become lines of a live call."""
