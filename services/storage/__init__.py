"""Calls, runs and transcripts in the database; sound, encrypted, in the object store."""
