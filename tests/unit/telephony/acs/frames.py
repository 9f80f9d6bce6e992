"""Frames of a transcription as the service writes them, for tests."""

import json

AGENT = "8:acs:agent"
CUSTOMER = "4:+14255550123"
TICKS_PER_MS = 10_000


def metadata(**more):
    """Return the first frame of a connection."""
    told = {"subscriptionId": "s", "callConnectionId": "c", "correlationId": "k", **more}
    return json.dumps({"kind": "TranscriptionMetadata", "transcriptionMetadata": told})


def line(text, start_ms, end_ms, *, final=True, who=AGENT, words=True, **more):
    """Return a line so far, or as it stays."""
    told = {
        "text": text,
        "format": "display",
        "confidence": 0.9,
        "offset": start_ms * TICKS_PER_MS,
        "duration": (end_ms - start_ms) * TICKS_PER_MS,
        "words": words_of(text, start_ms, end_ms) if words else [],
        "participantRawID": who,
        "resultStatus": "Final" if final else "Intermediate",
        **more,
    }
    filled = {name: value for name, value in told.items() if value is not None}
    return json.dumps({"kind": "TranscriptionData", "transcriptionData": filled})


def words_of(text, start_ms, end_ms):
    """Return the words of a line, spread over it."""
    said = text.split()
    each = (end_ms - start_ms) // max(1, len(said))
    return [
        {
            "text": word,
            "offset": (start_ms + n * each) * TICKS_PER_MS,
            "duration": each * TICKS_PER_MS,
        }
        for n, word in enumerate(said)
    ]
