"""Takes personal data out of timed words: a run of words becomes one placeholder."""

from collections.abc import Sequence

from services.analysis.retiming import retimed_words
from services.domain.speech import PiiMention, Word
from services.domain.word_places import word_places


def redacted_words(
    words: Sequence[Word], text: str, mentions: Sequence[PiiMention], clean_text: str
) -> tuple[Word, ...]:
    """Return the words without the mentions of ``text``, whose redacted form is ``clean_text``.

    Where the words can't all be found in the text, they are rebuilt from the redacted text, so
    that nothing of a mention is left over in any case.
    """
    if not mentions:
        return tuple(words)
    places = word_places(words, text)
    if places is None:
        return retimed_words(words, clean_text)
    kept: list[Word] = []
    at = 0
    while at < len(words):
        mention = _touching(places[at], mentions)
        if mention is None:
            kept.append(words[at])
            at += 1
            continue
        last = at
        while last + 1 < len(words) and places[last + 1][0] < mention.end_char:
            last += 1
        kept.append(_replaced(words[at : last + 1], places[at : last + 1], text, mention))
        at = last + 1
    joined = " ".join(word.text for word in kept).split()
    if joined != clean_text.split():
        return retimed_words(words, clean_text)
    return tuple(kept)


def _touching(place: tuple[int, int], mentions: Sequence[PiiMention]) -> PiiMention | None:
    return next((m for m in mentions if m.start_char < place[1] and place[0] < m.end_char), None)


def _replaced(
    words: Sequence[Word], places: Sequence[tuple[int, int]], text: str, mention: PiiMention
) -> Word:
    before = text[places[0][0] : max(places[0][0], mention.start_char)]
    after = text[min(places[-1][1], mention.end_char) : places[-1][1]]
    return Word(
        text=f"{before}[{mention.type.value}]{after}",
        start_ms=words[0].start_ms,
        end_ms=max(word.end_ms for word in words),
        confidence=None,
    )
