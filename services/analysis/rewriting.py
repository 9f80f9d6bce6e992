"""Changes places in what was said, so that text and words go on saying the same."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.analysis.retiming import spread
from services.domain.speech import Utterance, Word

Stretch = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Rewrite:
    """The characters [start, end) of a text are to read ``text``; an empty one takes them out."""

    start: int
    end: int
    text: str


def rewritten(utterance: Utterance, rewrites: Sequence[Rewrite]) -> Utterance:
    """Return the utterance with its text and words changed at these places.

    ``rewrites`` are in order and don't overlap. Words that are changed one by one keep their time
    and confidence; where their number changes, the time from the first to the last is shared out
    by length, and no confidence is known. All others stay as they are.
    """
    if not rewrites:
        return utterance
    text, at = "", 0
    for rewrite in rewrites:
        text += utterance.text[at : rewrite.start] + rewrite.text
        at = rewrite.end
    text += utterance.text[at:]
    return replace(utterance, text=" ".join(text.split()), words=_words(utterance, rewrites))


def _words(utterance: Utterance, rewrites: Sequence[Rewrite]) -> tuple[Word, ...]:
    places = _places(utterance)
    changed: list[Word] = []
    at = 0
    for first, last, group in _groups(places, rewrites):
        changed += utterance.words[at:first]
        touched = utterance.words[first:last]
        changed += _changed(touched, _reading(utterance.text, places[first:last], group))
        at = last
    return (*changed, *utterance.words[at:])


def _places(utterance: Utterance) -> list[Stretch]:
    """Return where in the text each word stands; one it doesn't contain has no length there."""
    text = utterance.text.casefold()
    if len(text) != len(utterance.text):
        text = utterance.text.lower()
    places, at = [], 0
    for word in utterance.words:
        said = word.text.strip()
        found = text.find(said.casefold(), at) if said else -1
        found = utterance.text.find(said, at) if found < 0 else found
        if found < 0:
            places.append((at, at))
            continue
        at = found + len(said)
        places.append((found, at))
    return places


def _groups(
    places: Sequence[Stretch], rewrites: Sequence[Rewrite]
) -> list[tuple[int, int, list[Rewrite]]]:
    """Return which words [first, last) are touched, each with all rewrites that touch them."""
    groups: list[tuple[int, int, list[Rewrite]]] = []
    for rewrite in rewrites:
        touched = [n for n, (a, b) in enumerate(places) if a < rewrite.end and rewrite.start < b]
        if not touched:
            continue
        first, last = touched[0], touched[-1] + 1
        if groups and first < groups[-1][1]:
            before = groups.pop()
            groups.append((before[0], max(last, before[1]), [*before[2], rewrite]))
        else:
            groups.append((first, last, [rewrite]))
    return groups


def _reading(text: str, places: Sequence[Stretch], rewrites: Sequence[Rewrite]) -> list[str]:
    """Return the words that stand in the changed text where these stood."""
    at = min(places[0][0], rewrites[0].start)
    end = max(places[-1][1], rewrites[-1].end)
    reading = ""
    for rewrite in rewrites:
        reading += text[at : rewrite.start] + rewrite.text
        at = rewrite.end
    return (reading + text[at:end]).split()


def _changed(words: Sequence[Word], reading: Sequence[str]) -> list[Word]:
    if len(words) == len(reading):
        return [replace(word, text=read) for word, read in zip(words, reading, strict=True)]
    return spread(reading, words[0].start_ms, words[-1].end_ms)
