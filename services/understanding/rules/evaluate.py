"""Decides which rules apply to a call, and why.

Negations are moved inward to the leaves first; then a condition is nothing but leaves, each to be
fulfilled or missed, joined by and/or. So a leaf's answers for many calls may come from elsewhere
(an index, stored figures) and be joined as sets.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from services.domain.rules import (
    AllOf,
    AnyOf,
    CallFacts,
    Category,
    Condition,
    Evidence,
    Leaf,
    Not,
    Phrase,
    Rule,
)
from services.understanding.rules.asked import AskedPhrases
from services.understanding.rules.examples import asks_for_any_word
from services.understanding.rules.leaves import fulfilled, missed
from services.understanding.rules.phrases import Speech

MOST_EVIDENCE = 12

Found = tuple[Evidence, ...] | None
Asked = Callable[[Leaf, bool], Found]


def evaluate(rules: Iterable[Rule], facts: CallFacts) -> tuple[Category, ...]:
    """Return the rules that apply to a call, in their order, with evidence. Raises BadRule."""
    rules = tuple(rules)
    speech = Speech(facts, asked=asked_by_rules(rules))
    return tuple(category for rule in rules if (category := category_of(rule, speech)) is not None)


# Each remembers up to 40 MB of what it has read.
@lru_cache(maxsize=8)
def asked_by_rules(rules: tuple[Rule, ...]) -> AskedPhrases:
    """Return the phrases that rules ask for, to be looked for together. Raises BadRule."""
    return AskedPhrases(
        phrase for rule in rules if rule.enabled for phrase in phrases_of(rule.condition)
    )


def category_of(rule: Rule, speech: Speech) -> Category | None:
    """Return what of one rule is found in a call, None when it doesn't apply."""
    if not reads(rule, speech):
        return None
    # Most rules don't hold: words are quoted only for those that do.
    if not holds(rule.condition, lambda leaf, wanted: leaf_holds(leaf, speech, wanted)):
        return None
    found = evidence_of(rule.condition, lambda leaf, wanted: leaf_evidence(leaf, speech, wanted))
    if found is None:
        return None
    return Category(
        rule_id=rule.id, evidence=found, name=rule.name, kind=rule.kind, alert=rule.alert
    )


def reads(rule: Rule, speech: Speech) -> bool:
    """Whether a rule is switched on and reads calls in this language."""
    spoken = speech.language
    return rule.enabled and (not rule.language or not spoken or spoken == rule.language)


def holds(condition: Condition, ask: Callable[[Leaf, bool], bool], *, wanted: bool = True) -> bool:
    """Whether a condition holds; ``ask`` answers for single leaves."""
    if isinstance(condition, Not):
        return holds(condition.condition, ask, wanted=not wanted)
    if isinstance(condition, AllOf | AnyOf):
        parts = (holds(one, ask, wanted=wanted) for one in condition.conditions)
        return all(parts) if isinstance(condition, AllOf) is wanted else any(parts)
    return ask(condition, wanted)


def leaf_holds(leaf: Leaf, speech: Speech, wanted: bool) -> bool:
    """Whether a leaf is fulfilled (``wanted``) or missed on a call."""
    if wanted and isinstance(leaf, Phrase):
        return speech.is_said(leaf)
    return leaf_evidence(leaf, speech, wanted) is not None


def leaf_evidence(leaf: Leaf, speech: Speech, wanted: bool) -> Found:
    """Return why a leaf is fulfilled (``wanted``) or missed on a call; None when it isn't."""
    return fulfilled(leaf, speech) if wanted else missed(leaf, speech)


def evidence_of(condition: Condition, ask: Asked, *, wanted: bool = True) -> Found:
    """Return why a condition holds, None when it doesn't; ``ask`` answers for single leaves."""
    if isinstance(condition, Not):
        return evidence_of(condition.condition, ask, wanted=not wanted)
    if isinstance(condition, AllOf | AnyOf):
        every = isinstance(condition, AllOf) is wanted
        held: list[tuple[Condition, tuple[Evidence, ...]]] = []
        for one in condition.conditions:
            part = evidence_of(one, ask, wanted=wanted)
            if part is not None:
                held.append((one, part))
            elif every:
                return None
        if not held and not every:
            return None
        telling = [part for one, part in held if part and not _asks_for_any_word(one)]
        return _in_order(telling or [part for _, part in held])
    return ask(condition, wanted)


def _asks_for_any_word(condition: Condition) -> bool:
    """Whether somebody only has to say something: no words that tell why a rule applies."""
    return isinstance(condition, Phrase) and all(map(asks_for_any_word, condition.any_of))


def leaves_of(condition: Condition, *, wanted: bool = True) -> tuple[tuple[Leaf, bool], ...]:
    """Return the leaves of a condition, each with whether it is to be fulfilled or missed."""
    if isinstance(condition, Not):
        return leaves_of(condition.condition, wanted=not wanted)
    if isinstance(condition, AllOf | AnyOf):
        return tuple(leaf for one in condition.conditions for leaf in leaves_of(one, wanted=wanted))
    return ((condition, wanted),)


def phrases_of(condition: Condition) -> tuple[Phrase, ...]:
    """Return the phrase leaves of a condition."""
    return tuple(leaf for leaf, _ in leaves_of(condition) if isinstance(leaf, Phrase))


def _in_order(parts: Sequence[tuple[Evidence, ...]]) -> tuple[Evidence, ...]:
    """Return the evidence by time, each piece once; of very much only the first."""
    together = dict.fromkeys(one for part in parts for one in part)
    return tuple(sorted(together, key=lambda e: (e.start_ms, e.end_ms)))[:MOST_EVIDENCE]
