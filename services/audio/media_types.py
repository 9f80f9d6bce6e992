"""What a recording's container is called where browsers ask for it."""

# By the decoder's own names, of which a container can have several.
_MEDIA_TYPES = {
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
    "flac": "audio/flac",
    "aac": "audio/aac",
    "mp4": "audio/mp4",
    "m4a": "audio/mp4",
    "webm": "audio/webm",
    "matroska": "audio/webm",
    "aiff": "audio/aiff",
    "amr": "audio/amr",
}
UNKNOWN = "application/octet-stream"


def media_type_of(container: str) -> str:
    """Return the media type of a container such as ``mov,mp4,m4a``; a general one if unknown."""
    return next((_MEDIA_TYPES[n] for n in container.split(",") if n in _MEDIA_TYPES), UNKNOWN)
