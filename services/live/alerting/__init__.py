"""Telling people elsewhere of warnings."""
