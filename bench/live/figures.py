"""What is counted on live calls: how late words come, how often they change, how right they are."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import permutations

import numpy as np
from scipy.optimize import linear_sum_assignment

from bench.live.holding import HeldCall
from bench.live.matching import Changes, Sightings, changes, matched
from bench.live.sound import Take
from bench.live.versions import CAPTION, Version, as_captioned, at_first, at_last
from bench.scoring.counted import Counted, rate
from bench.scoring.spoken import SpokenWord
from bench.scoring.words import Normalise, WordErrors, errors_in, text_of

# An utterance is finished once one of its last words is; all of them may have been misheard.
LAST_WORDS = 3
Heard = tuple[Version, int]
"""A word that was heard: its line, and its place there."""


@dataclass(frozen=True, kw_only=True)
class Figures(Counted):
    """What was counted on calls, in words, lines and ms. Rates are formed from sums.

    ``finals_ms`` is the time from the end of each true utterance until its last word stood in a
    finished line, ``words_ms`` the time from the end of each word until it was shown.
    ``confused_*`` are words given to another speaker than the one who says them.
    """

    finals_ms: tuple[int, ...] = ()
    words_ms: tuple[int, ...] = ()
    utterances: int = 0
    words: int = 0
    matched: int = 0
    lines: int = 0
    line_words: int = 0
    shown: int = 0
    changed: int = 0
    refined_changed: int = 0
    captions: WordErrors
    at_end: WordErrors
    given_first: int = 0
    confused_first: int = 0
    given_last: int = 0
    confused_last: int = 0

    @property
    def words_per_final(self) -> float | None:
        """Words of a line when it was finished first."""
        return rate(self.line_words, self.lines)


def figures_of(call: HeldCall, normalise: Normalise) -> list[Figures]:
    """Return the figures of each take of a call."""
    sightings = Sightings(call.told)
    return [
        _of_take(
            _Clock(offset_ms=take.offset_ms, speed=call.speed),
            take,
            [v for v in call.heard if _is_within(v, take)],
            [v for v in call.told if _is_within(v, take)],
            sightings,
            normalise,
        )
        for take in call.takes
    ]


def _is_within(version: Version, take: Take) -> bool:
    middle = (version.start_ms + version.end_ms) // 2
    return take.offset_ms <= middle < take.end_ms


@dataclass(frozen=True, kw_only=True)
class _Clock:
    """Tells when a moment of a take comes about, in ms that have passed since the call began."""

    offset_ms: int
    speed: float

    def passed_ms(self, told_ms: int, at_ms: int) -> int:
        """Return how long after a moment of the take something was told, in ms of the room."""
        return told_ms - round((self.offset_ms + at_ms) / self.speed)


def _of_take(
    clock: _Clock,
    take: Take,
    heard: Sequence[Version],
    told: Sequence[Version],
    sightings: Sightings,
    normalise: Normalise,
) -> Figures:
    truth = take.playable.truth
    captions, last = as_captioned(heard), at_last(heard)
    compare: Callable[[Sequence[Version]], WordErrors] = partial(
        _errors, normalise(text_of(truth.utterances or ())), normalise
    )
    first = at_first(heard)
    steady = changes([v for v in told if v.stage == CAPTION])
    given_first, confused_first = _confusion(take.playable.words, first, normalise)
    given_last, confused_last = _confusion(take.playable.words, last, normalise)
    waits = _waits(clock, take, (captions, told), sightings, normalise)
    return replace(
        waits,
        lines=len(first),
        line_words=sum(len(line.words) for line in first),
        shown=steady.shown,
        changed=steady.changed,
        refined_changed=_refined(captions, last).changed,
        captions=compare(captions),
        at_end=compare(last),
        given_first=given_first,
        confused_first=confused_first,
        given_last=given_last,
        confused_last=confused_last,
    )


def _errors(true: str, normalise: Normalise, lines: Sequence[Version]) -> WordErrors:
    return errors_in(true, normalise(" ".join(line.text for line in lines)))


def _refined(captions: Sequence[Version], last: Sequence[Version]) -> Changes:
    """Compare the whole text before and after refining: lines may have been cut otherwise."""
    before, after = ([w for line in lines for w in line.words] for lines in (captions, last))
    whole = replace(captions[0], line="") if captions else None
    if whole is None:
        return Changes(shown=0, changed=0)
    return changes([replace(whole, words=tuple(words)) for words in (before, after)])


# --- how late ---------------------------------------------------------------------------------


def _waits(
    clock: _Clock,
    take: Take,
    captioned: tuple[Sequence[Version], Sequence[Version]],
    sightings: Sightings,
    normalise: Normalise,
) -> Figures:
    """Return how long each utterance and each word had to be waited for, in call time.

    ``captioned`` are the lines as they were heard and the versions that were told. The last words
    of an utterance may have been taken out as personal data: then the line counts in which they
    were heard.
    """
    words, utterances = take.playable.words, take.playable.truth.utterances or ()
    heard, told = captioned
    lines = as_captioned(told)
    seen = {line.line: sightings.first_seen(line) for line in lines}
    shown = {n: seen[line.line][at] for n, (line, at) in _pairs(words, lines, normalise).items()}
    finished: dict[int, int | None] = {
        n: sightings.first_finished(line.line)
        for n, (line, _) in _pairs(words, heard, normalise).items()
    } | {n: first.finished_ms for n, first in shown.items()}
    last_told = (
        (number, next((finished[n] for n in places[: -LAST_WORDS - 1 : -1] if n in finished), None))
        for number, places in _places(words).items()
    )
    none = WordErrors(files=0, words=0, substitutions=0, deletions=0, insertions=0)
    return Figures(
        finals_ms=tuple(
            clock.passed_ms(told_ms, utterances[number].end_ms)
            for number, told_ms in last_told
            if told_ms is not None
        ),
        words_ms=tuple(
            clock.passed_ms(first.any_ms, words[n].end_ms) for n, first in shown.items()
        ),
        utterances=len(utterances),
        words=len(words),
        matched=len(shown),
        captions=none,
        at_end=none,
    )


def _places(words: Sequence[SpokenWord]) -> Mapping[int, list[int]]:
    """Return the places of each utterance's words, in their order."""
    places: dict[int, list[int]] = {}
    for n, word in enumerate(words):
        places.setdefault(word.utterance, []).append(n)
    return places


# --- who ----------------------------------------------------------------------------------------


def _confusion(
    words: Sequence[SpokenWord], lines: Sequence[Version], normalise: Normalise
) -> tuple[int, int]:
    """Return how many words were matched, and how many of them have the wrong speaker.

    True and heard speakers are paired so that fewest have; a word of nobody is wrong.
    """
    pairs = _pairs(words, lines, normalise)
    counts = Counter((words[n].speaker, line.speaker) for n, (line, _) in pairs.items())
    names = sorted({true for true, _ in counts})
    others = sorted({heard for _, heard in counts if heard is not None})
    together = np.array([[counts[a, b] for b in others] for a in names], int)
    right = 0
    if together.size:
        rows, columns = linear_sum_assignment(together, maximize=True)
        right = int(together[rows, columns].sum())
    return len(pairs), len(pairs) - right


# --- which word is which --------------------------------------------------------------------------


def _pairs(
    words: Sequence[SpokenWord], lines: Sequence[Version], normalise: Normalise
) -> dict[int, Heard]:
    """Return the places of true words with the heard ones, each channel for itself if there are.

    Which channel is whose is not known: the way in which most words match is taken.
    """
    channels = sorted({line.channel for line in lines if line.channel is not None})
    speakers = sorted({word.speaker for word in words})
    if len(channels) < 2 or len(channels) != len(speakers):
        return _aligned(range(len(words)), words, lines, normalise)
    ways = [
        dict(_by_channel(words, lines, dict(zip(order, channels, strict=True)), normalise))
        for order in permutations(speakers)
    ]
    return max(ways, key=len)


def _by_channel(
    words: Sequence[SpokenWord],
    lines: Sequence[Version],
    channel_of: Mapping[str, int],
    normalise: Normalise,
) -> Iterator[tuple[int, Heard]]:
    for speaker, channel in channel_of.items():
        places = [n for n, word in enumerate(words) if word.speaker == speaker]
        own = [line for line in lines if line.channel == channel]
        yield from _aligned(places, words, own, normalise).items()


def _aligned(
    places: Sequence[int],
    words: Sequence[SpokenWord],
    lines: Sequence[Version],
    normalise: Normalise,
) -> dict[int, Heard]:
    heard = [(line, at) for line in lines for at in range(len(line.words))]
    same = matched(
        [words[n].text for n in places], [line.words[at] for line, at in heard], normalise
    )
    return {places[i]: heard[j] for i, j in same.items()}
