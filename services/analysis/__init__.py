"""Pure functions over transcripts: conversation metrics, roles, backchannels, edits."""
