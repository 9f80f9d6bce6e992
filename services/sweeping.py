"""Looks for rules in all stored calls, without reading every transcript."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from services.domain.rules import Category, Rule
from services.storage.rule_forms import (
    KeptLines,
    pack_evidence,
    unpack_facts,
    unpack_passages,
    unpack_words,
)
from services.storage.swept_calls import Found, SweepStart, SweptCall, SweptCalls
from services.understanding.rules.across import FirstLook, RulesAcross, second_look

CALLS_AT_ONCE = 500

Progress = Callable[[int, int], bool]
"""Takes how many calls of how many are done; answers whether to go on."""


@dataclass(kw_only=True)
class Swept:
    """What a sweep found, by rule; ``complete`` unless it was stopped."""

    calls: int
    rules: tuple[Rule, ...]
    found: dict[str, list[Found]] = field(default_factory=dict)
    complete: bool = True


class Sweeper:
    """Looks for rules in all calls of an organisation."""

    def __init__(self, calls: SweptCalls) -> None:
        """Read calls here."""
        self._calls = calls

    def sweep(
        self, org_id: str, start: SweepStart, rules: Sequence[Rule], go_on: Progress
    ) -> Swept:
        """Return to which calls rules apply, and why."""
        swept = Swept(calls=start.calls, rules=tuple(rules), found={rule.id: [] for rule in rules})
        across = RulesAcross(rules)
        done = row_id = 0
        while calls := self._calls.after(org_id, row_id, start.last_row, CALLS_AT_ONCE):
            for call, category in self._decide(across, calls):
                why = pack_evidence(category.evidence)
                swept.found[category.rule_id].append((call.call_id, call.day, why))
            row_id, done = calls[-1].row_id, done + len(calls)
            if not go_on(done, start.calls):
                swept.complete = False
                break
        return swept

    def store(self, org_id: str, start: SweepStart, swept: Swept) -> None:
        """Write what was found, rule by rule. Raises RulesChanged."""
        for rule in swept.rules:
            self._calls.replace(org_id, start, rule, swept.found[rule.id])

    def try_out(
        self, org_id: str, rule: Rule, limit: int
    ) -> tuple[int, list[tuple[str, Category]]]:
        """Look for a rule in the newest calls; return how many there are, and where it applies."""
        calls = self._calls.newest(org_id, limit)
        found = self._decide(RulesAcross([rule]), calls)
        return len(calls), [(call.call_id, category) for call, category in found]

    def _decide(
        self, across: RulesAcross, calls: Sequence[SweptCall]
    ) -> Iterator[tuple[SweptCall, Category]]:
        undecided: list[tuple[SweptCall, FirstLook]] = []
        for call in calls:
            look = across.first_look(unpack_words(call.words), partial(unpack_facts, call.facts))
            for category in look.categories:
                yield call, category
            if look.undecided:
                undecided.append((call, look))
        spoken = self._calls.spoken([call for call, _ in undecided])
        for call, look in undecided:
            said = spoken.get(call.call_id)
            if said is None:
                continue
            facts = unpack_facts(call.facts, KeptLines(said.lines))
            for category in second_look(look.undecided, facts, unpack_passages(said.passages)):
                yield call, category
