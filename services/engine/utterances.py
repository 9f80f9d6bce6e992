"""Utterances out of words: what one speaker says in one go, in lines that read well."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from services.domain.intervals import Interval
from services.domain.speech import Utterance, Word
from services.engine.heard import HeardWord, Spoken

_Said = TypeVar("_Said", bound=Spoken)

SENTENCE_ENDS = (".", "?", "!", "。", "？", "！", "…")
CLAUSE_ENDS = (",", ";", ":", "，", "、")
# A pause this long ends an utterance, even in the middle of a sentence; a shorter one does where
# a sentence ends or the other party says something in it.
LONG_PAUSE_MS = 2_500
SENTENCE_PAUSE_MS = 250
ANSWERED_PAUSE_MS = 250
LONGEST_MS = 25_000
SHORTEST_CUT_MS = 4_000
SNAP_MS = 300


@dataclass(frozen=True, kw_only=True)
class Attributed:
    """A speaker's words in order, with the speaker's voiced spans (sorted, disjoint)."""

    speaker: str | None
    channel: int | None
    words: tuple[HeardWord, ...]
    spans: tuple[Interval, ...]


def form_utterances(parties: Sequence[Attributed]) -> tuple[Utterance, ...]:
    """Return all parties' utterances, numbered ``u1``, ``u2``… in the order they start."""
    lines = lines_of([party.words for party in parties])
    return numbered(_utterance(parties[at], words) for at, words in lines)


def lines_of(said: Sequence[Sequence[_Said]]) -> Iterable[tuple[int, list[_Said]]]:
    """Cut what each party says, in order of time, into lines: (party's index, words of a line)."""
    for at, words in enumerate(said):
        others = sorted(w.start_ms for n, other in enumerate(said) if n != at for w in other)
        for group in _by_pauses(words, others):
            for line in _cut_long(group):
                yield at, line


def numbered(formed: Iterable[Utterance]) -> tuple[Utterance, ...]:
    """Return utterances in the order they start, with the ids ``u1``, ``u2``…"""
    ordered = sorted(formed, key=lambda u: (u.start_ms, u.end_ms, u.speaker or ""))
    return tuple(replace(u, id=f"u{number}") for number, u in enumerate(ordered, start=1))


def _by_pauses(words: Sequence[_Said], others: Sequence[int]) -> Iterable[list[_Said]]:
    group: list[_Said] = []
    for word in words:
        if group and _is_break(group[-1], word, others):
            yield group
            group = []
        group.append(word)
    if group:
        yield group


def _is_break(before: Spoken, after: Spoken, others: Sequence[int]) -> bool:
    pause = after.start_ms - before.end_ms
    if pause >= LONG_PAUSE_MS:
        return True
    if pause >= SENTENCE_PAUSE_MS and before.plain.endswith(SENTENCE_ENDS):
        return True
    if pause < ANSWERED_PAUSE_MS:
        return False
    # Others' starts are in order, and there are tens of thousands of them in a call of hours.
    next_start = bisect_left(others, before.end_ms)
    return next_start < len(others) and others[next_start] < after.start_ms


def _cut_long(words: list[_Said]) -> Iterable[list[_Said]]:
    """Cut a group that runs too long at its best place, and its parts again."""
    if words[-1].end_ms - words[0].start_ms <= LONGEST_MS or len(words) < 2:
        yield words
        return
    cut = max(range(1, len(words)), key=lambda i: _cut_worth(words, i))
    yield from _cut_long(words[:cut])
    yield from _cut_long(words[cut:])


def _cut_worth(words: Sequence[Spoken], at: int) -> tuple[int, int]:
    """Rate a cut before word ``at``: not too near the ends, then sentence, clause, pause."""
    before, after = words[at - 1], words[at]
    near_end = (
        min(before.end_ms - words[0].start_ms, words[-1].end_ms - after.start_ms) < SHORTEST_CUT_MS
    )
    if near_end:
        return (-1, after.start_ms - before.end_ms)
    mark = before.plain.endswith(SENTENCE_ENDS) * 2 + before.plain.endswith(CLAUSE_ENDS)
    return (int(mark), after.start_ms - before.end_ms)


def _utterance(party: Attributed, words: Sequence[HeardWord]) -> Utterance:
    start, end = _on_spans((words[0].start_ms, words[-1].end_ms), party.spans)
    return Utterance(
        id="",
        speaker=party.speaker,
        channel=party.channel,
        start_ms=start,
        end_ms=end,
        text="".join(w.text for w in words).strip(),
        confidence=round(sum(w.confidence for w in words) / len(words), 3),
        words=tuple(_word(w, start, end) for w in words),
    )


def _word(word: HeardWord, start: int, end: int) -> Word:
    word_start = min(max(word.start_ms, start), end - 1)
    return Word(
        text=word.plain,
        start_ms=word_start,
        end_ms=max(word_start + 1, min(word.end_ms, end)),
        confidence=round(word.confidence, 3),
    )


def _on_spans(said: Interval, spans: Sequence[Interval]) -> Interval:
    """Move an utterance's ends to where the voice starts and stops, when that is near."""
    first_after = bisect_right(spans, said[0], key=lambda span: span[1])
    touched = spans[first_after : bisect_left(spans, said[1], key=lambda span: span[0])]
    if not touched:
        return said
    start, end = said
    first, last = touched[0], touched[-1]
    if abs(first[0] - start) <= SNAP_MS or first[0] > start:
        start = first[0]
    if abs(last[1] - end) <= SNAP_MS or last[1] < end:
        end = last[1]
    return (start, max(end, start + 1))
