"""Finds phrases in passages."""

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from functools import lru_cache

from services.domain.rules import Phrase, WordQuery
from services.understanding.rules.automaton import Automaton
from services.understanding.rules.folding import FOLDED, NUMBERS
from services.understanding.rules.patterns import (
    Choice,
    Exactly,
    Gap,
    Like,
    Number,
    Part,
    InOrder,
    parsed,
)
from services.understanding.rules.spoken import Passage

NEAR_WORDS = 3
NEGATION_WORDS = 4
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
        self._needs = Needs(_groups(pattern.said, as_in_text=False))
        self.is_negative = any(_holds(pattern.said, word) for word in ("not", "never", "no"))
        self.query = WordQuery(groups=_groups(pattern.said, as_in_text=True))
        self._needs_in_text = Needs(self.query.groups)

    def possible(self, words: "Vocabulary") -> bool:
        """Whether a text of these words can hold the phrase at all."""
        return self._needs.met_by(words)

    def possible_in(self, passage: Passage) -> bool:
        """Whether a passage can hold the phrase, as far as can be told without folding it."""
        return self._needs_in_text.met_by(Vocabulary(passage.tokens))

    def find(self, passage: Passage) -> Iterator[Match]:
        """Yield the matches, each as long as it can be; no two share a word."""
        behind = 0
        for start in self._starts(passage):
            if start < behind:
                continue
            end = _longest(self._said, passage, start)
            if end is not None and not self._excluded(passage, start, end):
                yield Match(start, end)
                behind = end

    def _starts(self, passage: Passage) -> list[int]:
        starts: set[int] = set()
        for test in self._said.first:
            if isinstance(test, Exactly):
                starts.update(passage.places.get(test.word, ()))
            elif isinstance(test, Like):
                starts.update(passage.of_form(test))
            else:
                starts.update(passage.numbers)
        return sorted(starts)

    def _excluded(self, passage: Passage, start: int, end: int) -> bool:
        if self._not_before is not None:
            for at in range(max(0, start - NEAR_WORDS), start):
                if passage.sentences[at] == passage.sentences[start]:
                    reached = _longest(self._not_before, passage, at)
                    if reached is not None and reached <= start:
                        return True
        if self._not_after is not None:
            for at in range(end, min(len(passage.texts), end + NEAR_WORDS)):
                if passage.sentences[at] == passage.sentences[end - 1]:
                    if _longest(self._not_after, passage, at) is not None:
                        return True
        return False


def _longest(automaton: Automaton, passage: Passage, start: int) -> int | None:
    """Return the end of the longest match that starts here, or None."""
    texts, size = passage.texts, len(passage.texts)
    furthest: int | None = start if automaton.accepts[0] else None
    seen = {(start, 0)}
    waiting = [(start, 0)]
    while waiting:
        at, state = waiting.pop()
        if at >= size:
            continue
        word = texts[at]
        for test, then in automaton.steps[state]:
            if isinstance(test, Exactly):
                if test.word != word:
                    continue
                reached = at + 1
            elif isinstance(test, Like):
                if not test.fits(word):
                    continue
                reached = at + 1
            elif isinstance(test, Gap):
                if passage.words[at].after == "." or (
                    at > start and passage.words[at - 1].after == "."
                ):
                    continue
                reached = at + 1
            else:
                number = passage.numbers.get(at)
                if number is None or not _has_digits(test, number[1]):
                    continue
                reached = number[0]
            if (reached, then) in seen:
                continue
            seen.add((reached, then))
            waiting.append((reached, then))
            if automaton.accepts[then] and (furthest is None or reached > furthest):
                furthest = reached
    return furthest


def _has_digits(test: Number, digits: int) -> bool:
    return digits >= test.least and (test.most is None or digits <= test.most)


def is_negated(passage: Passage, match: Match) -> bool:
    """Whether a negation stands inside a match or shortly before it in the same clause.

    "No, I want to cancel" is none, neither is "not happy and want to cancel", nor "if you don't
    refund me I will cancel".
    """
    texts = passage.texts
    if any(texts[at] in ("not", "never") for at in range(match.start + 1, match.end)):
        return True
    opinion = False
    for at in range(match.start - 1, max(-1, match.start - 1 - NEGATION_WORDS), -1):
        word, following = texts[at], texts[at + 1]
        if passage.words[at].after == "." or word in _CLAUSE_STARTS:
            return False
        if word in _NEGATIONS:
            if word == "no" and (passage.words[at].after or following in _SUBJECTS):
                return False
            if texts[match.start] in ("i", "we") and not opinion:
                return False
            return True
        opinion = opinion or word in _OPINIONS
        if word in ("i", "we") and not opinion and at + 1 < match.start:
            opinion = at > 0 and texts[at - 1] in _OPINIONS
            if not opinion:
                return False
    return False


class Vocabulary:
    """The different words of a text; a word that ends in ``*`` is in it when one starts so."""

    def __init__(self, words: Set[str]) -> None:
        """Take the words."""
        self._words = words
        self._answers: dict[str, bool] = {}

    def has_one_of(self, words: frozenset[str]) -> bool:
        """Whether one of these whole words is among them."""
        return not words.isdisjoint(self._words)

    def __contains__(self, word: object) -> bool:
        """Whether the word, or one that starts so, is among them."""
        if not isinstance(word, str):
            return False
        if not word.endswith("*"):
            return word in self._words
        if word not in self._answers:
            start = word[:-1]
            self._answers[word] = any(one.startswith(start) for one in self._words)
        return self._answers[word]


class Needs:
    """Groups of words of each of which a text must hold one."""

    def __init__(self, groups: Iterable[tuple[str, ...]]) -> None:
        """Take the groups; a word that ends in ``*`` is a start of a word."""
        self._groups = tuple(
            (
                frozenset(word for word in group if not word.endswith("*")),
                tuple(word for word in group if word.endswith("*")),
            )
            for group in groups
        )

    def met_by(self, words: Vocabulary) -> bool:
        """Whether a text of these words has what is needed."""
        return all(
            words.has_one_of(whole) or any(start in words for start in starts)
            for whole, starts in self._groups
        )


@lru_cache(maxsize=8192)
def matcher(text: str) -> Matcher:
    """Return the pattern ready to be looked for. Raises BadRule."""
    return Matcher(text)


def required_words(phrase: Phrase) -> tuple[WordQuery, ...]:
    """Return what an index is to be asked for a phrase: calls that fit one of these queries.

    All calls in which the phrase is said are among them, and some more.
    """
    return tuple(matcher(text).query for text in phrase.any_of)


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
