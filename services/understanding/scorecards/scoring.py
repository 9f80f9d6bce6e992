"""Scores a call by a scorecard: every question's answer with what it rests on.

A rule has three answers: it holds, it is missed, or it can't be told (the part in question was not
transcribed, a figure isn't defined, the rule reads another language). The last leaves the question
unanswered; nothing is guessed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from services.domain.folding import folded_words
from services.domain.reviewed import ReviewedCall
from services.domain.rules import CallFacts, Condition, Evidence, Interruptions, Leaf, Not, Rule
from services.domain.scorecards import (
    Answer,
    AnsweredBy,
    AnswerValue,
    ByCondition,
    ByModel,
    ByPerson,
    ByRule,
    CallScore,
    ModelAnswers,
    ModelQuote,
    Override,
    Question,
    Scorecard,
    Test,
    answered_by,
    score_of,
)
from services.understanding.rules.evaluate import Found, evidence_of, leaf_evidence
from services.understanding.rules.facts import facts_of
from services.understanding.rules.phrases import Speech

NO_MODEL_ANSWER = "The language model has not been asked about this call."
OWN_REASON = "the call gives no occasion for this question."
HOLDS = "What the question looks for is there."
MISSED = "What the question looks for is not there."
FOR_A_REVIEWER = "For a reviewer to answer."


@dataclass(frozen=True, kw_only=True)
class Scoring:
    """What calls are scored by: scorecards, and the rules that their questions name."""

    scorecards: tuple[Scorecard, ...]
    rules: Mapping[str, Rule] = field(default_factory=dict)

    def scores(
        self,
        shown: ReviewedCall,
        overrides: Mapping[str, Mapping[str, Override]],
        model_answers: ModelAnswers,
    ) -> tuple[CallScore, ...]:
        """Return the scores of a call by every scorecard that is for it; overrides by scorecard."""
        wanted = scorecards_for(self.scorecards, shown)
        if not wanted:
            return ()
        call = ScoredCall(facts_of(shown.transcript, shown.analysis), self.rules, model_answers)
        return tuple(call.score(card, overrides.get(card.id, {})) for card in wanted)


def scorecards_for(scorecards: Iterable[Scorecard], shown: ReviewedCall) -> list[Scorecard]:
    """Return those that are switched on and are for this call."""
    language = shown.transcript.language
    return [c for c in scorecards if c.enabled and c.applies_to.takes(shown.call, language)]


class ScoredCall:
    """One call laid out for the questions of any scorecards."""

    def __init__(
        self, facts: CallFacts, rules: Mapping[str, Rule], model_answers: ModelAnswers
    ) -> None:
        """Take what is known of the call."""
        self._speech = Speech(facts)
        self._rules = rules
        self._model_answers = model_answers

    def score(self, scorecard: Scorecard, overrides: Mapping[str, Override]) -> CallScore:
        """Return the score; a reviewer's last word on a question stands over its own answer."""
        answers = [self.answer(q).overridden(overrides.get(q.id)) for q in scorecard.questions]
        return score_of(scorecard, answers)

    def answer(self, question: Question) -> Answer:
        """Return a question's own answer."""
        if question.not_applicable_when is not None:
            left_out, evidence, why = self._test(question.not_applicable_when)
            if left_out is AnswerValue.YES:
                own = isinstance(question.not_applicable_when, ByCondition)
                why = f"Left out: {OWN_REASON if own else why}"
                return _answer(question, AnswerValue.NOT_APPLICABLE, why, evidence)
        if isinstance(question.answerer, ByPerson):
            return _answer(question, None, FOR_A_REVIEWER)
        if isinstance(question.answerer, ByModel):
            return self._by_model(question, question.answerer)
        value, evidence, why = self._test(question.answerer)
        return _answer(question, value, why, evidence)

    def _test(self, test: Test) -> tuple[AnswerValue | None, tuple[Evidence, ...], str]:
        if isinstance(test, ByCondition):
            return self._told(test.condition, HOLDS, MISSED)
        rule = self._rules.get(test.rule_id)
        if rule is None:
            return None, (), f"There is no rule “{test.rule_id}” any more."
        if not self._reads(rule):
            return None, (), f"The rule “{rule.name}” doesn't read calls in this language."
        holds, missed = f"“{rule.name}” applies.", f"“{rule.name}” doesn't apply."
        if test.applies:
            return self._told(rule.condition, holds, missed)
        return self._told(Not(condition=rule.condition), missed, holds)

    def _reads(self, rule: Rule) -> bool:
        spoken = self._speech.language
        return not rule.language or not spoken or spoken == rule.language

    def _told(
        self, condition: Condition, holds: str, missed: str
    ) -> tuple[AnswerValue | None, tuple[Evidence, ...], str]:
        for value, wanted, why in (
            (AnswerValue.YES, True, holds),
            (AnswerValue.NO, False, missed),
        ):
            evidence = evidence_of(condition, self._ask, wanted=wanted)
            if evidence is not None:
                return value, evidence, why
        return None, (), "This can't be told from what was transcribed."

    def _ask(self, leaf: Leaf, wanted: bool) -> Found:
        known = self._speech.facts.roles.values()
        # Where nobody is known as agent, nobody can say that the agent interrupts little.
        if isinstance(leaf, Interruptions) and leaf.by not in (None, *known):
            return None
        return leaf_evidence(leaf, self._speech, wanted)

    def _by_model(self, question: Question, asked: ByModel) -> Answer:
        said = self._model_answers.get(asked.prompt)
        if said is None:
            return _answer(question, None, NO_MODEL_ANSWER)
        places = [_place(self._speech.facts, quote) for quote in said.quotes]
        evidence = tuple(place for place in places if place is not None)
        if said.quotes and not evidence:
            return _answer(question, None, "What the model quoted isn't in the call any more.")
        return _answer(question, said.value, said.why, evidence)


def _answer(
    question: Question,
    value: AnswerValue | None,
    why: str,
    evidence: tuple[Evidence, ...] = (),
) -> Answer:
    left_out = value is AnswerValue.NOT_APPLICABLE and not isinstance(question.answerer, ByModel)
    return Answer(
        question_id=question.id,
        text=question.text,
        weight=question.weight,
        good=question.good,
        critical=question.critical,
        value=value,
        own_value=value,
        by=AnsweredBy.RULE if left_out else answered_by(question.answerer),
        why=why,
        evidence=evidence,
    )


def _place(facts: CallFacts, quote: ModelQuote) -> Evidence | None:
    """Return where a quote stands now; None when its line is gone or reads otherwise."""
    line = next((u for u in facts.utterances if u.id == quote.utterance), None)
    wanted = " ".join(folded_words(quote.text))
    if line is None or f" {wanted} " not in f" {' '.join(folded_words(line.text))} ":
        return None
    return Evidence(
        start_ms=line.start_ms,
        end_ms=line.end_ms,
        why=f"The model quotes “{quote.text}”.",
        utterance=line.id,
    )


def rules_named(scorecards: Iterable[Scorecard]) -> frozenset[str]:
    """Return the ids of the rules that scorecards' questions name."""
    tests = [
        test
        for card in scorecards
        for question in card.questions
        for test in (question.answerer, question.not_applicable_when)
    ]
    return frozenset(test.rule_id for test in tests if isinstance(test, ByRule))


def prompts_of(scorecards: Iterable[Scorecard]) -> tuple[str, ...]:
    """Return what a language model is asked by scorecards, each prompt once."""
    prompts = [
        question.answerer.prompt
        for card in scorecards
        for question in card.questions
        if isinstance(question.answerer, ByModel)
    ]
    return tuple(dict.fromkeys(prompts))
