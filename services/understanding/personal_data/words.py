"""Takes personal data out of timed words: a run of words becomes one placeholder."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from services.analysis.retiming import retimed_words
from services.domain.placeholders import placeholders_in
from services.domain.speech import PiiMention, Word
from services.domain.word_places import word_places


def redacted_words(
    words: Sequence[Word], text: str, mentions: Sequence[PiiMention], clean_text: str
) -> tuple[Word, ...]:
    """Return the words without the mentions of ``text``, whose redacted form is ``clean_text``.

    A placeholder's time is that of all the words it stands for: sound is silenced by it. Where the
    words can't all be found in the text, they are rebuilt from the redacted text, so that nothing
    of a mention is left over in any case; a placeholder then has all the time between the words
    around it that are known.
    """
    if not mentions:
        return tuple(words)
    places = word_places(words, text)
    if places is None:
        return _rebuilt(words, clean_text)
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
        return _rebuilt(words, clean_text)
    return tuple(kept)


def _rebuilt(words: Sequence[Word], clean_text: str) -> tuple[Word, ...]:
    """Return the words of a redacted text; what stands beside a placeholder may have its time."""
    rebuilt = list(retimed_words(words, clean_text))
    known = {(word.text, word.start_ms, word.end_ms) for word in words}
    at = 0
    while at < len(rebuilt):
        last = at
        while last < len(rebuilt) and not _is_known(rebuilt[last], known):
            last += 1
        run = rebuilt[at:last]
        if any(next(placeholders_in(word.text), None) for word in run):
            start = rebuilt[at - 1].end_ms if at else words[0].start_ms
            end = rebuilt[last].start_ms if last < len(rebuilt) else words[-1].end_ms
            start = min(start, *(word.start_ms for word in run))
            end = max(end, *(word.end_ms for word in run))
            rebuilt[at:last] = [replace(w, start_ms=start, end_ms=end) for w in run]
        at = last + 1
    return tuple(rebuilt)


def _is_known(word: Word, known: Collection[tuple[str, int, int]]) -> bool:
    return (word.text, word.start_ms, word.end_ms) in known


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
