"""Questions that people ask about calls, and answers with the lines they rest on."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Citation:
    """A line of a call that an answer rests on, in the transcript that was active then."""

    call_id: str
    transcript_id: str
    utterance_id: str
    start_ms: int
    text: str
    source_name: str
    agent_name: str | None = None
    held_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class AnswerPart:
    """One sentence of an answer; there is none without a line that bears it out."""

    text: str
    citations: tuple[Citation, ...]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What was answered. No part: the lines that were read don't tell.

    ``lines_read`` lines of ``calls_read`` calls were shown to the model; ``left_out`` of its
    sentences were dropped because their quotes stand nowhere. ``tokens_in``, ``tokens_out`` and
    ``cost`` are None where nobody counted.
    """

    parts: tuple[AnswerPart, ...]
    model: str
    lines_read: int = 0
    calls_read: int = 0
    left_out: int = 0
    took_ms: int = 0
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost: float | None = None

    @property
    def text(self) -> str:
        """The whole answer."""
        return " ".join(part.text for part in self.parts)


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A question as it was sent, without personal data, and its answer."""

    question: str
    answer: Answer
