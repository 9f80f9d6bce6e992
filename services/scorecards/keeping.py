"""Writes the scores of a call together with whatever is shown of it, in the same transaction."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Protocol

from sqlalchemy import Connection

from services import telemetry
from services.domain.calls import Call
from services.domain.errors import BadRule
from services.domain.metrics import AnalysedTranscript
from services.domain.reviewed import ReviewedCall
from services.domain.rules import Rule
from services.domain.scorecards import Override, Scorecard
from services.domain.speech import Transcript
from services.storage.scorecards import ScorecardStore, StoredScorecard
from services.storage.scores import KeptOverride, ScoreStore
from services.understanding.rules.ready_made import ReadyMade
from services.understanding.scorecards.ready_made import ready_made_scorecards
from services.understanding.scorecards.scoring import Scoring, rules_named
from services.understanding.scorecards.yaml_form import scorecard_from_yaml
from services.understanding.typed import LineRedactor

# Counts up when the same scorecards come to score otherwise.
FORM = 1


class RuleBook(Protocol):
    """Knows the rules that questions may name."""

    def rules(self, org_id: str) -> Iterable[Rule]:
        """Return all rules of an organisation."""


class ScoreKeeper:
    """Scores calls as they are shown. One of what a transcript store writes besides its own."""

    def __init__(
        self,
        scorecards: ScorecardStore,
        scores: ScoreStore,
        redactor: LineRedactor,
        rules: RuleBook | None = None,
    ) -> None:
        """Work on these stores with these rules, the ready-made ones when none are given."""
        self._scorecards = scorecards
        self._scores = scores
        self._redactor = redactor
        self._rules = rules or ReadyMade()

    def write(self, connection: Connection, call: Call, shown: AnalysedTranscript) -> None:
        """Make the call's scores those of what is shown."""
        scoring = self.scoring(call.org_id, connection)
        kept = self._safe_overrides(connection, call, shown.transcript)
        answers = self._scores.model_answers(call.org_id, shown.transcript.id, connection)
        reviewed = ReviewedCall(call=call, transcript=shown.transcript, analysis=shown.analysis)
        scores = scoring.scores(reviewed, last_words(kept), answers)
        self._scores.write(connection, call, scores, made_with(scoring))

    def scoring(self, org_id: str, connection: Connection | None = None) -> Scoring:
        """Return what the calls of an organisation are scored by now."""
        cards = tuple(c for c in self.scorecards(org_id, connection) if c.enabled)
        named = rules_named(cards)
        return Scoring(scorecards=cards, rules=self._named_rules(org_id, named))

    def scorecards(self, org_id: str, connection: Connection | None = None) -> list[Scorecard]:
        """Return the organisation's scorecards; those that come with Partyline first."""
        stored = {card.id: card for card in self._scorecards.all(org_id, connection)}
        shipped = [_with_state(card, stored.get(card.id)) for card in ready_made_scorecards()]
        own = [card for card in map(_own, stored.values()) if card is not None]
        return [*shipped, *sorted(own, key=lambda c: (c.name.casefold(), c.id))]

    def rules(self, org_id: str) -> tuple[Rule, ...]:
        """Return the rules that questions may name."""
        return tuple(self._rules.rules(org_id))

    def _named_rules(self, org_id: str, named: frozenset[str]) -> Mapping[str, Rule]:
        if not named:
            return {}
        return {rule.id: rule for rule in self._rules.rules(org_id) if rule.id in named}

    def _safe_overrides(
        self, connection: Connection, call: Call, transcript: Transcript
    ) -> list[KeptOverride]:
        """Return a call's overrides; where the call is redacted, their comments are now, too."""
        kept = self._scores.overrides(call.org_id, call.id, connection)
        if not transcript.redacted or all(one.redacted for one in kept):
            return kept
        return [
            one if one.redacted else self._redacted(connection, one, transcript) for one in kept
        ]

    def _redacted(
        self, connection: Connection, kept: KeptOverride, transcript: Transcript
    ) -> KeptOverride:
        comment = self._redactor.redact_comment(transcript, "", kept.override.comment)
        self._scores.redact_override(connection, kept.row_id, comment)
        return replace(kept, override=replace(kept.override, comment=comment), redacted=True)


def last_words(kept: Iterable[KeptOverride]) -> dict[str, dict[str, Override]]:
    """Return the last override of each question, by scorecard and question."""
    found: dict[str, dict[str, Override]] = {}
    for one in kept:
        found.setdefault(one.scorecard_id, {})[one.override.question_id] = one.override
    return found


def made_with(scoring: Scoring) -> str:
    """Return a name of all that calls are scored with: it changes with any of it."""
    parts = [repr(FORM), *map(repr, scoring.scorecards)]
    parts += [repr(scoring.rules[rule_id]) for rule_id in sorted(scoring.rules)]
    return sha256("\n".join(parts).encode()).hexdigest()


def _with_state(card: Scorecard, stored: StoredScorecard | None) -> Scorecard:
    if stored is None:
        return card
    return replace(card, enabled=stored.enabled, version=stored.version)


def _own(stored: StoredScorecard) -> Scorecard | None:
    """Return a scorecard that people made; one that can't be read any more must not stop calls."""
    if stored.body is None:
        return None
    try:
        card = scorecard_from_yaml(stored.body)
    except BadRule as error:
        telemetry.fault("scorecard.unreadable", error)
        return None
    return replace(card, enabled=stored.enabled, version=stored.version)
