"""Where timed words stand in the text they belong to."""

from collections.abc import Sequence

from services.domain.speech import Word

Place = tuple[int, int]


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
