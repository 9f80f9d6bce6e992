"""What an emulated streaming session hears: turns of words at their places in the call."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count

WORD_MS = 320
WORD_PAUSE_MS = 40
TURN_PAUSE_MS = 700
FIRST_MS = 400

# A plausible call between an agent (A) and a customer (B).
LINES = (
    (
        "A",
        "Good morning, Harbor Energy billing, this is Nora Fields. How can I help you?",
    ),
    ("B", "Hi, um, my bill is a lot higher than last month and I can't see why."),
    ("A", "I'm sorry to hear that. May I have your name and phone number?"),
    ("B", "It's Daniel Reyes, and the number is 555-010-2244."),
    ("A", "Thank you. I can see that a discount ended three weeks ago."),
    ("B", "This is the second time. Nobody told me that it would end."),
    (
        "A",
        "I understand. I have renewed the discount, and I will send you a corrected bill by "
        "Friday.",
    ),
    ("B", "Oh, that is great. Thank you very much for your help."),
    ("A", "You're welcome. Have a good day."),
)


@dataclass(frozen=True, kw_only=True)
class HeardWord:
    """A word as it is written in the end; ``speaker`` None leaves the label out of the word."""

    text: str
    start_ms: int
    end_ms: int
    speaker: str | None = None
    confidence: float = 0.94

    @property
    def unformatted(self) -> str:
        """The word as it is written before formatting."""
        return "".join(c for c in self.text.lower() if c.isalnum() or c == "'") or self.text


@dataclass(frozen=True, kw_only=True)
class HeardTurn:
    """One turn. ``label`` is the turn's own; ``revised`` labels come in a revision after it."""

    words: tuple[HeardWord, ...]
    label: str | None
    revised: tuple[str | None, ...] | None = None

    @property
    def start_ms(self) -> int:
        """Where its first word begins."""
        return self.words[0].start_ms

    @property
    def end_ms(self) -> int:
        """Where its last word ends."""
        return self.words[-1].end_ms

    def from_ms(self, start_ms: int) -> "HeardTurn | None":
        """Return what is heard of it when the sound begins at ``start_ms``."""
        words = tuple(word for word in self.words if word.start_ms >= start_ms)
        if not words:
            return None
        return self if words == self.words else replace(self, words=words, revised=None)


def turn_of(
    speaker: str,
    text: str,
    start_ms: int,
    *,
    label: str | None = None,
    speakers: Sequence[str | None] | None = None,
    revised: Sequence[str | None] | None = None,
) -> HeardTurn:
    """Return a turn of these words, one after the other.

    Every word is the speaker's unless ``speakers`` says otherwise, and so is the turn's label.
    """
    step = WORD_MS + WORD_PAUSE_MS
    texts = text.split()
    whose = speakers if speakers is not None else [speaker] * len(texts)
    return HeardTurn(
        words=tuple(
            HeardWord(
                text=word,
                start_ms=start_ms + n * step,
                end_ms=start_ms + n * step + WORD_MS,
                speaker=who,
            )
            for n, (word, who) in enumerate(zip(texts, whose, strict=True))
        ),
        label=label or speaker,
        revised=tuple(revised) if revised is not None else None,
    )


def call_of(lines: Iterable[tuple[str, str]], *, only: str | None = None) -> Iterator[HeardTurn]:
    """Yield the turns of these lines, one after the other; ``only`` leaves other speakers out."""
    start_ms = FIRST_MS
    for speaker, text in lines:
        turn = turn_of(speaker, text, start_ms)
        start_ms = turn.end_ms + TURN_PAUSE_MS
        if only in (None, speaker):
            yield turn


def endless_call(*, only: str | None = None) -> Iterator[HeardTurn]:
    """Yield the turns of the plausible call, again and again, however long it is listened to."""
    yield from call_of((line for _ in count() for line in LINES), only=only)
