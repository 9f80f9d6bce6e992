"""The Rules page, and what rules find as calls, lists and Analytics show it."""

from dataclasses import replace

import pytest

from app import session
from services.domain.errors import NotFound
from services.domain.people import LOCAL_USER, Role
from services.domain.rules import Not, Phrase, Place
from services.domain.speech import SpeakerRole
from services.rule_book import Origin
from services.understanding.rules.yaml_form import rules_from_yaml
from tests.pages.conftest import press, texts
from tests.pages.samples import sample_transcript

PARCEL = """
rules:
- id: parcel
  name: Blue parcel
  kind: problem
  alert: true
  when:
    said: blue parcel
    by: customer
"""
LINES = (("s1", "Hello how can I help", 0.0), ("s2", "Where is my blue parcel", -0.4))
NEW = "rule_new_rule_0"


def kept(staged, rule_id):
    return staged.rule_book.get(LOCAL_USER, rule_id)


def keep(staged, text=PARCEL):
    staged.rule_book.take_in(LOCAL_USER, text)
    staged.sweeps.run_next()


def edit(page, rule_id):
    page.button(key=f"rule_edit_{rule_id}").click()
    page.run()
    assert not page.exception, page.exception
    return page


def test_a_rule_is_written_tried_out_and_found_in_stored_calls(staged, open_page):
    call = staged.add_ready(sample_transcript(LINES))
    page = press(open_page("rules"), "New rule")
    page.text_input(key=f"{NEW}_name").set_value("Blue parcel")
    page.text_area(key=f"{NEW}_phrases").set_value("blue parcel\n\ngreen parcel")
    page.number_input(key=f"{NEW}_where_s").set_value(30)
    page.selectbox(key=f"{NEW}_where").select_index(1)
    press(page, "Try out")
    assert "Would apply to **1** of the newest 1 call." in texts(page)
    assert "said “blue parcel”" in texts(page)
    with pytest.raises(NotFound):
        kept(staged, "blue_parcel")
    press(page, "Save")
    rule = kept(staged, "blue_parcel").rule
    assert rule.condition == Phrase(
        any_of=("blue parcel", "green parcel"), within=Place(first_ms=30_000)
    )
    assert staged.sweeps.run_next()
    assert staged.rule_book.counts(LOCAL_USER)["blue_parcel"] == 1
    assert [c.rule_id for c in staged.categories.of_call("local", call.id)].count(
        "blue_parcel"
    ) == 1


def test_what_cannot_be_kept_is_told(staged, open_page):
    page = press(open_page("rules"), "New rule")
    press(page, "Save")
    assert "Give the rule a name." in texts(page)
    page.text_input(key=f"{NEW}_name").set_value("Empty")
    press(page, "Save")
    assert "Write at least one phrase" in texts(page)
    page.text_area(key=f"{NEW}_phrases").set_value("(open")
    press(page, "Save")
    assert "this bracket is never closed" in texts(page)


def test_missing_and_negation_come_back_as_they_were_saved(staged, open_page):
    keep(staged)
    page = edit(open_page("rules"), "parcel")
    page.toggle(key="rule_parcel_1_missing").set_value(True)
    page.toggle(key="rule_parcel_1_negated").set_value(True)
    press(page, "Save")
    saved = Phrase(any_of=("blue parcel",), said_by=SpeakerRole.CUSTOMER, unless_negated=True)
    assert kept(staged, "parcel").rule.condition == Not(condition=saved)
    page = edit(page, "parcel")
    assert page.toggle(key="rule_parcel_2_missing").value is True


def test_a_rule_beyond_the_form_is_changed_as_yaml(staged, open_page):
    (rule,) = rules_from_yaml(PARCEL)
    keep(staged, PARCEL.replace("    by: customer", "    by: customer\n    after: [hello]"))
    page = edit(open_page("rules"), "parcel")
    assert "more than the form can show" in page.info[0].value
    page.text_area(key="rule_parcel_1_yaml_text").set_value(PARCEL)
    press(page, "Save")
    assert kept(staged, "parcel").rule == rule


def test_switching_off_takes_the_category_from_calls(staged, open_page):
    keep(staged)
    staged.add_ready(sample_transcript(LINES))
    page = open_page("rules")
    assert page.button(key="rule_calls_parcel").label.startswith("1 call ")
    page.toggle(key="rule_on_parcel_1").set_value(False).run()
    assert not kept(staged, "parcel").rule.enabled
    assert "parcel" not in staged.rule_book.counts(LOCAL_USER)


def test_a_shipped_rule_is_changed_and_restored(staged, open_page):
    page = open_page("rules")
    page.toggle(key="rule_on_fraud_0").set_value(False).run()
    assert kept(staged, "fraud").origin is Origin.CHANGED
    page.toggle(key="rule_on_fraud_1").set_value(True).run()
    assert kept(staged, "fraud").origin is Origin.SHIPPED


def test_an_own_rule_is_deleted_only_when_confirmed(staged, open_page):
    keep(staged)
    page = edit(open_page("rules"), "parcel")
    page.button(key="rule_remove").click().run()
    assert "parcel" not in {k.rule.id for k in staged.rule_book.kept(LOCAL_USER)}


def test_somebody_elses_change_is_not_overwritten(staged, open_page):
    keep(staged)
    page = edit(open_page("rules"), "parcel")
    staged.rule_book.switch(LOCAL_USER, "parcel", on=False)
    press(page, "Save")
    assert "was changed elsewhere" in texts(page)
    assert not kept(staged, "parcel").rule.enabled


def test_viewers_only_look(staged, open_page, monkeypatch):
    viewer = replace(LOCAL_USER, role=Role.VIEWER)
    monkeypatch.setattr(session, "current_user", lambda: viewer)
    keep(staged)
    page = edit(open_page("rules"), "parcel")
    assert next(b for b in page.button if b.label == "Save").disabled


def test_progress_is_shown_and_can_be_stopped(staged, open_page):
    page = press(open_page("rules"), "Apply to all calls")
    assert "Waiting for a worker" in page.get("progress")[0].proto.text
    press(page, "Stop")
    assert "Stopped." in texts(page)


def test_a_call_shows_its_categories_and_why(staged, open_page):
    keep(staged)
    call = staged.add_ready(sample_transcript(LINES))
    page = open_page("call", open_call=call.id)
    assert "red-badge" in texts(page)
    assert "The customer said “blue parcel”" in texts(page)


def test_calls_are_listed_by_category_and_unseen_alert(staged, open_page):
    keep(staged)
    staged.add_ready(sample_transcript(LINES), agent_name="Nora")
    staged.add_ready(sample_transcript((("s1", "Hello", 0.0), ("s2", "Good day", 0.0))))
    page = open_page("rules")
    page.button(key="rule_calls_parcel").click().run()
    assert "1 call · Blue parcel" in texts(page)
    table = page.dataframe[0].value
    assert "Blue parcel" in table["alerts"].iloc[0]


def test_analytics_counts_categories(staged, open_page):
    keep(staged)
    staged.add_ready(sample_transcript(LINES), agent_name="Nora")
    page = open_page("analytics")
    tables = [frame.value for frame in page.dataframe]
    categories = next(t for t in tables if "Category" in t)
    row = categories[categories["Category"] == "Blue parcel"].iloc[0]
    assert (row["Calls"], row["Share"]) == (1, 100)
