"""Which of the places where a phrase stands count: exclusions, negation."""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from services.understanding.rules.automaton import Automaton, Ends
from services.understanding.rules.patterns import Choice, Exactly, InOrder, Part, parsed
from services.understanding.rules.spoken import Passage

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


class Match(NamedTuple):
    """Words [start, end) of a passage that a phrase fits."""

    start: int
    end: int


class Matcher:
    """One phrase: what is to be said, and which of the places where that is said count."""

    def __init__(self, text: str) -> None:
        """Read a phrase. Raises BadRule."""
        pattern = parsed(text)
        self.said = pattern.said
        self._not_before = Automaton([pattern.not_before]) if pattern.not_before else None
        self._not_after = Automaton([pattern.not_after]) if pattern.not_after else None
        self.is_negative = any(_holds(pattern.said, word) for word in ("not", "never", "no"))

    def counted(self, passage: Passage, found: Ends) -> Iterator[Match]:
        """Yield those of the places found in a passage that count, in order.

        No two of them share a word.
        """
        behind = 0
        for start, end in found.items():
            if start >= behind and not self._excluded(passage, start, end):
                yield Match(start, end)
                behind = end

    def _excluded(self, passage: Passage, start: int, end: int) -> bool:
        """Whether a word that must not be near stands near, in the same sentence."""
        if self._not_before is not None:
            first, sentences = max(0, start - NEAR_WORDS), passage.sentence_at
            for at, behind in _near(self._not_before, passage, first, start):
                if behind <= start and sentences[at] == sentences[start]:
                    return True
        if self._not_after is not None:
            sentence = passage.sentence_at[end - 1]
            for at, _ in _near(self._not_after, passage, end, end + NEAR_WORDS):
                if passage.sentence_at[at] == sentence:
                    return True
        return False


def _near(words: Automaton, passage: Passage, first: int, behind: int) -> Iterator[tuple[int, int]]:
    """Yield where words start among the words [first, behind), and where they end."""
    found = passage.found(words).get(0, {})
    for at in range(first, behind):
        if at in found:
            yield at, found[at]


def is_negated(passage: Passage, match: Match) -> bool:
    """Whether a negation stands inside a match or shortly before it in the same clause.

    "No, I want to cancel" is none, neither is "not happy and want to cancel", nor "if you don't
    refund me I will cancel".
    """
    texts = passage.texts
    if any(texts[at] in ("not", "never") for at in range(match.start + 1, match.end)):
        return True
    opinion = False
    first = max(0, match.start - NEGATION_WORDS)
    for at in range(match.start - 1, first - 1, -1):
        word, following = texts[at], texts[at + 1]
        if passage.marks[at] == "." or word in _CLAUSE_STARTS:
            return False
        if word in _NEGATIONS:
            if word == "no" and (passage.marks[at] != " " or following in _SUBJECTS):
                return False
            return opinion or texts[match.start] not in ("i", "we")
        opinion = opinion or word in _OPINIONS
        if word in ("i", "we") and not opinion:
            opinion = at > first and texts[at - 1] in _OPINIONS
            if not opinion:
                return False
    return False


@lru_cache(maxsize=8192)
def matcher(text: str) -> Matcher:
    """Return the pattern ready to be looked for. Raises BadRule."""
    return Matcher(text)


def _holds(part: Part, word: str) -> bool:
    if isinstance(part, InOrder):
        return any(_holds(one, word) for one in part.parts)
    if isinstance(part, Choice):
        return any(_holds(option, word) for option in part.options)
    return isinstance(part, Exactly) and part.word == word
