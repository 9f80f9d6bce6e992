"""Rules over very many calls: most are decided by a call's figures and its different words alone.

What is decided here equals ``evaluate`` on each call. The lines of a call are asked for only when
some phrase of a rule may stand in them.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import overload

from services.domain.rules import (
    AllOf,
    AnyOf,
    CallFacts,
    Category,
    Condition,
    Leaf,
    Not,
    Phrase,
    Rule,
    SentimentLevel,
    SentimentOf,
    SpokenPassage,
)
from services.domain.speech import SpeakerRole, Utterance
from services.domain.word_places import TimedPlace
from services.understanding.rules.asked import AskedPhrases
from services.understanding.rules.evaluate import category_of, holds, leaf_holds, leaves_of, reads
from services.understanding.rules.needs import PhraseNeeds
from services.understanding.rules.phrases import Speech
from services.understanding.rules.spoken import Passage

OF_ONE_LINE = (SentimentOf.LOWEST, SentimentOf.HIGHEST)
RoleWords = Mapping[SpeakerRole, frozenset[str]]


def words_of(speech: Speech) -> dict[SpeakerRole, frozenset[str]]:
    """Return the different words of each role, folded; roles that say nothing are missing."""
    found: dict[SpeakerRole, set[str]] = {}
    for passage in speech.passages:
        found.setdefault(passage.role, set()).update(passage.texts)
    return {role: frozenset(words) for role, words in found.items()}


def passages_to_keep(speech: Speech) -> tuple[SpokenPassage, ...]:
    """Return the words of a call as they are kept for rules that are made later."""
    numbers = {id(utterance): n for n, utterance in enumerate(speech.facts.utterances)}
    return tuple(
        SpokenPassage(
            passage.role,
            tuple(numbers[id(utterance)] for utterance in passage.utterances),
            tuple(passage.sizes),
            passage.marks,
            tuple(passage.texts),
        )
        for passage in speech.passages
    )


@dataclass(frozen=True, kw_only=True)
class FirstLook:
    """What can be told of a call without its lines: categories, and rules still to be decided."""

    categories: tuple[Category, ...] = ()
    undecided: tuple[Rule, ...] = ()


class RulesAcross:
    """Rules, ready to be looked for in call after call; all their phrases in one pass."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        """Prepare these rules. Raises BadRule."""
        self._rules = [_Prepared(rule) for rule in rules if rule.enabled]
        phrases = [phrase for prepared in self._rules for phrase in prepared.phrases]
        self._asked = AskedPhrases(phrases)
        self._needs = PhraseNeeds(phrases)

    def first_look(self, words: RoleWords, facts: Callable[[], CallFacts]) -> FirstLook:
        """Decide what can be decided; ``facts``, without lines, are asked for only if needed."""
        spoken, silent = _Spoken(words, self._needs), _Silent(facts)
        categories: list[Category] = []
        undecided: list[Rule] = []
        for prepared in self._rules:
            if not prepared.could_hold(spoken, silent):
                continue
            if not reads(prepared.rule, silent.speech):
                continue
            if prepared.needs_lines(spoken):
                undecided.append(prepared.rule)
            elif (category := category_of(prepared.rule, silent.speech)) is not None:
                categories.append(category)
        return FirstLook(categories=tuple(categories), undecided=tuple(undecided))

    def second_look(
        self,
        rules: Sequence[Rule],
        facts: CallFacts,
        passages: Iterable[SpokenPassage],
        timed: Callable[[int], Sequence[TimedPlace]],
    ) -> list[Category]:
        """Decide the rest with a call's words.

        Only quotes ask for the lines in ``facts`` and, by their numbers, for their timed words.
        """
        laid_out = [_laid_out(passage, facts.utterances, timed) for passage in passages]
        speech = Speech(facts, laid_out, self._asked)
        found = (category_of(rule, speech) for rule in rules)
        return [category for category in found if category is not None]


def _laid_out(
    kept: SpokenPassage,
    utterances: Sequence[Utterance],
    timed: Callable[[int], Sequence[TimedPlace]],
) -> Passage:
    numbers = kept.lines
    return Passage(
        _Lines(utterances, numbers),
        kept.role,
        texts=kept.texts,
        marks=kept.marks,
        sizes=kept.sizes,
        timed=lambda at: timed(numbers[at]),
    )


class _Lines(Sequence[Utterance]):
    """Some of a call's lines, looked at only when they are asked for."""

    def __init__(self, utterances: Sequence[Utterance], numbers: Sequence[int]) -> None:
        self._utterances, self._numbers = utterances, numbers

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, at: int) -> Utterance: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Utterance]: ...
    def __getitem__(self, at: int | slice) -> Utterance | Sequence[Utterance]:
        if isinstance(at, slice):
            return [self._utterances[number] for number in self._numbers[at]]
        return self._utterances[self._numbers[at]]


class _Silent:
    """A call without its lines, laid out when it is first asked for."""

    def __init__(self, facts: Callable[[], CallFacts]) -> None:
        self._facts = facts

    @cached_property
    def speech(self) -> Speech:
        return Speech(self._facts(), ())


class _Spoken:
    """What the words of a call meet, by role, and which phrase conditions that allows."""

    def __init__(self, words: RoleWords, needs: PhraseNeeds) -> None:
        self._needs = needs
        self._met = {role: needs.met_by(said) for role, said in words.items()}
        self._known: dict[int, bool] = {}

    def allows(self, phrase: Phrase) -> bool:
        """Whether somebody who may be meant has the words for one of the phrases."""
        known = self._known.get(id(phrase))
        if known is None:
            meant = self._meant(phrase.said_by)
            known = any(self._needs.allowed(phrase, met) for met in meant)
            self._known[id(phrase)] = known
        return known

    def _meant(self, said_by: SpeakerRole | None) -> Collection[int]:
        if said_by is None:
            return self._met.values()
        meant = said_by if said_by in self._met else SpeakerRole.UNKNOWN
        return (self._met[meant],) if meant in self._met else ()


class _Prepared:
    """One rule with its phrase conditions at hand."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        leaves = [leaf for leaf, _ in leaves_of(rule.condition)]
        self.phrases = [leaf for leaf in leaves if isinstance(leaf, Phrase)]
        self._names_a_line = any(
            isinstance(leaf, SentimentLevel) and leaf.of in OF_ONE_LINE for leaf in leaves
        )
        self._soonest = _phrases_first(rule.condition)

    def needs_lines(self, spoken: _Spoken) -> bool:
        """Whether one of its phrases may be said in the call, or its evidence names a line."""
        return self._names_a_line or any(spoken.allows(phrase) for phrase in self.phrases)

    def could_hold(self, spoken: _Spoken, silent: _Silent) -> bool:
        """Whether the rule may apply."""

        def could(leaf: Leaf, wanted: bool) -> bool:
            if isinstance(leaf, Phrase):
                if spoken.allows(leaf):
                    return True
                if wanted:
                    return False
            return leaf_holds(leaf, silent.speech, wanted)

        return holds(self._soonest, could)


def _phrases_first(condition: Condition) -> Condition:
    """Return a condition in the order in which it takes least to tell that it can't hold."""
    if isinstance(condition, Not):
        return Not(condition=_phrases_first(condition.condition))
    if isinstance(condition, AllOf | AnyOf):
        inner = sorted(condition.conditions, key=lambda one: not isinstance(one, Phrase))
        return replace(condition, conditions=tuple(map(_phrases_first, inner)))
    return condition
