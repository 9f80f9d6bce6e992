"""What people do with scorecards, and with the scores of a call."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from services import telemetry
from services.access.authority import Authority
from services.domain.acts import Act
from services.domain.errors import InvalidRequest, NotFound
from services.domain.ids import new_id
from services.domain.people import User
from services.domain.reviewed import ReviewedCall
from services.domain.rules import Rule
from services.domain.scorecards import AnswerValue, CallScore, Override, Scorecard
from services.review.refreshing import Refresher
from services.scorecards.asking import ModelQuestions
from services.scorecards.keeping import ScoreKeeper, last_words, made_with
from services.storage.scorecards import ScorecardStore, StoredScorecard
from services.storage.scores import ScoreStore
from services.understanding.rules.facts import facts_of
from services.understanding.scorecards.scoring import ScoredCall
from services.understanding.scorecards.yaml_form import (
    MAX_NAME_CHARS,
    MAX_SCORECARDS,
    checked_scorecard,
    scorecards_from_yaml,
    scorecards_to_yaml,
)
from services.understanding.typed import LineRedactor

MAX_COMMENT_CHARS = 2_000


@dataclass(frozen=True, kw_only=True)
class Rescoring:
    """How many stored calls are still to be scored anew, of how many, and whether that rests."""

    waiting: int
    calls: int
    paused: bool


class ScorecardService:
    """Whoever may see calls may read; changing scorecards, and answers, are rights of their own."""

    def __init__(
        self,
        scorecards: ScorecardStore,
        scores: ScoreStore,
        keeper: ScoreKeeper,
        refresher: Refresher,
        questions: ModelQuestions,
        redactor: LineRedactor,
        *,
        authority: Authority,
    ) -> None:
        """Work on these stores."""
        self._scorecards = scorecards
        self._scores = scores
        self._keeper = keeper
        self._refresher = refresher
        self._questions = questions
        self._redactor = redactor
        self._authority = authority

    # --- scorecards -----------------------------------------------------------------------------

    def all(self, user: User) -> list[Scorecard]:
        """Return the organisation's scorecards; those that come with Partyline first."""
        self._authority.check(user, Act.CALL_VIEWED)
        return self._keeper.scorecards(user.org_id)

    def get(self, user: User, scorecard_id: str) -> Scorecard:
        """Return one scorecard. Raises NotFound."""
        found = next((c for c in self.all(user) if c.id == scorecard_id), None)
        if found is None:
            raise NotFound
        return found

    def rules(self, user: User) -> tuple[Rule, ...]:
        """Return the rules that questions may name."""
        self._authority.check(user, Act.CALL_VIEWED)
        return self._keeper.rules(user.org_id)

    def keep(self, user: User, card: Scorecard) -> Scorecard:
        """Keep a scorecard made from the version it names.

        Raises BadRule when it can't be used, ScorecardChanged, AccessDenied, InvalidRequest for one
        that comes with Partyline.
        """
        self._authority.allow(user, Act.SCORECARDS_CHANGED, card.id)
        checked = checked_scorecard(card)
        if any(c.shipped and c.id == card.id for c in self.all(user)):
            raise InvalidRequest("This scorecard comes with Partyline; change a copy of it.")
        if not card.version and len(self.all(user)) >= MAX_SCORECARDS:
            raise InvalidRequest(f"There are {MAX_SCORECARDS} scorecards already.")
        stored = StoredScorecard(
            id=card.id,
            body=scorecards_to_yaml([checked]),
            enabled=card.enabled,
            version=card.version,
        )
        kept = self._scorecards.save(user.org_id, stored)
        telemetry.event("scorecard.kept", questions=len(card.questions), version=kept.version)
        return replace(checked, enabled=kept.enabled, version=kept.version)

    def set_enabled(self, user: User, scorecard_id: str, enabled: bool) -> Scorecard:
        """Put a scorecard to use, or out of use: then calls have no score by it.

        Raises NotFound, ScorecardChanged, AccessDenied.
        """
        self._authority.allow(user, Act.SCORECARDS_CHANGED, scorecard_id)
        card = self.get(user, scorecard_id)
        body = None if card.shipped else scorecards_to_yaml([card])
        stored = StoredScorecard(id=card.id, body=body, enabled=enabled, version=card.version)
        kept = self._scorecards.save(user.org_id, stored)
        return replace(card, enabled=enabled, version=kept.version)

    def copy(self, user: User, scorecard_id: str) -> Scorecard:
        """Keep a copy under a new id and name, out of use until it is switched on.

        Raises NotFound, AccessDenied.
        """
        card = self.get(user, scorecard_id)
        name = f"{card.name[: MAX_NAME_CHARS - 7]} (copy)"
        made = replace(card, id=fresh_id(), name=name, enabled=False, version=0, shipped=False)
        return self.keep(user, made)

    def delete(self, user: User, scorecard_id: str) -> None:
        """Delete a scorecard with its scores and overrides. Raises NotFound, AccessDenied."""
        self._authority.allow(user, Act.SCORECARDS_CHANGED, scorecard_id)
        if not self._scorecards.delete(user.org_id, scorecard_id):
            raise NotFound
        telemetry.event("scorecard.deleted")

    def read_yaml(self, user: User, text: str) -> list[Scorecard]:
        """Keep the scorecards of a YAML document; those of the same id are replaced.

        What can't be read changes nothing. Raises BadRule, AccessDenied, ScorecardChanged.
        """
        self._authority.check(user, Act.SCORECARDS_CHANGED)
        known = {card.id: card for card in self.all(user)}
        made = []
        for card in scorecards_from_yaml(text):
            before = known.get(card.id)
            if before is not None and before.shipped:
                card = replace(card, id=fresh_id())
                before = None
            made.append(replace(card, version=before.version if before else 0))
        return [self.keep(user, card) for card in made]

    def write_yaml(self, cards: Sequence[Scorecard]) -> str:
        """Return scorecards as YAML."""
        return scorecards_to_yaml(cards)

    # --- scoring stored calls ---------------------------------------------------------------------

    def rescoring(self, user: User) -> Rescoring:
        """Return how far the scoring of stored calls has come."""
        self._authority.check(user, Act.CALL_VIEWED)
        now = made_with(self._keeper.scoring(user.org_id))
        waiting, calls = self._scores.count_outdated(user.org_id, now)
        paused = self._scores.is_paused(user.org_id)
        return Rescoring(waiting=waiting, calls=calls, paused=paused)

    def pause(self, user: User, paused: bool) -> None:
        """Stop the scoring of stored calls, or let it go on. Raises AccessDenied."""
        self._authority.allow(user, Act.SCORECARDS_CHANGED)
        self._scores.set_paused(user.org_id, paused)

    # --- scores of a call -------------------------------------------------------------------------

    def of_call(self, user: User, shown: ReviewedCall) -> tuple[CallScore, ...]:
        """Return a call's scores as it is shown; what is out of date is scored at once."""
        org_id, call_id = user.org_id, shown.call.id
        self._authority.reached(user, call_id)
        now = made_with(self._keeper.scoring(org_id))
        if self._scores.made_with(org_id, call_id) != now:
            self._refresher.write_anew(org_id, call_id)
        return self._scores.of_call(org_id, call_id)

    def preview(self, user: User, card: Scorecard, shown: ReviewedCall) -> CallScore:
        """Return what a scorecard would make of a call, whether or not it is for it.

        Nothing is kept. Raises BadRule.
        """
        self._authority.reached(user, shown.call.id)
        checked = replace(checked_scorecard(card), version=card.version)
        rules = {rule.id: rule for rule in self.rules(user)}
        said = self._scores.model_answers(user.org_id, shown.transcript.id)
        facts = facts_of(shown.transcript, shown.analysis)
        kept = last_words(self._scores.overrides(user.org_id, shown.call.id))
        return ScoredCall(facts, rules, said).score(checked, kept.get(card.id, {}))

    def override(
        self,
        user: User,
        call_id: str,
        scorecard_id: str,
        question_id: str,
        value: AnswerValue | None,
        comment: str,
    ) -> tuple[CallScore, ...]:
        """Answer a question in place of rule or model; None gives its own answer back.

        The comment says why. Of a redacted call it is kept without personal data. Raises
        NotFound, InvalidRequest, AccessDenied.
        """
        self._authority.call(user, call_id, Act.ANSWER_CHANGED)
        comment = comment.strip()[:MAX_COMMENT_CHARS]
        if not comment:
            raise InvalidRequest("Write down why.")
        shown = self._refresher.shown(user.org_id, call_id)
        place = self._place_of(user.org_id, call_id, scorecard_id, question_id)
        redacted = shown.transcript.redacted
        if redacted:
            comment = self._redactor.redact_comment(shown.transcript, place, comment)
        made = Override(
            question_id=question_id,
            value=value,
            comment=comment,
            author=user.name,
            made_at=datetime.now(UTC),
        )
        self._scores.add_override(user.org_id, call_id, scorecard_id, made, redacted=redacted)
        self._refresher.write_anew(user.org_id, call_id)
        telemetry.event("score.overridden", reset=value is None)
        return self._scores.of_call(user.org_id, call_id)

    def _place_of(self, org_id: str, call_id: str, scorecard_id: str, question_id: str) -> str:
        """Return the line a question's answer rests on, empty when there is none.

        Raises NotFound when the call has no such question.
        """
        for score in self._scores.of_call(org_id, call_id):
            for answer in score.answers:
                if (score.scorecard_id, answer.question_id) == (scorecard_id, question_id):
                    return next((e.utterance for e in answer.evidence if e.utterance), "")
        raise NotFound

    def history(self, user: User, call_id: str) -> dict[tuple[str, str], tuple[Override, ...]]:
        """Return all overrides of a call by scorecard and question, newest first.

        Raises NotFound.
        """
        self._authority.reached(user, call_id)
        found: dict[tuple[str, str], tuple[Override, ...]] = {}
        for kept in self._scores.overrides(user.org_id, call_id):
            key = (kept.scorecard_id, kept.override.question_id)
            found[key] = (kept.override, *found.get(key, ()))
        return found

    @property
    def has_model(self) -> bool:
        """Whether there is a language model to ask."""
        return self._questions.has_model

    def to_ask(self, shown: ReviewedCall) -> int:
        """Return how many questions a language model could still be asked about a call."""
        return len(self._questions.waiting(shown)) if self._questions.has_model else 0

    def ask_model(self, user: User, call_id: str) -> int:
        """Ask a language model what it has not answered yet.

        Raises NotFound, NotReady, AccessDenied.
        """
        self._authority.call(user, call_id, Act.ANSWER_CHANGED)
        return self._questions.ask(user.org_id, call_id)


def fresh_id() -> str:
    """Return an id for a new scorecard or question."""
    return f"c{new_id()[:20].replace('-', '').lower()}"
