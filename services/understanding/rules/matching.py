"""Finds phrases in passages."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from services.domain.rules import Phrase, WordQuery
from services.understanding.rules.automaton import Automaton, Steps
from services.understanding.rules.folding import FOLDED, NUMBERS
from services.understanding.rules.patterns import (
    Choice,
    Exactly,
    InOrder,
    Like,
    Number,
    Part,
    parsed,
)
from services.understanding.rules.spoken import Vocabulary, WordStream

NEAR_WORDS = 3
NEGATION_WORDS = 5
UNLESS_WORDS = 12
_NEGATIONS = frozenset(
    {"not", "never", "no", "without", "neither", "nor", "hardly", "nobody", "none", "instead"}
)
_CLAUSE_STARTS = frozenset({"and", "but", "so", "because", "then", "or", "just", "only", "unless"})
_SUBJECTS = frozenset({"i", "we", "you", "he", "she", "they", "it", "that", "this"})
_OPINIONS = frozenset(
    {"think", "want", "believe", "say", "saying", "said", "mean", "sure", "know", "need", "going",
     "asking", "suggesting", "do", "wish", "like"}
)  # fmt: skip
_TOO_SHORT = 1


@dataclass(frozen=True, slots=True)
class Match:
    """Words [start, end) of a passage that a pattern fits."""

    start: int
    end: int


class Matcher:
    """One pattern, ready to be looked for."""

    def __init__(self, text: str) -> None:
        """Compile a pattern. Raises BadRule."""
        pattern = parsed(text)
        self._said = Automaton(pattern.said)
        self._not_before = Automaton(pattern.not_before) if pattern.not_before else None
        self._not_after = Automaton(pattern.not_after) if pattern.not_after else None
        self.needs = _as_sets(sorted(_groups(pattern.said, as_in_text=False), key=_commonness))
        self.is_negative = any(_holds(pattern.said, word) for word in ("not", "never", "no"))

    def possible(self, vocabulary: Vocabulary) -> bool:
        """Whether somebody who says these words, folded, can say the phrase."""
        return _meets(vocabulary, self.needs)

    def find(self, stream: WordStream, within: int) -> Iterator[Match]:
        """Yield the matches in these passages (bits), each as long as it can be.

        No two of them share a word.
        """
        within &= stream.passages_with_all(self.needs)
        if not within:
            return
        behind = 0
        for start in self._starts(stream, within):
            if start < behind:
                continue
            end = _longest(self._said, stream, start)
            if end is not None and not self._excluded(stream, start, end):
                yield Match(start, end)
                behind = end

    def _starts(self, stream: WordStream, within: int) -> list[int]:
        """Return where a match can start, in order."""
        said, places, passage_at = self._said, stream.places, stream.passage_at
        seconds = said.second_words
        if said.starts_with_any and seconds is not None:
            found = [at - 1 for word in places.keys() & seconds for at in places[word] if at]
        else:
            words = places.keys() & said.first_words
            for form in said.first_forms:
                words.update(stream.of_form(form))
            found = [at for word in words for at in places[word]]
            if seconds is not None:
                following = stream.following
                found = [at for at in found if following[at] in seconds]
        starts = {at for at in found if within >> passage_at[at] & 1}
        if said.starts_with_number:
            starts.update(at for at in stream.numbers if within >> passage_at[at] & 1)
        return sorted(starts)

    def _excluded(self, stream: WordStream, start: int, end: int) -> bool:
        """Whether a word that must not be near stands near, in the same sentence."""
        sentences = stream.sentence_at
        if self._not_before is not None:
            for at in range(max(0, start - NEAR_WORDS), start):
                reached = _longest(self._not_before, stream, at)
                same = sentences[at] == sentences[start]
                if same and reached is not None and reached <= start:
                    return True
        if self._not_after is None:
            return False
        return any(
            sentences[at] == sentences[end - 1]
            and _longest(self._not_after, stream, at) is not None
            for at in range(end, min(len(sentences), end + NEAR_WORDS))
        )


def _longest(automaton: Automaton, stream: WordStream, start: int) -> int | None:
    """Return the end of the longest match that starts here, or None."""
    texts, size = stream.texts, stream.end_of[stream.passage_at[start]]
    accepts, steps_of = automaton.accepts, automaton.steps
    furthest: int | None = start if accepts[0] else None
    waiting = [(start, 0)]
    seen: set[tuple[int, int]] = set()
    while waiting:
        at, state = waiting.pop()
        if at >= size:
            continue
        steps = steps_of[state]
        reached = [(at + 1, then) for then in steps.by_word.get(texts[at], ())]
        if steps.others:
            reached += _other_ways(steps, stream, at, begins=at == start)
        for way in reached:
            if way in seen:
                continue
            seen.add(way)
            waiting.append(way)
            if accepts[way[1]] and (furthest is None or way[0] > furthest):
                furthest = way[0]
    return furthest


def _other_ways(
    steps: Steps, stream: WordStream, at: int, *, begins: bool
) -> Iterator[tuple[int, int]]:
    """Yield the places and states reached from a word by all but the words that are named."""
    for form, then in steps.forms:
        if form.fits(stream.texts[at]):
            yield at + 1, then
    if steps.gaps and stream.marks[at] != "." and (begins or stream.marks[at - 1] != "."):
        for then in steps.gaps:
            yield at + 1, then
    for number, then in steps.numbers:
        found = stream.numbers.get(at)
        if found is not None and _has_digits(number, found[1]):
            yield found[0], then


def _has_digits(test: Number, digits: int) -> bool:
    return digits >= test.least and (test.most is None or digits <= test.most)


def is_negated(stream: WordStream, match: Match) -> bool:
    """Whether a negation stands inside a match or shortly before it in the same clause.

    "No, I want to cancel" is none, neither is "not happy and want to cancel", nor "if you don't
    refund me I will cancel".
    """
    texts = stream.texts
    if any(texts[at] in ("not", "never") for at in range(match.start + 1, match.end)):
        return True
    opinion = False
    first = max(stream.start_of[stream.passage_at[match.start]], match.start - NEGATION_WORDS)
    for at in range(match.start - 1, first - 1, -1):
        word, following = texts[at], texts[at + 1]
        if stream.marks[at] == "." or word in _CLAUSE_STARTS:
            return False
        if word in _NEGATIONS:
            if word == "no" and (stream.marks[at] != " " or following in _SUBJECTS):
                return False
            return opinion or texts[match.start] not in ("i", "we")
        opinion = opinion or word in _OPINIONS
        if word in ("i", "we") and not opinion:
            opinion = at > first and texts[at - 1] in _OPINIONS
            if not opinion:
                return False
    return False


Needs = tuple[tuple[frozenset[str], tuple[str, ...]], ...]
"""Groups of words and starts of words, something of each of which is in every match."""


def _as_sets(groups: Iterable[tuple[str, ...]]) -> Needs:
    """Part the words of each group from the starts of words, which end in ``*``."""
    return tuple(
        (
            frozenset(word for word in group if not word.endswith("*")),
            tuple(word[:-1] for word in group if word.endswith("*")),
        )
        for group in groups
    )


def _meets(vocabulary: Vocabulary, needs: Needs) -> bool:
    words = vocabulary.words
    for whole, starts in needs:
        if whole.isdisjoint(words) and not any(map(vocabulary.starting, starts)):
            return False
    return True


@lru_cache(maxsize=8192)
def matcher(text: str) -> Matcher:
    """Return the pattern ready to be looked for. Raises BadRule."""
    return Matcher(text)


def required_words(phrase: Phrase) -> tuple[WordQuery, ...]:
    """Return what an index is to be asked for a phrase: calls that fit one of these queries.

    All calls in which the phrase is said are among them, and some more.
    """
    return tuple(
        WordQuery(groups=_groups(parsed(text).said, as_in_text=True)) for text in phrase.any_of
    )


def _groups(part: Part, *, as_in_text: bool) -> tuple[tuple[str, ...], ...]:
    """Return groups of words of each of which one must occur.

    ``as_in_text`` leaves out words that a text may spell otherwise: contracted, or in digits.
    """
    if isinstance(part, InOrder):
        return tuple(g for one in part.parts for g in _groups(one, as_in_text=as_in_text))
    if isinstance(part, Choice):
        ways = [_groups(option, as_in_text=as_in_text) for option in part.options]
        if not all(ways):
            return ()
        return (tuple(sorted({word for way in ways for word in min(way, key=_commonness)})),)
    if isinstance(part, Exactly):
        word = _indexed(part.word) if as_in_text else part.word
        return ((word,),) if word else ()
    if isinstance(part, Like):
        start = _ascii_start(part.parts[0])
        if as_in_text and any(word.startswith(start) for word in FOLDED):
            return ()
        return ((f"{start}*",),) if len(start) > _TOO_SHORT else ()
    return ()


def _holds(part: Part, word: str) -> bool:
    if isinstance(part, InOrder):
        return any(_holds(one, word) for one in part.parts)
    if isinstance(part, Choice):
        return any(_holds(option, word) for option in part.options)
    return isinstance(part, Exactly) and part.word == word


def _commonness(group: tuple[str, ...]) -> tuple[int, int]:
    """Rank groups: those of few and long words find least."""
    return (len(group), -min(len(word) for word in group))


def _indexed(word: str) -> str | None:
    """Return a word as an index holds it, "…*" for a start of it, or None when it may not."""
    if word.startswith("["):
        return word.strip("[]")
    if word in FOLDED or word.isdigit() or word in NUMBERS:
        return None
    start = _ascii_start(word)
    if start == word:
        return word
    return f"{start}*" if len(start) > _TOO_SHORT else None


def _ascii_start(word: str) -> str:
    """Return the start of a word that every index spells alike: ASCII, up to any accent."""
    for at, character in enumerate(word):
        if not character.isascii():
            # The letter before may carry the accent as a sign of its own.
            return word[:at]
    return word
