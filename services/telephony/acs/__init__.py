"""Azure Communication Services: transcription frames, callbacks, tokens, and control of calls."""
