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
    InOrder,
    Like,
    Number,
    Part,
    parsed,
)
from services.understanding.rules.spoken import WordStream

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
        self._groups = _parted(_groups(pattern.said, as_in_text=False))
        self.is_negative = any(_holds(pattern.said, word) for word in ("not", "never", "no"))
        self.query = WordQuery(groups=_groups(pattern.said, as_in_text=True))
        self._needs = _as_sets(self._groups)
        self._needs_in_text = _as_sets(_parted(self.query.groups))

    def possible(self, words: Set[str]) -> bool:
        """Whether a passage of these words, folded, can hold the phrase."""
        return _meets(words, self._needs)

    def possible_in_text(self, words: Set[str]) -> bool:
        """Whether a passage of these words, as they are written, can hold the phrase."""
        return _meets(words, self._needs_in_text)

    def find(self, stream: WordStream, within: int) -> Iterator[Match]:
        """Yield the matches in these passages (bits), each as long as it can be.

        No two of them share a word.
        """
        within &= stream.passages_with_all(self._groups)
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
        """Return where a match can start."""
        places, passage_at = stream.places, stream.passage_at
        words = [word for word in self._said.first_words if word in places]
        for form in self._said.first_forms:
            words += stream.of_form(form)
        starts = {at for word in words for at in places[word] if within >> passage_at[at] & 1}
        if self._said.starts_with_number:
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
                if stream.words[at].after == "." or (
                    at > start and stream.words[at - 1].after == "."
                ):
                    continue
                reached = at + 1
            else:
                number = stream.numbers.get(at)
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
        if stream.words[at].after == "." or word in _CLAUSE_STARTS:
            return False
        if word in _NEGATIONS:
            if word == "no" and (stream.words[at].after or following in _SUBJECTS):
                return False
            return opinion or texts[match.start] not in ("i", "we")
        opinion = opinion or word in _OPINIONS
        if word in ("i", "we") and not opinion:
            opinion = at > first and texts[at - 1] in _OPINIONS
            if not opinion:
                return False
    return False


_Parted = tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
_Needs = tuple[tuple[frozenset[str], tuple[str, ...]], ...]


def _parted(groups: Iterable[tuple[str, ...]]) -> _Parted:
    """Part the words of each group from the starts of words, which end in ``*``."""
    return tuple(
        (
            tuple(word for word in group if not word.endswith("*")),
            tuple(word[:-1] for word in group if word.endswith("*")),
        )
        for group in groups
    )


def _as_sets(groups: _Parted) -> _Needs:
    return tuple((frozenset(words), starts) for words, starts in groups)


def _meets(words: Set[str], needs: _Needs) -> bool:
    return all(
        not whole.isdisjoint(words) or any(one.startswith(starts) for one in words)
        if starts
        else not whole.isdisjoint(words)
        for whole, starts in needs
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
