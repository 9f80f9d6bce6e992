"""Looks for rules in all stored calls, without reading every transcript."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from services.domain.people import Within
from services.domain.rules import Category, Rule
from services.storage.rule_forms import (
    KeptLines,
    pack_evidence,
    unpack_facts,
    unpack_passages,
    unpack_words,
)
from services.storage.swept_calls import Found, SweepStart, SweptCall, SweptCalls
from services.sweeping.children import Progress, SweepChildren
from services.sweeping.swept import Packed, Swept, pack_found
from services.understanding.rules.across import FirstLook, RulesAcross

CALLS_AT_ONCE = 500
# Starting other processes takes a second or two.
SHARED_OUT_FROM = 4_000


class Sweeper:
    """Looks for rules in all calls of an organisation."""

    def __init__(
        self,
        calls: SweptCalls,
        children: SweepChildren | None = None,
        *,
        shared_out_from: int = SHARED_OUT_FROM,
        calls_at_once: int = CALLS_AT_ONCE,
        working_folder: Path | None = None,
    ) -> None:
        """Read calls here; from so many on, let ``children`` read them.

        What is found and doesn't go into memory is kept in ``working_folder`` until it is written.
        """
        self._working_folder = working_folder
        self._calls_at_once = calls_at_once
        self._calls = calls
        self._children = children
        self._shared_out_from = shared_out_from

    def sweep(
        self, org_id: str, start: SweepStart, rules: Sequence[Rule], go_on: Progress
    ) -> Swept:
        """Return to which calls rules apply, and why. Raises DiskFull, StorageError."""
        swept = Swept(calls=start.calls, rules=rules, working_folder=self._working_folder)
        ends = self._calls.every(org_id, start.last_row, self._calls_at_once)
        if self._children is not None and start.calls >= self._shared_out_from:
            swept.complete = self._children.share_out(
                org_id, rules, ends, partial(_taken_in, swept, go_on)
            )
            return swept
        across, done, behind = RulesAcross(rules), 0, 0
        for until in ends:
            looked_at, found = self.look_through(org_id, across, behind, until)
            behind, done = until, done + looked_at
            if not _taken_in(swept, go_on, found, done):
                swept.complete = False
                break
        return swept

    def look_through(
        self, org_id: str, across: RulesAcross, behind: int, until: int
    ) -> tuple[int, dict[str, Packed]]:
        """Look for rules in the calls of rows (behind, until]; return how many, and what is found.

        Of more than 500 only the first are looked at.
        """
        calls = self._calls.after(org_id, behind, until, CALLS_AT_ONCE)
        found: dict[str, list[Found]] = {}
        for call, category in self._decide(across, calls):
            why = pack_evidence(category.evidence)
            found.setdefault(category.rule_id, []).append((call.call_id, call.day, why))
        return len(calls), pack_found(found)

    def store(self, org_id: str, start: SweepStart, swept: Swept) -> None:
        """Write what was found, rule by rule. Raises RulesChanged."""
        for rule in swept.rules:
            self._calls.replace(org_id, start, rule, swept.of(rule.id))

    def try_out(
        self,
        org_id: str,
        rule: Rule,
        limit: int,
        within: Within | None = None,
        *,
        redacted_only: bool = False,
    ) -> tuple[int, list[tuple[str, Category]]]:
        """Look for a rule in the newest calls; return how many there are, and where it applies."""
        calls = self._calls.newest(org_id, limit, within, redacted_only=redacted_only)
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
            lines = KeptLines(said.lines)
            facts = unpack_facts(call.facts, lines)
            passages = unpack_passages(said.passages)
            for category in across.second_look(look.undecided, facts, passages, lines.timed):
                yield call, category


def _taken_in(swept: Swept, go_on: Progress, found: dict[str, Packed], done: int) -> bool:
    swept.add(found)
    return go_on(done, swept.calls)
