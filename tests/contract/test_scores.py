"""Scores follow what is shown of a call, on every database."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from services.domain.calls import CallDetails, ProcessingOptions
from services.domain.errors import AccessDenied, InvalidRequest, NotFound, ScorecardChanged
from services.domain.people import LOCAL_USER, Role
from services.domain.rules import Phrase
from services.domain.scorecards import (
    AnsweredBy,
    AnswerValue,
    AppliesTo,
    ByCondition,
    ByModel,
    ByPerson,
    ModelAnswer,
    ModelQuote,
    Question,
    Scorecard,
)
from services.domain.speech import SpeakerRole
from services.domain.together import AnalyticsFilter
from services.exports import ExportFormat
from services.review.refreshing import Refresher
from services.review.service import ReviewService
from services.scorecards.asking import ModelQuestions
from services.scorecards.keeping import ScoreKeeper
from services.scorecards.rescoring import Rescorer
from services.scorecards.service import ScorecardService
from services.storage.calls import CallStore
from services.storage.known_voices import KnownVoiceStore
from services.storage.runs import RunStore
from services.storage.score_figures import ScoreAnalytics
from services.storage.score_tables import (
    CALL_ANSWERS,
    CALL_SCORES,
    CALL_SCORINGS,
    MODEL_ANSWERS,
    SCORE_OVERRIDES,
)
from services.storage.scorecards import ScorecardStore
from services.storage.scores import ScoreStore
from services.storage.transcripts import TranscriptStore
from services.understanding.scorecards.ready_made import ready_made_scorecards
from tests.authorities import authority_over
from tests.builders import transcript, utterance
from tests.contract.stores import MASTER_KEY, ORG, add, analysed

YES, NO = AnswerValue.YES, AnswerValue.NO
ABOUT_CALLS = (CALL_SCORES, CALL_ANSWERS, CALL_SCORINGS, SCORE_OVERRIDES, MODEL_ANSWERS)
SORRY = Question(
    id="sorry",
    text="Sorry?",
    weight=3,
    answerer=ByCondition(condition=Phrase(any_of=("sorry",), said_by=SpeakerRole.AGENT)),
)
PRICE = Question(
    id="price",
    text="Price?",
    answerer=ByCondition(condition=Phrase(any_of=("price",), said_by=SpeakerRole.AGENT)),
)
KIND = Question(id="kind", text="Kind?", weight=2, answerer=ByPerson())
PROMPT = "Is the bill explained?"
MODEL = Question(id="model", text="Explained?", answerer=ByModel(prompt=PROMPT))
CARD = Scorecard(id="mine", name="Mine", questions=(SORRY, PRICE, KIND))


class NumbersOut:
    """Takes "1234" out of what is typed, and notes at which line it was read."""

    def __init__(self) -> None:
        self.places: list[str] = []

    def redact_line(self, transcript, utterance_id, text):
        return text.replace("1234", "[CODE]")

    def redact_comment(self, transcript, utterance_id, text):
        self.places.append(utterance_id)
        return text.replace("1234", "[CODE]")


class Said:
    """Answers every prompt with the same words of the call."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []

    def answers(self, transcript, prompts, is_cancelled):
        self.asked.append(tuple(prompts))
        quotes = (ModelQuote(utterance="u2", text="my bill is wrong"),)
        return tuple(ModelAnswer(prompt=p, value=YES, why="So.", quotes=quotes) for p in prompts)


@dataclass
class House:
    """The stores with the scores behind them."""

    engine: Engine
    calls: CallStore
    runs: RunStore
    transcripts: TranscriptStore
    scores: ScoreStore
    service: ScorecardService
    review: ReviewService
    rescorer: Rescorer
    questions: ModelQuestions
    analytics: ScoreAnalytics
    redactor: NumbersOut
    model: Said

    def ready(self, spoken=None, **changes):
        """A call with a transcript."""
        made = add(self.calls, **changes)
        self.transcripts.save(ORG, made.id, 1, analysed(spoken or transcript()))
        return self.calls.get(ORG, made.id)

    def of(self, call_id, scorecard_id="mine"):
        """The call's stored score by a scorecard, None when it has none."""
        found = {s.scorecard_id: s for s in self.scores.of_call(ORG, call_id)}
        return found.get(scorecard_id)

    def values(self, call_id, scorecard_id="mine"):
        """The call's stored answers by question."""
        return {a.question_id: a.value for a in self.of(call_id, scorecard_id).answers}

    def rows(self):
        """How many rows about calls there are."""
        with self.engine.connect() as connection:
            return sum(len(connection.execute(select(t)).all()) for t in ABOUT_CALLS)


@pytest.fixture
def house(engine: Engine) -> House:
    redactor, model = NumbersOut(), Said()
    calls, scores, cards = CallStore(engine), ScoreStore(engine), ScorecardStore(engine)
    keeper = ScoreKeeper(cards, scores, redactor)
    transcripts = TranscriptStore(engine, also=(keeper,))
    voices = KnownVoiceStore(engine, MASTER_KEY)
    refresher = Refresher(calls, transcripts, voices)
    questions = ModelQuestions(keeper, scores, refresher, model)
    return House(
        engine=engine,
        calls=calls,
        runs=RunStore(engine),
        transcripts=transcripts,
        scores=scores,
        service=ScorecardService(
            cards, scores, keeper, refresher, questions, redactor, authority=authority_over(calls)
        ),
        review=ReviewService(
            calls, transcripts, redactor, voices, scores=scores, authority=authority_over(calls)
        ),
        rescorer=Rescorer(keeper, scores, refresher),
        questions=questions,
        analytics=ScoreAnalytics(engine),
        redactor=redactor,
        model=model,
    )


@pytest.fixture
def kept(house) -> Scorecard:
    """The scorecard alone in use, in its first version."""
    house.service.set_enabled(LOCAL_USER, ready_made_scorecards()[0].id, False)
    return house.service.keep(LOCAL_USER, CARD)


def test_a_new_installation_scores_by_the_ready_made_scorecard(house):
    call = house.ready()
    assert house.of(call.id, "call_quality").share is not None
    assert [c.id for c in house.service.all(LOCAL_USER)] == ["call_quality"]


def test_scores_are_written_with_the_transcript(house, kept):
    call = house.ready()
    score = house.of(call.id)
    assert house.values(call.id) == {"sorry": YES, "price": NO, "kind": None}
    assert (score.points, score.possible, score.share, score.version) == (3, 4, 0.75, 1)
    assert score.answers[0].evidence[0].utterance == "u3"
    assert house.service.of_call(LOCAL_USER, house.review.load(LOCAL_USER, call.id)) == (score,)


def test_scores_follow_edits_and_roles(house, kept):
    call = house.ready()
    house.review.correct(LOCAL_USER, call.id, "u3", "The price is right")
    assert house.values(call.id) == {"sorry": NO, "price": YES, "kind": None}
    house.review.swap_roles(LOCAL_USER, call.id)
    assert house.values(call.id)["price"] is NO
    house.review.correct(LOCAL_USER, call.id, "u2", "I am sorry")
    assert house.values(call.id)["sorry"] is YES


def test_an_override_counts_at_once_stays_and_can_be_taken_back(house, kept):
    call = house.ready()
    house.service.override(LOCAL_USER, call.id, "mine", "kind", YES, "Listen at 0:12")
    score = house.of(call.id)
    assert (score.points, score.possible) == (5, 6)
    kind = score.answers[2]
    assert (kind.by, kind.own_value, kind.override.author) == (AnsweredBy.PERSON, None, "You")
    house.review.correct(LOCAL_USER, call.id, "u3", "Well")
    assert house.values(call.id)["kind"] is YES
    house.service.override(LOCAL_USER, call.id, "mine", "kind", None, "Mistaken")
    assert house.values(call.id)["kind"] is None
    said = house.service.history(LOCAL_USER, call.id)["mine", "kind"]
    assert [(o.value, o.comment) for o in said] == [(None, "Mistaken"), (YES, "Listen at 0:12")]


def test_all_answers_overridden_to_good_give_everything(house, kept):
    call = house.ready()
    for question in CARD.questions:
        house.service.override(LOCAL_USER, call.id, "mine", question.id, YES, "heard")
    assert house.of(call.id).share == 1.0


def test_overrides_are_carried_over_to_a_new_run(house, kept):
    call = house.ready()
    house.service.override(LOCAL_USER, call.id, "mine", "price", YES, "said at the end")
    house.runs.finish(call.id, 1, call.active_transcript_id)
    house.runs.start(ORG, call.id, ProcessingOptions())
    again = transcript(utterance(9, "s1", 0, "nothing of it"))
    house.transcripts.save(ORG, call.id, 2, analysed(again))
    assert house.values(call.id) == {"sorry": NO, "price": YES, "kind": None}


def test_what_is_asked_of_an_override(house, kept):
    call = house.ready()
    with pytest.raises(InvalidRequest):
        house.service.override(LOCAL_USER, call.id, "mine", "kind", YES, "  ")
    with pytest.raises(NotFound):
        house.service.override(LOCAL_USER, call.id, "mine", "no_such", YES, "why")
    with pytest.raises(NotFound):
        house.service.override(LOCAL_USER, "no-such-call", "mine", "kind", YES, "why")
    stranger = replace(LOCAL_USER, org_id="other")
    with pytest.raises(NotFound):
        house.service.override(stranger, call.id, "mine", "kind", YES, "why")
    viewer = replace(LOCAL_USER, role=Role.VIEWER)
    for refused in (
        lambda: house.service.override(viewer, call.id, "mine", "kind", YES, "why"),
        lambda: house.service.ask_model(viewer, call.id),
        lambda: house.service.keep(viewer, CARD),
        lambda: house.service.set_enabled(viewer, "mine", False),
        lambda: house.service.copy(viewer, "mine"),
        lambda: house.service.delete(viewer, "mine"),
        lambda: house.service.read_yaml(viewer, "scorecards: []"),
        lambda: house.service.pause(viewer, True),
    ):
        with pytest.raises(AccessDenied):
            refused()


def test_comments_on_redacted_calls_are_kept_without_personal_data(house, kept):
    call = house.ready(transcript(redacted=True))
    house.service.override(LOCAL_USER, call.id, "mine", "sorry", NO, "they said 1234")
    assert house.of(call.id).answers[0].override.comment == "they said [CODE]"
    assert house.redactor.places == ["u3"]


def test_comments_typed_before_a_call_was_redacted_are_redacted_with_it(house, kept):
    call = house.ready()
    house.service.override(LOCAL_USER, call.id, "mine", "sorry", NO, "they said 1234")
    assert "1234" in house.of(call.id).answers[0].override.comment
    house.transcripts.save(ORG, call.id, 1, analysed(transcript(redacted=True)))
    assert house.of(call.id).answers[0].override.comment == "they said [CODE]"
    (said,) = house.service.history(LOCAL_USER, call.id)["mine", "sorry"]
    assert said.comment == "they said [CODE]"


def test_a_deleted_call_leaves_nothing(house, kept):
    house.service.keep(LOCAL_USER, replace(kept, questions=(*CARD.questions, MODEL)))
    call = house.ready()
    house.questions.ask(ORG, call.id)
    house.service.override(LOCAL_USER, call.id, "mine", "kind", YES, "why")
    assert house.rows() > 4
    house.calls.delete(ORG, call.id)
    assert house.rows() == 0


# --- scorecards that change -----------------------------------------------------------------------


def test_a_changed_scorecard_scores_stored_calls_anew_newest_first(house, kept):
    now = datetime(2026, 11, 12, 9, 30, tzinfo=UTC)
    calls = [house.ready(created_at=now + timedelta(days=n)) for n in range(3)]
    assert house.service.rescoring(LOCAL_USER).waiting == 0
    changed = house.service.keep(LOCAL_USER, replace(kept, questions=(SORRY,)))
    assert changed.version == 2
    state = house.service.rescoring(LOCAL_USER)
    assert (state.waiting, state.calls, state.paused) == (3, 3, False)
    waiting = house.scores.outdated(ORG, "something else", 10)
    assert waiting == [c.id for c in reversed(calls)]
    assert house.of(calls[0].id).version == 1
    assert house.rescorer.rescore() == 3
    assert [house.of(c.id).share for c in calls] == [1.0] * 3
    assert house.of(calls[0].id).version == 2
    assert house.rescorer.rescore() == 0


def test_scoring_can_be_stopped_and_go_on(house, kept):
    call = house.ready()
    house.service.keep(LOCAL_USER, replace(kept, questions=(SORRY,)))
    house.service.pause(LOCAL_USER, True)
    assert house.rescorer.rescore() == 0
    assert house.service.rescoring(LOCAL_USER).paused
    assert house.of(call.id).version == 1
    house.service.pause(LOCAL_USER, False)
    assert house.rescorer.rescore() == 1


def test_a_call_that_is_opened_is_scored_at_once(house, kept):
    call = house.ready()
    house.service.keep(LOCAL_USER, replace(kept, questions=(SORRY,)))
    (score,) = house.service.of_call(LOCAL_USER, house.review.load(LOCAL_USER, call.id))
    assert score.version == 2


def test_a_scorecard_out_of_use_scores_nothing_and_its_overrides_come_back(house, kept):
    call = house.ready()
    house.service.override(LOCAL_USER, call.id, "mine", "kind", YES, "why")
    house.service.set_enabled(LOCAL_USER, "mine", False)
    house.rescorer.rescore()
    assert house.of(call.id) is None
    house.service.set_enabled(LOCAL_USER, "mine", True)
    house.rescorer.rescore()
    assert house.values(call.id)["kind"] is YES


def test_a_deleted_scorecard_takes_its_scores_and_overrides_along(house, kept):
    call = house.ready()
    house.service.override(LOCAL_USER, call.id, "mine", "kind", YES, "why")
    house.service.delete(LOCAL_USER, "mine")
    assert house.of(call.id) is None
    assert house.service.history(LOCAL_USER, call.id) == {}
    with pytest.raises(NotFound):
        house.service.delete(LOCAL_USER, "mine")


def test_somebody_elses_change_is_not_lost(house, kept):
    house.service.keep(LOCAL_USER, replace(kept, name="Theirs"))
    with pytest.raises(ScorecardChanged):
        house.service.keep(LOCAL_USER, replace(kept, name="Ours"))
    with pytest.raises(ScorecardChanged):
        house.service.keep(LOCAL_USER, CARD)
    assert house.service.get(LOCAL_USER, "mine").name == "Theirs"


def test_the_shipped_one_is_changed_as_a_copy(house):
    with pytest.raises(InvalidRequest):
        house.service.keep(LOCAL_USER, replace(ready_made_scorecards()[0], name="Changed"))
    copy = house.service.copy(LOCAL_USER, "call_quality")
    assert (copy.name, copy.enabled, copy.shipped) == ("Call quality (copy)", False, False)
    assert copy.questions == ready_made_scorecards()[0].questions
    assert house.service.get(LOCAL_USER, copy.id) == copy


def test_yaml_goes_out_and_in(house, kept):
    text = house.service.write_yaml(house.service.all(LOCAL_USER))
    taken = house.service.read_yaml(LOCAL_USER, text)
    assert taken[0].name == "Call quality"
    assert not taken[0].shipped
    assert taken[0].id != "call_quality"
    assert (taken[1].id, taken[1].version) == ("mine", 2)
    other = replace(LOCAL_USER, org_id="other")
    assert [c.id for c in house.service.all(other)] == ["call_quality"]


def test_queues_choose_which_calls_are_scored(house, kept):
    call = house.ready()
    house.service.keep(LOCAL_USER, replace(kept, applies_to=AppliesTo(queues=("Sales",))))
    house.rescorer.rescore()
    assert house.of(call.id) is None
    house.review.set_details(LOCAL_USER, call.id, CallDetails(queue="Sales", agent_name="Ada"))
    assert house.of(call.id).points == 3
    (agent,) = house.analytics.by_agent(ORG, "mine")
    assert agent.agent_name == "Ada"


# --- a language model -----------------------------------------------------------------------------


def test_a_model_is_asked_once_for_each_transcript(house, kept):
    house.service.keep(LOCAL_USER, replace(kept, questions=(SORRY, MODEL)))
    call = house.ready()
    assert house.values(call.id)["model"] is None
    assert house.service.to_ask(house.review.load(LOCAL_USER, call.id)) == 1
    assert house.questions.ask(ORG, call.id) == 1
    assert house.values(call.id)["model"] is YES
    assert house.of(call.id).answers[1].evidence[0].utterance == "u2"
    assert house.service.ask_model(LOCAL_USER, call.id) == 0
    house.rescorer.rescore()
    assert house.model.asked == [(PROMPT,)]
    house.transcripts.save(ORG, call.id, 1, analysed(transcript()))
    assert house.values(call.id)["model"] is None


# --- across calls ---------------------------------------------------------------------------------


def test_scores_across_calls_counts_before_rates(house, kept):
    monday = datetime(2026, 11, 9, 12, 0, tzinfo=UTC)
    silent = transcript(utterance(1, "s1", 0, "hello"), utterance(2, "s2", 2_000, "bye"))
    agents = {"Ada": CallDetails(agent_name="Ada"), None: CallDetails()}
    good = house.ready(created_at=monday, details=agents["Ada"])
    bad = house.ready(silent, created_at=monday + timedelta(days=7), details=agents["Ada"])
    house.ready(created_at=monday, details=agents[None])
    house.service.override(LOCAL_USER, good.id, "mine", "kind", YES, "why")
    # good: 5 of 6, bad: 0 of 4, the third: 3 of 4
    ada, nobody = house.analytics.by_agent(ORG, "mine")
    assert (ada.agent_name, ada.calls, ada.share.n, ada.auto_failed) == ("Ada", 2, 2, 0)
    assert ada.share.mean == pytest.approx((5 / 6 + 0) / 2, abs=1e-5)
    assert ada.share.pooled == pytest.approx(5 / 10)
    assert ada.share.spread == pytest.approx((5 / 6) / 2**0.5, abs=1e-5)
    assert (nobody.agent_name, nobody.share.n, nobody.share.spread) == (None, 1, None)
    weeks = house.analytics.by_week(ORG, "mine")
    assert [(w.week, w.share.n) for w in weeks] == [
        (date(2026, 11, 9), 2),
        (date(2026, 11, 16), 1),
    ]
    questions = {q.question_id: q for q in house.analytics.by_question(ORG, "mine")}
    assert (questions["sorry"].yes, questions["sorry"].no) == (2, 1)
    assert (questions["kind"].unanswered, questions["kind"].by_person) == (2, 1)
    assert questions["kind"].yes_share == 1.0
    rows = house.analytics.lowest(ORG, "mine")
    assert [r.call.id for r in rows][:1] == [bad.id]
    assert [r.call.id for r in house.analytics.lowest(ORG, "mine", answered_badly="sorry")] == [
        bad.id
    ]
    ada_only = AnalyticsFilter(agents=("Ada",), last_day=date(2026, 11, 10))
    assert [r.call.id for r in house.analytics.lowest(ORG, "mine", ada_only)] == [good.id]
    assert house.analytics.scorecards(ORG) == {"mine": "Mine"}
    assert house.analytics.versions(ORG, "mine") == {1: 3}
    assert house.analytics.by_agent("other", "mine") == []


def test_a_call_without_a_share_is_in_no_mean(house, kept):
    house.service.keep(LOCAL_USER, replace(kept, questions=(KIND,)))
    house.ready()
    (agent,) = house.analytics.by_agent(ORG, "mine")
    assert (agent.calls, agent.share.n, agent.share.mean, agent.share.pooled) == (1, 0, None, None)
    assert house.analytics.by_week(ORG, "mine") == []


def test_exports_have_the_scores(house, kept):
    call = house.ready()
    text = house.review.export(LOCAL_USER, call.id, ExportFormat.TXT).content.decode()
    assert "Score Mine: 75% (3 of 4 points)" in text
