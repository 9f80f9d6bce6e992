"""Where Azure Communication Services reaches this server."""

TRANSCRIPTION_PATH = "/acs/transcription"
EVENTS_PATH = "/acs/events"
INCOMING_PATH = "/acs/incoming"
