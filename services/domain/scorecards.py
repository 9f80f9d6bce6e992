"""Scorecards: weighted questions about a call, who answers them, and what comes of the answers.

docs/scorecards.md has the formula with an example. Times are milliseconds on the recording's clock.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.domain.calls import Call, Direction
from services.domain.rules import Condition, Evidence


class AnswerValue(StrEnum):
    """What a question can be answered with; unanswered is None."""

    YES = "yes"
    NO = "no"
    NOT_APPLICABLE = "not_applicable"


class AnsweredBy(StrEnum):
    """Who answers a question."""

    RULE = "rule"
    MODEL = "model"
    PERSON = "person"


@dataclass(frozen=True, kw_only=True)
class ByRule:
    """The rule of this id answers: yes when it applies; ``applies`` False: yes when it doesn't."""

    rule_id: str
    applies: bool = True


@dataclass(frozen=True, kw_only=True)
class ByCondition:
    """A condition of the question's own answers: yes when it holds."""

    condition: Condition


@dataclass(frozen=True, kw_only=True)
class ByModel:
    """A language model answers; ``prompt`` is what it is asked."""

    prompt: str


@dataclass(frozen=True, kw_only=True)
class ByPerson:
    """Only a reviewer answers."""


Test = ByRule | ByCondition
Answerer = Test | ByModel | ByPerson


def answered_by(answerer: Answerer) -> AnsweredBy:
    """Return who answers."""
    if isinstance(answerer, ByModel):
        return AnsweredBy.MODEL
    return AnsweredBy.PERSON if isinstance(answerer, ByPerson) else AnsweredBy.RULE


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question under an id that stays.

    ``good`` is the answer that earns the ``weight``, yes or no. ``critical``: the other one makes
    the whole score 0. ``not_applicable_when`` takes the question out of calls in which it holds.
    """

    id: str
    text: str
    weight: int = 1
    answerer: Answerer = ByPerson()
    good: AnswerValue = AnswerValue.YES
    critical: bool = False
    not_applicable_when: Test | None = None


@dataclass(frozen=True, kw_only=True)
class AppliesTo:
    """Which calls are scored; empty tuples and None don't choose. Languages are such as ``en``.

    A call whose queue or direction isn't known is not among chosen ones; one whose language isn't
    known is.
    """

    queues: tuple[str, ...] = ()
    direction: Direction | None = None
    languages: tuple[str, ...] = ()

    def takes(self, call: Call, language: str | None) -> bool:
        """Whether a call in this language is among them."""
        spoken = (language or "").casefold().split("-")[0]
        return (
            (not self.queues or call.details.queue in self.queues)
            and (self.direction is None or call.details.direction is self.direction)
            and (not self.languages or not spoken or spoken in self.languages)
        )


@dataclass(frozen=True, kw_only=True)
class Scorecard:
    """Questions about a call. ``version`` counts its changes; ``shipped``: comes with Partyline."""

    id: str
    name: str
    questions: tuple[Question, ...]
    description: str = ""
    applies_to: AppliesTo = AppliesTo()
    enabled: bool = True
    version: int = 0
    shipped: bool = False


# --- what comes of them -----------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Override:
    """An answer a reviewer gave instead; ``value`` None gives the question's own answer back."""

    question_id: str
    value: AnswerValue | None
    comment: str
    author: str
    made_at: datetime


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A question as it is answered for one call, with all that explains it.

    ``value`` counts. ``own_value``, ``evidence`` and ``why`` are those of rule or model, also where
    an ``override`` stands over them. ``by`` says whose answer counts.
    """

    question_id: str
    text: str
    weight: int
    good: AnswerValue
    critical: bool
    value: AnswerValue | None
    by: AnsweredBy
    why: str = ""
    evidence: tuple[Evidence, ...] = ()
    own_value: AnswerValue | None = None
    override: Override | None = None

    @property
    def counts(self) -> bool:
        """Whether it is among what could be earned: answered and applicable."""
        return self.value in (AnswerValue.YES, AnswerValue.NO)

    @property
    def is_good(self) -> bool | None:
        """Whether it earns its weight, None when it doesn't count."""
        return self.value is self.good if self.counts else None

    def overridden(self, override: Override | None) -> "Answer":
        """Return it with what a reviewer said last, if anything."""
        if override is None or override.value is None:
            return self
        return replace(self, value=override.value, by=AnsweredBy.PERSON, override=override)


@dataclass(frozen=True, kw_only=True)
class CallScore:
    """A scorecard's outcome for one call.

    ``points`` of ``possible`` are earned; ``share`` is their ratio in 0..1, None when no question
    counts. ``auto_failed``: a critical question was answered badly, so points and share are 0.
    """

    scorecard_id: str
    name: str
    version: int
    answers: tuple[Answer, ...]
    points: int
    possible: int
    share: float | None
    auto_failed: bool

    @property
    def unanswered(self) -> int:
        """How many questions nobody has answered."""
        return sum(a.value is None for a in self.answers)


def score_of(scorecard: Scorecard, answers: Iterable[Answer]) -> CallScore:
    """Return what answers to a scorecard's questions come to."""
    given = tuple(answers)
    counted = [answer for answer in given if answer.counts]
    failed = any(answer.critical and not answer.is_good for answer in counted)
    possible = sum(answer.weight for answer in counted)
    earned = sum(answer.weight for answer in counted if answer.is_good)
    points = 0 if failed else earned
    return CallScore(
        scorecard_id=scorecard.id,
        name=scorecard.name,
        version=scorecard.version,
        answers=given,
        points=points,
        possible=possible,
        share=points / possible if possible else None,
        auto_failed=failed,
    )


# --- answers of a language model ----------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class ModelQuote:
    """Words of an utterance that a model's answer rests on, as it wrote them."""

    utterance: str
    text: str


@dataclass(frozen=True, kw_only=True)
class ModelAnswer:
    """What a language model said about one transcript; None: it gave no answer, ``why`` says why.

    ``prompt`` is the question it was asked, so that a changed one is asked again.
    """

    prompt: str
    value: AnswerValue | None
    why: str
    quotes: tuple[ModelQuote, ...] = ()
    model: str = ""


ModelAnswers = Mapping[str, ModelAnswer]
"""Answers by the prompt that was asked."""
