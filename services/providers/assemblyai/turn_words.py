"""Words of a turn with the labels the service gives, and how they fall into lines."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from services.domain.speech import Utterance, Word

if TYPE_CHECKING:
    from assemblyai.streaming.v3 import TurnEvent
    from assemblyai.streaming.v3 import Word as TurnWord

# The service's label for what was too short (under about a second) to be given to anybody.
NOBODY = "UNKNOWN"


@dataclass(frozen=True, kw_only=True)
class LabelledWord:
    """A word at its place in the call; ``speaker`` is ours, None when it can be given to nobody."""

    text: str
    start_ms: int
    end_ms: int
    confidence: float | None
    speaker: str | None

    @property
    def plain(self) -> Word:
        """The word as a transcript has it."""
        return Word(
            text=self.text,
            start_ms=self.start_ms,
            end_ms=self.end_ms,
            confidence=self.confidence,
        )


def label_of(word: "TurnWord", turn_label: str | None) -> str | None:
    """Return a word's label; without one of its own it has the turn's. None: nobody's."""
    label = word.speaker or turn_label
    return None if label == NOBODY else label


def by_speaker(words: Iterable[LabelledWord]) -> list[tuple[LabelledWord, ...]]:
    """Cut words where the speaker changes."""
    return [tuple(group) for _, group in groupby(words, key=lambda word: word.speaker)]


def text_of(turn: "TurnEvent") -> str | None:
    """Return the text of a finished turn as a whole, None while it goes on."""
    return turn.transcript.strip() or None if turn.end_of_turn else None


def line_of(
    line_id: str, words: Sequence[LabelledWord], *, channel: int | None, text: str | None = None
) -> Utterance:
    """Return the line of one speaker's words; confidence is their mean, as for local calls.

    ``text`` is how the service writes it as a whole, None: as its words are written.
    """
    told = [word.confidence for word in words if word.confidence is not None]
    start_ms = min(word.start_ms for word in words)
    return Utterance(
        id=line_id,
        speaker=words[0].speaker,
        start_ms=start_ms,
        end_ms=max(start_ms + 1, *(word.end_ms for word in words)),
        text=text or " ".join(word.text for word in words),
        channel=channel,
        confidence=round(sum(told) / len(told), 3) if told else None,
        words=tuple(word.plain for word in words),
    )
