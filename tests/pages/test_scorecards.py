"""The Scorecards page, the scores of a call, and scores in Analytics."""

from dataclasses import replace

import pytest

from app import session
from services.domain.people import LOCAL_USER, Role
from services.domain.rules import Phrase, Place
from services.domain.scorecards import AnswerValue, ByCondition, ByPerson, ByRule
from services.domain.speech import SpeakerRole
from services.understanding.scorecards.ready_made import ready_made_scorecards
from tests.pages.conftest import as_read, press, texts
from tests.pages.samples import sample_transcript

YES = AnswerValue.YES


def own(staged):
    """The scorecards that people made."""
    return [c for c in staged.scorecards.all(LOCAL_USER) if not c.shipped]


def expanders(page) -> str:
    return "\n".join(e.label for e in page.expander)


def test_the_ready_made_one_is_there_to_read_and_to_copy(staged, open_page):
    page = open_page("scorecards")
    assert "Call quality" in texts(page)
    assert "Comes with Partyline" in texts(page)
    labels = [b.label for b in page.button]
    assert "Edit" not in labels
    assert "Delete…" not in labels
    press(page, "Make a copy")
    assert [c.name for c in own(staged)] == ["Call quality (copy)"]
    assert "Change a scorecard" in texts(page)
    press(page, "Save")
    assert own(staged)[0].version == 2
    assert own(staged)[0].questions == ready_made_scorecards()[0].questions


def test_a_scorecard_is_written_and_kept(staged, open_page):
    page = open_page("scorecards")
    press(page, "New scorecard")
    save = next(b for b in page.button if b.label == "Save")
    assert save.disabled
    key = session_key(page)
    question = page.session_state["scorecard_draft"].card.questions[0].id
    page.text_input(key=f"{key}_name").set_value("Sales")
    page.text_input(key=f"{key}_{question}_text").set_value("Is a price named?")
    page.number_input(key=f"{key}_{question}_weight").set_value(4)
    page.selectbox(key=f"{key}_{question}_answered_by").set_value("phrases")
    page.run()
    page.text_area(key=f"{key}_{question}_phrases_phrases").set_value("the price is\n(costs|cost)")
    page.selectbox(key=f"{key}_{question}_phrases_by").set_value(SpeakerRole.AGENT)
    page.selectbox(key=f"{key}_{question}_phrases_where").set_value("first")
    page.run()
    page.number_input(key=f"{key}_{question}_phrases_seconds").set_value(45)
    page.run()
    assert not page.exception, page.exception
    press(page, "Save")
    (card,) = own(staged)
    assert (card.name, card.version) == ("Sales", 1)
    (made,) = card.questions
    assert (made.text, made.weight) == ("Is a price named?", 4)
    assert made.answerer == ByCondition(
        condition=Phrase(
            any_of=("the price is", "(costs|cost)"),
            said_by=SpeakerRole.AGENT,
            within=Place(first_ms=45_000),
        )
    )


def session_key(page) -> str:
    return page.session_state["scorecard_draft"].key


def test_questions_are_added_moved_and_taken_away(staged, open_page):
    page = open_page("scorecards")
    press(page, "Make a copy")
    first, second, *_ = page.session_state["scorecard_draft"].card.questions
    key = session_key(page)
    page.button(key=f"{key}_{second.id}_up").click()
    page.run()
    ids = [q.id for q in page.session_state["scorecard_draft"].card.questions]
    assert ids[:2] == [second.id, first.id]
    page.button(key=f"{key}_{first.id}_remove").click()
    page.run()
    press(page, "Add a question")
    card = page.session_state["scorecard_draft"].card
    assert first.id not in [q.id for q in card.questions]
    assert card.questions[-1].text == ""
    assert next(b for b in page.button if b.label == "Save").disabled
    press(page, "Close without saving")
    assert own(staged)[0].version == 1


def test_a_phrase_that_cannot_be_read_is_told_and_cannot_be_saved(staged, open_page):
    page = open_page("scorecards")
    press(page, "New scorecard")
    key = session_key(page)
    question = page.session_state["scorecard_draft"].card.questions[0].id
    page.text_input(key=f"{key}_name").set_value("Sales")
    page.text_input(key=f"{key}_{question}_text").set_value("Is it?")
    page.selectbox(key=f"{key}_{question}_answered_by").set_value("phrases")
    page.run()
    page.text_area(key=f"{key}_{question}_phrases_phrases").set_value("(price")
    page.run()
    assert "can't be used" in as_read(page)
    assert next(b for b in page.button if b.label == "Save").disabled


def test_a_scorecard_is_tried_on_a_call_and_nothing_is_kept(staged, open_page):
    call = staged.add_ready(agent_name="Ada")
    page = open_page("scorecards", open_call=call.id)
    press(page, "Make a copy")
    press(page, "Try on a call")
    assert "Score: Call quality \\(copy\\)" in texts(page)
    scores = staged.scorecards.of_call(LOCAL_USER, staged.review.load(LOCAL_USER, call.id))
    assert [s.name for s in scores] == ["Call quality"]


def test_yaml_is_taken_in_or_refused_with_its_line(staged, open_page):
    page = open_page("scorecards")
    page.text_area(key="scorecards_yaml_text").set_value("scorecards:\n- id: a\n  name: A")
    press(page, "Take in")
    assert "Line 2: this scorecard has no questions." in as_read(page)
    text = staged.scorecards.write_yaml(ready_made_scorecards())
    page.text_area(key="scorecards_yaml_text").set_value(text.replace("call_quality", "mine"))
    press(page, "Take in")
    assert [c.id for c in own(staged)] == ["mine"]


def test_a_scorecard_is_deleted_after_a_question(staged, open_page):
    staged.scorecards.copy(LOCAL_USER, "call_quality")
    page = open_page("scorecards")
    press(page, "Delete…")
    page.button(key="card_delete_yes").click()
    # A dialog is a fragment, which AppTest can't rerun alone: it is opened again in the same run.
    press(page, "Delete…")
    assert own(staged) == []


def test_scoring_of_stored_calls_is_shown_stopped_and_goes_on(staged, open_page):
    staged.add_ready()
    page = open_page("scorecards")
    assert not [b for b in page.button if "scoring" in b.label]
    page.toggle(key="use_call_quality_0").set_value(False)
    page.run()
    assert not staged.scorecards.get(LOCAL_USER, "call_quality").enabled
    press(page, "Stop scoring older calls")
    assert staged.rescorer.rescore() == 0
    press(page, "Go on scoring")
    assert staged.rescorer.rescore() == 1
    page.run()
    assert not [b for b in page.button if "scoring" in b.label]


def test_a_viewer_reads_only(staged, open_page, monkeypatch):
    viewer = replace(LOCAL_USER, role=Role.VIEWER)
    monkeypatch.setattr(session, "current_user", lambda: viewer)
    call = staged.add_ready(replace(sample_transcript(), redacted=True))
    page = open_page("scorecards")
    by_label = {b.label: b for b in page.button}
    assert "New scorecard" not in by_label
    assert by_label["Make a copy"].disabled
    page = open_page("call", open_call=call.id)
    assert "Change the answer…" not in [b.label for b in page.button]
    assert "Score: Call quality" in texts(page)


# --- a call ---------------------------------------------------------------------------------------


def card_of(staged, *answerers):
    """Keep a scorecard of questions with these answerers, alone in use."""
    (shipped,) = ready_made_scorecards()
    staged.scorecards.set_enabled(LOCAL_USER, shipped.id, False)
    questions = tuple(
        replace(shipped.questions[0], id=f"q{n}", text=f"Question {n}?", answerer=by)
        for n, by in enumerate(answerers)
    )
    mine = replace(shipped, id="mine", name="Mine", questions=questions, version=0, shipped=False)
    return staged.scorecards.keep(LOCAL_USER, mine)


def test_a_call_shows_its_score_and_why(staged, open_page):
    card_of(staged, ByRule(rule_id="no_such_rule"), ByPerson())
    said = ByCondition(condition=Phrase(any_of=("bill",), said_by=SpeakerRole.CUSTOMER))
    staged.scorecards.keep(
        LOCAL_USER,
        replace(
            staged.scorecards.get(LOCAL_USER, "mine"),
            questions=(
                *staged.scorecards.get(LOCAL_USER, "mine").questions,
                replace(ready_made_scorecards()[0].questions[0], text="Bill?", answerer=said),
            ),
        ),
    )
    call = staged.add_ready()
    page = open_page("call", open_call=call.id)
    assert "**100 %: 2 of 2 points**" in texts(page)
    assert "Bill? **Yes** · 2 of 2" in expanders(page)
    assert "Question 1? **Not answered**" in expanders(page)
    assert "no rule" in texts(page)
    assert "The customer said “bill”" in texts(page).replace("\\", "")
    listen = next(b for b in page.button if b.key == "listen_mine_greeting_0")
    listen.click()
    page.run()
    assert not page.exception
    jump = page.session_state["seek"]
    assert (jump.call_id, jump.play) == (call.id, True)


def test_an_answer_is_changed_with_a_comment_and_given_back(staged, open_page):
    card_of(staged, ByPerson())
    call = staged.add_ready()
    page = open_page("call", open_call=call.id)
    assert "No score" in texts(page)
    press(page, "Change the answer…")
    next(b for b in page.button if b.label == "Save").click()
    # A dialog is a fragment, which AppTest can't rerun alone: it is opened again in the same run.
    press(page, "Change the answer…")
    assert "Write down why." in texts(page)
    page.text_area(key="answer_why_q0").set_value("Heard at 0:03")
    page.radio(key="answer_value_q0").set_value(AnswerValue.NO)
    next(b for b in page.button if b.label == "Save").click()
    press(page, "Change the answer…")
    page.run()
    assert "**0 %: 0 of 2 points**" in texts(page)
    assert "changed by a reviewer" in expanders(page)
    assert "Heard at 0" in texts(page)
    staged.scorecards.override(LOCAL_USER, call.id, "mine", "q0", None, "Mistaken")
    page.run()
    assert "No score" in texts(page)
    assert "Own answer given back" in texts(page)


def test_no_scorecard_in_use_shows_no_score(staged, open_page):
    staged.scorecards.set_enabled(LOCAL_USER, "call_quality", False)
    call = staged.add_ready()
    page = open_page("call", open_call=call.id)
    assert "Score" not in texts(page)


# --- Analytics ------------------------------------------------------------------------------------


def test_analytics_has_scores_by_agent_question_and_week(staged, open_page):
    for agent in ("Ada", "Ada", "Bo"):
        staged.add_ready(agent_name=agent)
    page = open_page("analytics")
    said = as_read(page)
    assert "Score by agent" in said
    assert "Ada: mean" in said
    assert "n = 2" in said
    tables = [t.value for t in page.dataframe]
    by_question = next(t for t in tables if "Question" in t.columns)
    assert list(by_question["Question"]) == [q.text for q in ready_made_scorecards()[0].questions]
    lowest = next(t for t in tables if "Points" in t.columns)
    assert len(lowest) == 3


@pytest.mark.parametrize("used", [True, False])
def test_analytics_without_scores_says_so(staged, open_page, used):
    staged.scorecards.set_enabled(LOCAL_USER, "call_quality", used)
    staged.add_ready()
    page = open_page("analytics")
    assert ("No call of this selection has a score" in texts(page)) is not used
