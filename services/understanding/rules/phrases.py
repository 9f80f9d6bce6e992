"""Where a call says what a phrase condition asks for: who, where in the call, how often."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from operator import attrgetter, itemgetter
from typing import NamedTuple

from services.domain.intervals import Interval
from services.domain.rules import ANYWHERE, CallFacts, Phrase, Place
from services.domain.speech import SpeakerRole, Utterance
from services.understanding.rules.asked import AskedPhrases, Together, asked_by
from services.understanding.rules.automaton import Ends
from services.understanding.rules.matching import UNLESS_WORDS, Match, is_negated, matcher
from services.understanding.rules.spoken import Line, Passage, passages_of

MOST_QUOTED = 12


class Quote(NamedTuple):
    """Matched words of one utterance: characters [start_char, end_char), and their time."""

    utterance: Utterance
    start_char: int
    end_char: int
    start_ms: int
    end_ms: int

    @property
    def text(self) -> str:
        """The words as they are written."""
        return self.utterance.text[self.start_char : self.end_char]


class Said:
    """One place where a phrase is said: with which phrase, in which words of which passage.

    ``number`` is the passage's in the call.
    """

    def __init__(self, pattern: str, number: int, passage: Passage, match: Match) -> None:
        """Take what was found."""
        self.pattern, self.number, self.passage, self.match = pattern, number, passage, match

    @property
    def role(self) -> SpeakerRole:
        """Who says it."""
        return self.passage.role

    @cached_property
    def quotes(self) -> tuple[Quote, ...]:
        """The words, by utterance."""
        return quotes_of(self.passage, self.match)

    @property
    def start_ms(self) -> int:
        """When the first word starts."""
        return self.quotes[0].start_ms

    @property
    def end_ms(self) -> int:
        """When the last word ends."""
        return self.quotes[-1].end_ms

    @property
    def order(self) -> tuple[int, int, int]:
        """What comes first; of those that start with the same word the longest."""
        return (self.number, self.match.start, -self.match.end)


class Speech:
    """A call laid out for phrases; made once and asked by every rule."""

    def __init__(
        self,
        facts: CallFacts,
        passages: Sequence[Passage] | None = None,
        asked: AskedPhrases | None = None,
    ) -> None:
        """Lay out a call; ``passages`` are its passages where they have been made before.

        The phrases ``asked`` are all looked for when the first of them is asked for; others, each
        condition's by themselves.
        """
        self.facts = facts
        self.passages = (
            passages_of(facts.utterances, facts.roles) if passages is None else tuple(passages)
        )
        self._asked = asked
        self._roles = {p.role for p in self.passages}
        self._passages_by: dict[SpeakerRole | None, frozenset[int]] = {}
        self._said: dict[int, tuple[Phrase, list[Said]]] = {}
        self._found: dict[AskedPhrases, Mapping[str, Sequence[tuple[int, Ends]]]] = {}

    @cached_property
    def language(self) -> str:
        """The language without its region, an empty text where it isn't known."""
        return (self.facts.language or "").casefold().split("-")[0]

    def said(self, phrase: Phrase) -> Sequence[Said]:
        """Return where a phrase condition's phrases are said, in order of time.

        Not fewer than ``phrase.at_least`` are returned, else none; of a single phrase said very
        often only the first. Raises BadRule.
        """
        known = self._said.get(id(phrase))
        if known is None:
            # The condition is kept with it: no other can have its id meanwhile.
            known = self._said[id(phrase)] = (phrase, self._looked_for(phrase))
        return known[1]

    def is_said(self, phrase: Phrase) -> bool:
        """Whether a phrase condition is fulfilled. Raises BadRule."""
        if phrase.at_least <= 1 and phrase.within == ANYWHERE:
            return next(self._candidates(phrase), None) is not None
        return bool(self.said(phrase))

    def _looked_for(self, phrase: Phrase) -> list[Said]:
        candidates = self._candidates(phrase)
        if len(phrase.any_of) == 1 and phrase.within == ANYWHERE:
            # They come in order, so nothing behind these can matter; "*" fits every word.
            candidates = islice(candidates, max(phrase.at_least, MOST_QUOTED))
        found = self._in_place(phrase.within, sorted(candidates, key=_order))
        if phrase.differing:
            counted = len({said.pattern for said in found})
        else:
            found = _apart(found)
            counted = len(found)
        return found if counted >= phrase.at_least else []

    def _candidates(self, phrase: Phrase) -> Iterator[Said]:
        asked = self._asked
        if asked is None or not asked.covers(phrase):
            asked = asked_by(phrase)
        found = self._where(asked)
        within = self._by(phrase.said_by)
        for text in phrase.any_of:
            if text not in found:
                continue
            pattern = matcher(text)
            checked = phrase.unless_negated and not pattern.is_negative
            for number, ends in found[text]:
                if number not in within:
                    continue
                passage = self.passages[number]
                for match in pattern.counted(passage, ends):
                    if checked and is_negated(passage, match):
                        continue
                    if phrase.unless and _beside(passage, match, phrase.unless, asked.beside):
                        continue
                    yield Said(text, number, passage, match)

    def _where(self, asked: AskedPhrases) -> Mapping[str, Sequence[tuple[int, Ends]]]:
        """Return in which passages each phrase stands, and where in them."""
        where = self._found.get(asked)
        if where is None:
            said = asked.said
            meant = sorted(frozenset().union(*map(self._by, asked.roles)))
            by_phrase: dict[int, list[tuple[int, Ends]]] = {}
            for number in meant:
                for phrase, ends in self.passages[number].found(said.automaton).items():
                    by_phrase.setdefault(phrase, []).append((number, ends))
            where = {said.texts[phrase]: places for phrase, places in by_phrase.items()}
            if said.any_word:
                every = [(number, self.passages[number].every_word) for number in meant]
                where.update(dict.fromkeys(said.any_word, every))
            self._found[asked] = where
        return where

    def _by(self, wanted: SpeakerRole | None) -> frozenset[int]:
        """Return the numbers of the passages that a role speaks."""
        numbers = self._passages_by.get(wanted)
        if numbers is None:
            numbers = frozenset(
                number
                for number, passage in enumerate(self.passages)
                if self._is_by(passage.role, wanted)
            )
            self._passages_by[wanted] = numbers
        return numbers

    def _is_by(self, role: SpeakerRole, wanted: SpeakerRole | None) -> bool:
        """Whether a role is the one wanted, or may be: nobody has it and this one is unknown."""
        if wanted is None or role is wanted:
            return True
        return role is SpeakerRole.UNKNOWN and wanted not in self._roles

    def _in_place(self, place: Place, found: list[Said]) -> list[Said]:
        if place == ANYWHERE or not found:
            return found
        window = window_of(place, self.facts.covered)
        kept = [s for s in found if window[0] <= s.start_ms < window[1]]
        if place.before_hold_ms is not None:
            starts = [start for start, _ in self.facts.holds]
            kept = [s for s in kept if _within(place.before_hold_ms, s.end_ms, starts)]
        if place.after_hold_ms is not None:
            ends = [end for _, end in self.facts.holds]
            kept = [
                s for s in kept if any(0 <= s.start_ms - e <= place.after_hold_ms for e in ends)
            ]
        if place.after and kept:
            anchors = self.said(Phrase(any_of=place.after))
            longest = place.after_ms
            kept = [
                s
                for s in kept
                if any(
                    s.start_ms >= a.end_ms and (longest is None or s.start_ms - a.end_ms <= longest)
                    for a in anchors
                )
            ]
        return kept


def window_of(place: Place, covered: Interval) -> Interval:
    """Return the part of a call in which something must start to be in this place."""
    start_ms, end_ms = covered
    if place.last_ms is not None:
        start_ms = max(start_ms, end_ms - place.last_ms)
    if place.first_ms is not None:
        end_ms = min(end_ms, covered[0] + place.first_ms)
    return (start_ms, max(start_ms, end_ms))


def _within(most_ms: int, end_ms: int, starts: Sequence[int]) -> bool:
    # A hold's first moments may be heard beside the last words.
    return any(-1_000 <= start - end_ms <= most_ms for start in starts)


def _apart(found: Sequence[Said]) -> list[Said]:
    """Leave out what shares words with what another pattern found before it."""
    kept: list[Said] = []
    behind = (0, 0)
    for said in found:
        if (said.number, said.match.start) >= behind:
            kept.append(said)
            behind = (said.number, said.match.end)
    return kept


def _beside(passage: Passage, match: Match, unless: Sequence[str], phrases: Together) -> bool:
    """Whether one of these is said in the same sentence, at most 12 words away."""
    sentence_at = passage.sentence_at
    first, last = sentence_at[match.start], sentence_at[match.end - 1]
    return any(
        sentence_at[other.start] <= last
        and sentence_at[other.end - 1] >= first
        and other.start - match.end <= UNLESS_WORDS
        and match.start - other.end <= UNLESS_WORDS
        for text in unless
        for other in matcher(text).counted(passage, phrases.ends(text, passage))
    )


def quotes_of(passage: Passage, match: Match) -> tuple[Quote, ...]:
    """Return the matched words, by utterance."""
    quotes = []
    for line, first, behind in passage.quoted(match.start, match.end):
        start_char, end_char = line.words[first][0], line.words[behind - 1][1]
        start_ms, end_ms = _times(line, start_char, end_char)
        quotes.append(Quote(line.utterance, start_char, end_char, start_ms, end_ms))
    return tuple(quotes)


def _times(line: Line, start_char: int, end_char: int) -> Interval:
    """Return when these characters are said: by word times, else by their share of the text."""
    utterance = line.utterance
    if line.timed:
        first = bisect_right(line.timed, start_char, key=_end)
        last = bisect_left(line.timed, end_char, key=_start) - 1
        if first <= last:
            start_ms = line.timed[first][2]
            return (start_ms, max(line.timed[last][3], start_ms + 1))
    length = max(1, len(utterance.text))
    lasts_ms = utterance.end_ms - utterance.start_ms
    start_ms = utterance.start_ms + lasts_ms * start_char // length
    return (start_ms, max(start_ms + 1, utterance.start_ms + lasts_ms * end_char // length))


_start, _end = itemgetter(0), itemgetter(1)
_order = attrgetter("order")
