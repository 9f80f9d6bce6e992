"""Rules on a call that is going on: each tells once, as soon as it applies for good."""

from collections.abc import Iterable
from dataclasses import replace

from services.domain.rules import CallFacts, Category, Rule
from services.understanding.rules.evaluate import asked_by_rules, category_of
from services.understanding.rules.phrases import Speech
from services.understanding.rules.spoken import Passage, grouped

_Said = tuple[tuple[str, str, int, int], ...]


class RuleWatch:
    """Watches one call for rules. Give it what is known of the call whenever that changes.

    What was said is not unsaid, so a phrase tells at once. What is missing tells when its time is
    up, or at the end. Figures that may still go either way (means, shares) tell what they are at
    the time; those who listen hear of a category once.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        """Watch for these rules. Raises BadRule."""
        self._rules = tuple(rules)
        self._asked = asked_by_rules(self._rules)
        self._told: set[str] = set()
        self._passages: dict[tuple[str, _Said], Passage] = {}

    def heard(self, facts: CallFacts) -> tuple[Category, ...]:
        """Return the categories that newly apply to the call so far.

        ``facts.covered`` ends now; give new facts also when only time has passed.
        """
        going_on = replace(facts, ends_early=True)
        speech = Speech(going_on, self._laid_out(going_on), self._asked)
        waiting = (rule for rule in self._rules if rule.id not in self._told)
        found = [category_of(rule, speech) for rule in waiting]
        new = tuple(category for category in found if category is not None)
        self._told.update(category.rule_id for category in new)
        return new

    def ended(self, facts: CallFacts) -> tuple[Category, ...]:
        """Return all categories of the call now that it is over, told before or not."""
        speech = Speech(facts, self._laid_out(facts), self._asked)
        found = [category_of(rule, speech) for rule in self._rules]
        return tuple(category for category in found if category is not None)

    def _laid_out(self, facts: CallFacts) -> list[Passage]:
        """Return the passages of the call; those that haven't changed are kept from before."""
        laid_out: dict[tuple[str, _Said], Passage] = {}
        for group in grouped(facts.utterances):
            role = facts.roles.get(group[0].speaker or "")
            key = (str(role), tuple((u.id, u.text, u.start_ms, u.end_ms) for u in group))
            laid_out[key] = self._passages.get(key) or Passage.of(group, facts.roles)
        self._passages = laid_out
        return list(laid_out.values())
