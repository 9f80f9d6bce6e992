"""Times for the words as they are written, from the words as they were heard.

The service times words as they sound ("twelve dollars") beside the text as it is read ("$12").
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from services.domain.folding import folded_words
from services.domain.speech import Word


@dataclass(frozen=True, kw_only=True)
class HeardWord:
    """A word as it sounds."""

    text: str
    start_ms: int
    end_ms: int
    confidence: float | None = None


def timed_words(text: str, heard: Sequence[HeardWord], end_ms: int) -> tuple[Word, ...]:
    """Return the words of ``text``, which together make it up, with the times of what was heard.

    Where writing and sound differ, what is written shares the time of what was heard there.
    ``end_ms`` is where the text ends. Nothing heard: no words.
    """
    if not heard:
        return ()
    written = text.split()
    compared = SequenceMatcher(
        None, [_plain(w) for w in written], [_plain(w.text) for w in heard], autojunk=False
    )
    words: list[Word] = []
    for kind, at, until, first, last in compared.get_opcodes():
        before_ms = words[-1].end_ms if words else heard[0].start_ms
        if kind == "equal":
            pairs = zip(written[at:until], heard[first:last], strict=True)
            words += [_word(w, h.start_ms, h.end_ms, h.confidence) for w, h in pairs]
        elif kind == "replace":
            words += _shared(written[at:until], heard[first:last])
        elif kind == "delete":
            words += [_word(w, before_ms, before_ms, None) for w in written[at:until]]
    return tuple(_in_order(words, end_ms))


def _plain(word: str) -> str:
    return "".join(folded_words(word)) or word


def _word(text: str, start_ms: int, end_ms: int, confidence: float | None) -> Word:
    return Word(text=text, start_ms=start_ms, end_ms=end_ms, confidence=confidence)


def _shared(written: Sequence[str], heard: Sequence[HeardWord]) -> Iterator[Word]:
    """Divide the time of what was heard among what is written, by its length."""
    start_ms, length_ms = heard[0].start_ms, heard[-1].end_ms - heard[0].start_ms
    told = [w.confidence for w in heard if w.confidence is not None]
    confidence = round(sum(told) / len(told), 3) if len(told) == len(heard) else None
    letters, done = sum(len(w) for w in written), 0
    for word in written:
        start = start_ms + length_ms * done // letters
        done += len(word)
        yield _word(word, start, start_ms + length_ms * done // letters, confidence)


def _in_order(words: Sequence[Word], end_ms: int) -> Iterator[Word]:
    """Give every word a length and let none start before the one before it."""
    earliest = 0
    for word in words:
        earliest = start = min(max(word.start_ms, earliest), max(0, end_ms - 1))
        end = max(start + 1, min(word.end_ms, end_ms))
        yield Word(text=word.text, start_ms=start, end_ms=end, confidence=word.confidence)
