"""What an installation takes: space on disk, growth, minutes at providers and what they cost."""

from dataclasses import dataclass

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS


@dataclass(frozen=True, kw_only=True)
class Space:
    """Bytes of one kind; ``files`` None: not counted in files."""

    kind: str
    size_bytes: int
    files: int | None = None


@dataclass(frozen=True, kw_only=True)
class SoundSpace:
    """All stored sound; ``orphans`` belong to no call and go when a worker next tidies up."""

    files: int
    size_bytes: int
    orphans: int
    orphan_bytes: int


@dataclass(frozen=True, kw_only=True)
class MonthGrowth:
    """Calls of a month (``2026-11``) that are stored now: how many, how long, how large."""

    month: str
    calls: int
    duration_ms: int
    size_bytes: int


@dataclass(frozen=True, kw_only=True)
class ProviderMonth:
    """What a provider has transcribed in a month; ``cost`` None: no price is set."""

    month: str
    provider: str
    runs: int
    audio_ms: int
    cost: float | None


def cost_of(audio_ms: int, per_hour: float | None) -> float | None:
    """Return what so much sound costs at a price per hour."""
    return None if per_hour is None else audio_ms / HOUR_MS * per_hour
