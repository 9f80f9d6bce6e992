"""Where timed words stand in the text they belong to."""

from collections.abc import Sequence

from services.domain.speech import Word

Place = tuple[int, int]
TimedPlace = tuple[int, int, int, int]
"""A word's characters [start, end) in a text, and its time [start, end) in milliseconds."""


def word_places(words: Sequence[Word], text: str) -> list[Place] | None:
    """Return each word's characters [start, end) in ``text``.

    None when words and text don't agree: a word is missing, or something but blanks lies between.
    """
    places: list[Place] = []
    after = 0
    for word in words:
        bare = word.text.strip()
        at = text.find(bare, after)
        if not bare or at < 0 or text[after:at].strip():
            return None
        after = at + len(bare)
        places.append((at, after))
    return places if not text[after:].strip() else None


def timed_places(words: Sequence[Word], text: str) -> list[TimedPlace]:
    """Return each word's place in ``text`` and its time; none when words and text don't agree."""
    places = word_places(words, text) or ()
    return [(*place, w.start_ms, w.end_ms) for place, w in zip(places, words, strict=False)]
