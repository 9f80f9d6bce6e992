"""The words a demo script is written in: lines, holds and the calls they make up.

Timing is relative, as in a stage script: every line says how long after the previous full
line it starts. The renderer turns that into exact milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

SpeakerName = Literal["agent", "customer"]
Sentiment = Literal["positive", "neutral", "negative"]
Container = Literal["ogg", "wav"]

_PRIVATE = re.compile(r"\{(?P<kind>[A-Z]+)\|(?P<words>[^}]+)\}")
_BREATH = " / "


@dataclass(frozen=True, kw_only=True)
class PrivateWords:
    """A stretch of a line's text that names a person or number; character offsets, half-open."""

    kind: str
    start_char: int
    end_char: int


@dataclass(frozen=True, kw_only=True)
class Line:
    """One utterance of the script.

    `marked` is the text with two marks: `{PHONE|five five five}` for personal data, and
    ` / ` where the speaker takes a breath. `gap_ms` is the pause after the previous full
    line (negative: this line starts before the other one ends). `into_ms` places a
    backchannel that long after the start of the previous full line instead.
    """

    speaker: SpeakerName
    marked: str
    sentiment: Sentiment = "neutral"
    gap_ms: int = 350
    into_ms: int | None = None
    interrupts: bool = False

    @property
    def is_backchannel(self) -> bool:
        """Whether the line is only a nod inside the other side's line."""
        return self.into_ms is not None

    @property
    def breaths(self) -> tuple[str, ...]:
        """The text cut at the breath marks, without the marks of personal data."""
        return tuple(_PRIVATE.sub(r"\g<words>", part) for part in self.marked.split(_BREATH))

    @property
    def text(self) -> str:
        """The spoken words, without any mark."""
        return " ".join(self.breaths)

    @property
    def private(self) -> tuple[PrivateWords, ...]:
        """Where personal data stands in `text`."""
        found: list[PrivateWords] = []
        marked = self.marked.replace(_BREATH, " ")
        removed = 0
        for match in _PRIVATE.finditer(marked):
            start = match.start() - removed
            end = start + len(match["words"])
            found.append(PrivateWords(kind=match["kind"], start_char=start, end_char=end))
            removed += len(match[0]) - len(match["words"])
        return tuple(found)


@dataclass(frozen=True, kw_only=True)
class Hold:
    """The caller waits and hears music, `gap_ms` after the previous full line."""

    duration_ms: int
    gap_ms: int = 600


@dataclass(frozen=True, kw_only=True)
class Voice:
    """A Kokoro voice at a speaking speed (1.0 is the voice's own)."""

    name: str
    speed: float = 1.0

    @property
    def language(self) -> str:
        """The accent the phonemes are made for, from the voice's first letter."""
        return "en-gb" if self.name.startswith("b") else "en-us"


@dataclass(frozen=True, kw_only=True)
class CallScript:
    """A whole demo call: who speaks, in which format it is stored, what happens in it."""

    agent: str
    customer: str
    customer_ref: str
    queue: str
    started_at: datetime
    agent_voice: Voice
    customer_voice: Voice
    container: Container
    channels: Literal[1, 2]
    telephone: bool = False
    scenes: tuple[Line | Hold, ...]
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def stem(self) -> str:
        """The file name without extension; it carries what the product can read from a name."""
        return "_".join(
            (
                "Harbor-Energy",
                f"AGENT_{self.agent.replace(' ', '-')}",
                f"CUST_{self.customer_ref}",
                f"QUEUE_{self.queue}",
                self.started_at.strftime("%Y-%m-%dT%H-%M-%S"),
            )
        )

    def voice_of(self, speaker: SpeakerName) -> Voice:
        """The voice that reads the lines of one side."""
        return self.agent_voice if speaker == "agent" else self.customer_voice

    def channel_of(self, speaker: SpeakerName) -> int:
        """The track a side is on, counted from 0: agent left, customer right, or one for both."""
        return 1 if self.channels == 2 and speaker == "customer" else 0


def agent(marked: str, *, gap_ms: int = 350) -> Line:
    """A line of the agent; courtesy counts as neutral."""
    return Line(speaker="agent", marked=marked, gap_ms=gap_ms)


def customer(
    marked: str,
    sentiment: Sentiment = "neutral",
    *,
    gap_ms: int = 350,
    interrupts: bool = False,
) -> Line:
    """A line of the customer."""
    return Line(
        speaker="customer",
        marked=marked,
        sentiment=sentiment,
        gap_ms=gap_ms,
        interrupts=interrupts,
    )


def nod(speaker: SpeakerName, marked: str, *, into_ms: int) -> Line:
    """A backchannel `into_ms` after the start of the previous full line."""
    return Line(speaker=speaker, marked=marked, into_ms=into_ms)
