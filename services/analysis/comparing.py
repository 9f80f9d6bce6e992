"""Two transcripts of one call beside each other: which words differ, and how many.

Words are compared without case, accents and punctuation, in the order in which lines begin. The
alignment is one with the fewest changes (Levenshtein), so that its errors divided by the words of
the reference are the word error rate. Where both transcripts know every line's channel, each
channel is aligned by itself, because the order of lines that overlap means nothing.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

from services.domain.comparing import (
    ComparedRow,
    Comparison,
    Passage,
    Piece,
    WordDifferences,
    WordKind,
)
from services.domain.folding import folded_words
from services.domain.speech import Transcript, Utterance

# Lines this far apart still speak of the same moment.
NEAR_MS = 2_000


class _Place(NamedTuple):
    """Where a word stands: number of the line, and of the written word in it."""

    line: int
    token: int


@dataclass
class _Side:
    """One transcript as rows of comparable words; ``kinds`` says what became of each place."""

    lines: tuple[Utterance, ...]
    texts: list[list[str]] = field(default_factory=list)
    streams: dict[int | None, list[tuple[str, _Place]]] = field(default_factory=dict)
    kinds: dict[_Place, WordKind] = field(default_factory=dict)

    @classmethod
    def of(cls, transcript: Transcript, *, by_channel: bool) -> "_Side":
        side = cls(tuple(sorted(transcript.utterances, key=lambda u: (u.start_ms, u.end_ms))))
        for number, line in enumerate(side.lines):
            side.texts.append(line.text.split())
            stream = side.streams.setdefault(line.channel if by_channel else None, [])
            for at, text in enumerate(side.texts[-1]):
                stream.extend((word, _Place(number, at)) for word in folded_words(text))
        return side

    def passage(self, line: int, tokens: Iterable[int]) -> Passage:
        own, texts = self.lines[line], self.texts[line]
        pieces = (
            Piece(kind=kind, text=" ".join(texts[at] for at in together))
            for kind, together in groupby(
                tokens, key=lambda at: self.kinds.get(_Place(line, at), WordKind.SAME)
            )
        )
        return Passage(speaker=own.speaker, start_ms=own.start_ms, pieces=tuple(pieces))


_Pair = tuple[_Place, _Place]


@dataclass
class _Aligned:
    """What the alignment of all streams found."""

    tally: Counter[WordKind] = field(default_factory=Counter)
    same: list[_Pair] = field(default_factory=list)
    changed: list[_Pair] = field(default_factory=list)


def compare(reference: Transcript, other: Transcript) -> Comparison:
    """Return the words of both beside each other. Neither is taken to be right."""
    by_channel = all(_knows_channels(t) for t in (reference, other))
    left, right = (_Side.of(t, by_channel=by_channel) for t in (reference, other))
    aligned = _Aligned()
    for channel in {**left.streams, **right.streams}:
        _align(left, right, channel, aligned)
    partners = _partners(left, right, aligned.same)
    moved = [
        (a, b)
        for a, b in aligned.same
        if partners.get(left.lines[a.line].speaker) != right.lines[b.line].speaker
    ]
    tally = aligned.tally
    same, changed = tally[WordKind.SAME], tally[WordKind.CHANGED]
    missing, added = tally[WordKind.MISSING], tally[WordKind.ADDED]
    return Comparison(
        counts=WordDifferences(
            words=same + changed + missing,
            heard=same + changed + added,
            same=same,
            changed=changed,
            missing=missing,
            added=added,
            other_speaker=len(moved),
        ),
        rows=tuple(_rows(left, right, aligned, {a.line for a, _ in moved})),
        by_channel=by_channel,
    )


def _knows_channels(transcript: Transcript) -> bool:
    channels = {line.channel for line in transcript.utterances}
    return len(channels) > 1 and None not in channels


def _align(left: _Side, right: _Side, channel: int | None, found: _Aligned) -> None:
    """Align one stream of each side and note what became of every word."""
    from rapidfuzz.distance import Levenshtein

    ours, theirs = left.streams.get(channel, []), right.streams.get(channel, [])
    steps = Levenshtein.opcodes([word for word, _ in ours], [word for word, _ in theirs])
    for step in steps:
        mine = [place for _, place in ours[step.src_start : step.src_end]]
        other = [place for _, place in theirs[step.dest_start : step.dest_end]]
        if step.tag == "equal":
            found.same.extend(zip(mine, other, strict=True))
            found.tally[WordKind.SAME] += len(mine)
        elif step.tag == "replace":
            found.changed.extend(zip(mine, other, strict=True))
            _mark(left, mine, WordKind.CHANGED)
            _mark(right, other, WordKind.CHANGED)
            found.tally[WordKind.CHANGED] += len(mine)
        else:
            _mark(left, mine, WordKind.MISSING)
            _mark(right, other, WordKind.ADDED)
            found.tally[WordKind.MISSING] += len(mine)
            found.tally[WordKind.ADDED] += len(other)


def _mark(side: _Side, places: Iterable[_Place], kind: WordKind) -> None:
    """Note what became of words; a written word is the same only if all words in it are."""
    for place in places:
        side.kinds.setdefault(place, kind)


def _partners(left: _Side, right: _Side, same: Sequence[_Pair]) -> Mapping[str | None, str | None]:
    """Pair speakers of both sides by the words they share, those with most words first."""
    shared = Counter((left.lines[a.line].speaker, right.lines[b.line].speaker) for a, b in same)
    partners: dict[str | None, str | None] = {None: None}
    for (mine, theirs), _ in shared.most_common():
        known = mine in partners or theirs in partners.values()
        if not known and mine is not None and theirs is not None:
            partners[mine] = theirs
    return partners


def _rows(left: _Side, right: _Side, aligned: _Aligned, moved: set[int]) -> Iterator[ComparedRow]:
    """Yield each line of the reference with its counterparts, and lines it doesn't have."""
    rows_of = _rows_by_line(left, right, aligned)
    beside: dict[int, list[_Place]] = {}
    alone: list[int] = []
    for number, texts in enumerate(right.texts):
        rows = _filled(rows_of.get(number, {}), len(texts))
        if rows is None:
            alone.append(number)
            continue
        for at, row in enumerate(rows):
            beside.setdefault(row, []).append(_Place(number, at))
    for number, line in enumerate(left.lines):
        while alone and right.lines[alone[0]].start_ms <= line.start_ms:
            yield _row_alone(right, alone.pop(0))
        places = sorted(beside.get(number, []), key=lambda p: (p.line, p.token))
        yield ComparedRow(
            start_ms=line.start_ms,
            end_ms=line.end_ms,
            reference=left.passage(number, range(len(left.texts[number]))),
            other=tuple(
                right.passage(theirs, [place.token for place in together])
                for theirs, together in groupby(places, key=lambda place: place.line)
            ),
            other_speaker=number in moved,
        )
    for number in alone:
        yield _row_alone(right, number)


def _rows_by_line(left: _Side, right: _Side, aligned: _Aligned) -> Mapping[int, Mapping[int, int]]:
    """Return beside which line of the reference words of each other line stand, as far as known.

    Words that are the same decide. Changed ones, which may have been paired for want of anything
    better, only place a line without such words, and only beside one of the same moment.
    """
    rows: dict[int, dict[int, int]] = {}
    for ours, theirs in aligned.same:
        rows.setdefault(theirs.line, {}).setdefault(theirs.token, ours.line)
    placed = frozenset(rows)
    for ours, theirs in aligned.changed:
        mine, other = left.lines[ours.line], right.lines[theirs.line]
        near = mine.start_ms - NEAR_MS < other.end_ms and other.start_ms < mine.end_ms + NEAR_MS
        if near and theirs.line not in placed:
            rows.setdefault(theirs.line, {}).setdefault(theirs.token, ours.line)
    return rows


def _filled(known: Mapping[int, int], length: int) -> list[int] | None:
    """Return beside which line every written word stands; None: beside none.

    A word of which nothing is known stands where the one before it does, or else the next one.
    """
    if not known:
        return None
    latest = known[min(known)]
    rows = []
    for at in range(length):
        latest = known.get(at, latest)
        rows.append(latest)
    return rows


def _row_alone(right: _Side, number: int) -> ComparedRow:
    line = right.lines[number]
    return ComparedRow(
        start_ms=line.start_ms,
        end_ms=line.end_ms,
        reference=None,
        other=(right.passage(number, range(len(right.texts[number]))),),
    )
