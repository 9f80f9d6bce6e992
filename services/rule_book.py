"""The rules of an organisation as its people keep them: changed, tried out, applied to all."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from services import telemetry
from services.access.authority import Authority
from services.domain.acts import Act
from services.domain.errors import InvalidRequest, NotFound
from services.domain.people import Right, User
from services.domain.reviewed import ReviewedCall
from services.domain.rules import Category, Rule
from services.reading_rules import rules_of
from services.storage.categories import CategoryStore
from services.storage.rules import RuleStore, StoredBook, StoredRule
from services.storage.sweeps import Sweep, SweepStore
from services.sweeping.sweeper import Sweeper
from services.understanding.rules.evaluate import evaluate
from services.understanding.rules.facts import facts_of
from services.understanding.rules.ready_made import ready_made_rules
from services.understanding.rules.yaml_form import (
    MAX_RULES,
    checked_rule,
    rules_from_yaml,
    rules_to_yaml,
)

TRIED_ON = 500
EXAMPLES = 5


class Origin(StrEnum):
    """Where a rule comes from."""

    SHIPPED = "shipped"
    CHANGED = "changed"
    OWN = "own"


@dataclass(frozen=True, kw_only=True)
class KeptRule:
    """A rule with where it comes from; ``version`` 0: it is not kept, only shipped."""

    rule: Rule
    origin: Origin
    version: int


@dataclass(frozen=True, kw_only=True)
class Trial:
    """Of the newest ``looked_at`` calls, those a rule would apply to, and some of them with why."""

    looked_at: int
    calls: int
    examples: tuple[tuple[str, Category], ...]


class RuleBook:
    """Carries out what people do to their organisation's rules.

    Whoever may see calls may read them; to change them is a right of its own. A change is applied
    to new calls at once and to all stored ones by a worker.
    """

    def __init__(
        self,
        rules: RuleStore,
        categories: CategoryStore,
        sweeps: SweepStore,
        sweeper: Sweeper,
        *,
        authority: Authority,
    ) -> None:
        """Work on these stores."""
        self._store = rules
        self._categories = categories
        self._sweeps = sweeps
        self._sweeper = sweeper
        self._authority = authority

    def rules(self, org_id: str) -> tuple[Rule, ...]:
        """Return the rules of an organisation; the same value as long as they don't change."""
        return rules_of(self._store.book(org_id))

    def kept(self, user: User) -> list[KeptRule]:
        """Return all rules in their order. Raises AccessDenied."""
        self._authority.check(user, Act.CALL_VIEWED)
        return _kept(self._store.book(user.org_id))

    def get(self, user: User, rule_id: str) -> KeptRule:
        """Return one rule. Raises NotFound."""
        found = next((kept for kept in self.kept(user) if kept.rule.id == rule_id), None)
        if found is None:
            raise NotFound
        return found

    def save(self, user: User, rule: Rule, *, based_on: int) -> KeptRule:
        """Keep a rule that was made from the version ``based_on``, and apply it to all calls.

        Raises BadRule, RulesChanged, AccessDenied.
        """
        self._authority.allow(user, Act.RULES_CHANGED, rule.id)
        rule = checked_rule(rule)
        if based_on and rule in ready_made_rules():
            self.remove(user, rule.id, based_on=based_on)
            return self.get(user, rule.id)
        self._ask_for_sweep(user, [rule])
        self._keep(user, [_stored(rule, based_on)])
        telemetry.event("rule.saved", alert=rule.alert, kind=rule.kind.value)
        return self.get(user, rule.id)

    def switch(self, user: User, rule_id: str, *, on: bool) -> KeptRule:
        """Switch a rule on or off; what one that is off had given calls goes at once."""
        kept = self.get(user, rule_id)
        return self.save(user, replace(kept.rule, enabled=on), based_on=kept.version)

    def remove(self, user: User, rule_id: str, *, based_on: int) -> None:
        """Delete an own rule, or take back what was changed about a shipped one.

        Raises NotFound, RulesChanged, AccessDenied.
        """
        self._authority.allow(user, Act.RULES_CHANGED, rule_id)
        origin = self.get(user, rule_id).origin
        if origin is Origin.SHIPPED:
            raise InvalidRequest("A rule that came with Partyline can be switched off instead.")
        if origin is Origin.CHANGED:
            self._ask_for_sweep(user, [rule for rule in ready_made_rules() if rule.id == rule_id])
        self._store.remove(user.org_id, rule_id, based_on=based_on)
        telemetry.event("rule.removed")

    def to_yaml(self, user: User, rule_ids: Iterable[str] | None = None) -> str:
        """Return rules as YAML: those named, or all."""
        wanted = None if rule_ids is None else set(rule_ids)
        rules = [kept.rule for kept in self.kept(user)]
        return rules_to_yaml(rule for rule in rules if wanted is None or rule.id in wanted)

    def take_in(self, user: User, text: str) -> int:
        """Keep all rules of a YAML document, in place of those with the same ids; all or none.

        Rules that are there already as they are written stay untouched; returns how many were
        not. Raises BadRule, RulesChanged, AccessDenied.
        """
        self._authority.allow(user, Act.RULES_CHANGED)
        before = {kept.rule.id: kept for kept in self.kept(user)}
        new = [
            rule
            for rule in rules_from_yaml(text)
            if rule.id not in before or before[rule.id].rule != rule
        ]
        versions = {rule_id: kept.version for rule_id, kept in before.items()}
        if new:
            self._ask_for_sweep(user, new)
            self._keep(user, [_stored(rule, versions.get(rule.id, 0)) for rule in new])
        telemetry.event("rules.imported", count=len(new))
        return len(new)

    def free_id(self, user: User, name: str) -> str:
        """Return an id for a new rule, made of its name, that no rule has."""
        taken = {kept.rule.id for kept in self.kept(user)}
        ascii_name = name.casefold().encode("ascii", "ignore").decode()
        stem = "_".join("".join(c if c.isalnum() else " " for c in ascii_name).split())[:48]
        stem = stem if stem[:1].isalpha() else f"rule_{stem}".rstrip("_")
        return next(
            name
            for number in range(1, MAX_RULES + 2)
            if (name := stem if number == 1 else f"{stem}_{number}") not in taken
        )

    # --- trying out --------------------------------------------------------------------------

    def on_call(self, rule: Rule, reviewed: ReviewedCall) -> Category | None:
        """Return why a rule would apply to a call, None when it wouldn't. Raises BadRule."""
        rule = replace(checked_rule(rule), enabled=True)
        facts = facts_of(reviewed.transcript, reviewed.analysis)
        return next(iter(evaluate([rule], facts)), None)

    def on_newest(self, user: User, rule: Rule, among: int = TRIED_ON) -> Trial:
        """Return to how many of the newest calls in reach a rule would apply.

        Raises BadRule, AccessDenied.
        """
        self._authority.check(user, Act.CALL_VIEWED)
        rule = replace(checked_rule(rule), enabled=True)
        looked_at, found = self._sweeper.try_out(
            user.org_id, rule, among, user.within, redacted_only=not user.may(Right.SEE_UNREDACTED)
        )
        return Trial(looked_at=looked_at, calls=len(found), examples=tuple(found[:EXAMPLES]))

    # --- all calls ---------------------------------------------------------------------------

    def counts(self, user: User, *, since: date | None = None) -> dict[str, int]:
        """Return to how many calls in reach each rule applies, of those held since a day."""
        self._authority.check(user, Act.CALL_VIEWED)
        return self._categories.counts(user.org_id, since=since, within=user.within)

    def apply_to_all(self, user: User) -> None:
        """Look for all rules in all stored calls. Raises AccessDenied."""
        self._authority.allow(user, Act.RULES_CHANGED)
        self._sweeps.request(user.org_id)

    def progress(self, user: User) -> Sweep | None:
        """Return how far applying rules to all calls is, None when it was never asked for."""
        self._authority.check(user, Act.CALL_VIEWED)
        return self._sweeps.get(user.org_id)

    def cancel(self, user: User) -> None:
        """Stop applying rules to all calls. Raises AccessDenied."""
        self._authority.allow(user, Act.RULES_CHANGED)
        self._sweeps.cancel(user.org_id)

    def _ask_for_sweep(self, user: User, rules: Iterable[Rule]) -> None:
        """Have rules looked for in all calls once they are kept, which is to follow.

        It is asked for first, so that no rule can be kept and never applied; a sweep that begins
        too early notices that the rules have changed, and begins again.
        """
        if ids := [rule.id for rule in rules if rule.enabled]:
            self._sweeps.request(user.org_id, ids)

    def _keep(self, user: User, rules: Sequence[StoredRule]) -> None:
        book = self._store.book(user.org_id)
        if len({rule.id for rule in (*book.rules, *rules)}) > MAX_RULES:
            raise InvalidRequest(f"There can be {MAX_RULES} rules at most.")
        positions = {rule.id: rule.position for rule in book.rules}
        self._store.save(
            user.org_id, [replace(rule, position=positions.get(rule.id, 0)) for rule in rules]
        )


def _stored(rule: Rule, version: int) -> StoredRule:
    body = rules_to_yaml([replace(rule, enabled=True)])
    return StoredRule(id=rule.id, body=body, enabled=rule.enabled, version=version)


def _kept(book: StoredBook) -> list[KeptRule]:
    shipped = {rule.id for rule in ready_made_rules()}
    versions = {rule.id: rule.version for rule in book.rules}

    def origin(rule_id: str) -> Origin:
        if rule_id not in shipped:
            return Origin.OWN
        return Origin.CHANGED if rule_id in versions else Origin.SHIPPED

    return [
        KeptRule(rule=rule, origin=origin(rule.id), version=versions.get(rule.id, 0))
        for rule in rules_of(book)
    ]
