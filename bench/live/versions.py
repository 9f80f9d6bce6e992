"""The wordings that a line has on its way: what was told of a call, in the order of telling."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.scoring.spoken import bare_words
from services.domain.live import Final, LiveEvent, Partial, Revised
from services.live.telling.events import Kind

CAPTION, REFINED = "caption", "refined"
_KINDS = {Partial: Kind.PARTIAL, Final: Kind.FINAL, Revised: Kind.REVISED}


@dataclass(frozen=True, kw_only=True)
class Version:
    """A line as it stood for a while; ``words`` are bare, ``told_ms`` counts from the call's start.

    Times of the line are those of the call, ``told_ms`` is time that has passed in the room.
    """

    kind: Kind
    line: str
    text: str
    start_ms: int
    end_ms: int
    told_ms: int = 0
    speaker: str | None = None
    channel: int | None = None
    stage: str = CAPTION
    words: tuple[str, ...] = field(default=())

    @classmethod
    def of_told(cls, told: Mapping[str, Any]) -> "Version | None":
        """Return what was told as a version of its line, None when it is about something else."""
        if told["type"] not in (Kind.PARTIAL, Kind.FINAL, Kind.REVISED):
            return None
        return cls(
            kind=Kind(told["type"]),
            line=told["id"],
            text=told["text"],
            start_ms=told["start_ms"],
            end_ms=told["end_ms"],
            told_ms=told["emitted_ms"],
            speaker=told["speaker"],
            channel=told["channel"],
            stage=told.get("stage") or CAPTION,
            words=tuple(bare_words(told["text"])),
        )

    @classmethod
    def of_event(cls, event: LiveEvent) -> "Version | None":
        """Return a provider's event as a version of its line."""
        if not isinstance(event, Partial | Final | Revised):
            return None
        line = event.line
        return cls(
            kind=_KINDS[type(event)],
            line=line.id,
            text=line.text,
            start_ms=line.start_ms,
            end_ms=line.end_ms,
            speaker=line.speaker,
            channel=line.channel,
            stage=str(getattr(event, "stage", CAPTION)),
            words=tuple(bare_words(line.text)),
        )


def as_captioned(versions: Iterable[Version]) -> list[Version]:
    """Return the finished lines as they stood before any of them was refined, by start."""
    kept: dict[str, Version] = {}
    refined: set[str] = set()
    for version in versions:
        if version.stage == REFINED:
            refined.add(version.line)
        elif version.kind is not Kind.PARTIAL and version.line not in refined:
            kept[version.line] = version
    return in_order(kept.values())


def at_first(versions: Iterable[Version]) -> list[Version]:
    """Return every line as it was when it was finished first, by start."""
    kept: dict[str, Version] = {}
    for version in versions:
        if version.kind is not Kind.PARTIAL and version.stage != REFINED:
            kept.setdefault(version.line, version)
    return in_order(kept.values())


def at_last(versions: Iterable[Version]) -> list[Version]:
    """Return the finished lines as they stand in the end, by start."""
    kept = {v.line: v for v in versions if v.kind is not Kind.PARTIAL}
    return in_order(kept.values())


def in_order(versions: Iterable[Version]) -> list[Version]:
    """Return lines that say something, by their start."""
    return sorted((v for v in versions if v.words), key=lambda v: (v.start_ms, v.end_ms))
