"""Reads calls by an organisation's rules: those shipped, with what it changed, and its own."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from services import telemetry
from services.domain.errors import BadRule
from services.domain.metrics import AnalysedTranscript
from services.domain.rules import Rule
from services.storage.categories import RuleReading
from services.storage.rules import StoredBook, StoredRule
from services.understanding.rules.across import passages_to_keep, words_of
from services.understanding.rules.evaluate import asked_by_rules, category_of
from services.understanding.rules.facts import facts_of
from services.understanding.rules.phrases import Speech
from services.understanding.rules.ready_made import ready_made_rules
from services.understanding.rules.yaml_form import rules_from_yaml


def rules_of(book: StoredBook) -> tuple[Rule, ...]:
    """Return the rules of an organisation: shipped ones in their order, then its own."""
    return _rules(book.rules)


def read_by_book(book: StoredBook, shown: AnalysedTranscript) -> RuleReading:
    """Return what the rules of a book make of a call."""
    facts = facts_of(shown.transcript, shown.analysis)
    rules = rules_of(book)
    speech = Speech(facts, asked=asked_by_rules(rules))
    found = (category_of(rule, speech) for rule in rules)
    return RuleReading(
        version=book.version,
        facts=facts,
        words=words_of(speech),
        passages=passages_to_keep(speech),
        categories=tuple(category for category in found if category is not None),
    )


@lru_cache(maxsize=64)
def _rules(stored: Sequence[StoredRule]) -> tuple[Rule, ...]:
    kept = {each.id: rule for each in stored if (rule := _read(each)) is not None}
    shipped = ready_made_rules()
    ids = {rule.id for rule in shipped}
    own = tuple(rule for rule_id, rule in kept.items() if rule_id not in ids)
    return (*(kept.get(rule.id, rule) for rule in shipped), *own)


@lru_cache(maxsize=2048)
def _read(stored: StoredRule) -> Rule | None:
    """Return a kept rule, None when it can't be read any more: calls are not to stop for it."""
    try:
        (rule,) = rules_from_yaml(stored.body)
    except (BadRule, ValueError) as error:
        telemetry.fault("rules.unreadable", error)
        return None
    return replace(rule, enabled=stored.enabled)
