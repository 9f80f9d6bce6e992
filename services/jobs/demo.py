"""The demo recordings that come with an installation."""

from pathlib import Path

from services.domain.errors import NotFound

ENDINGS = frozenset({".ogg", ".opus", ".mp3", ".wav", ".flac", ".m4a"})


def recordings_in(folder: Path) -> list[Path]:
    """Return the recordings of a folder in order of their names. Raises NotFound without any."""
    found = sorted(p for p in folder.glob("*") if p.suffix.lower() in ENDINGS)
    if not found:
        raise NotFound
    return found
