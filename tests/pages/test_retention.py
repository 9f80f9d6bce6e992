"""The Retention page, and holds on the pages of calls."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app import session
from services.domain.people import LOCAL_USER, Role
from services.domain.retention import Kept, RetentionPeriod
from tests.pages.conftest import as_read, press


def test_a_period_is_set_and_what_it_would_delete_is_told(staged, open_page):
    old = datetime.now(UTC) - timedelta(days=400)
    staged.add_ready(started_at=old, customer_ref="C-1")
    held = staged.add_ready(started_at=old, customer_ref="C-2")
    staged.keeping.holds.hold_call(LOCAL_USER, held.id, "claim *17*")
    page = open_page("retention")
    said = as_read(page)
    assert "everything stays until somebody deletes it" in said
    assert "Nothing is due." in said
    assert "claim *17*" in said
    page.selectbox[0].set_value(Kept.CALL)
    page.number_input[0].set_value(365)
    page = press(page, "Save")
    assert staged.keeping.retention.periods(LOCAL_USER) == [
        RetentionPeriod(kind=Kept.CALL, days=365)
    ]
    said = as_read(page)
    assert "**1 whole call**" in said
    assert "1 call whose time is over is on hold and stays." in said
    assert page.dataframe[0].value["Deleted after"].tolist() == ["365 days"]
    page = press(page, "Release")
    assert "**2 whole calls**" in as_read(page)
    page.selectbox[0].set_value(Kept.CALL)
    page = press(page, "Take this period away")
    assert "Nothing is due." in as_read(page)


def test_a_customer_is_put_on_hold(staged, open_page):
    call = staged.add_ready(customer_ref="C-2")
    page = open_page("retention")
    page.text_input[0].set_value("C-2")
    page = press(page, "Put on legal hold")
    assert "Give a reason" in as_read(page)
    page.text_input[0].set_value("C-2")
    page.text_input[1].set_value("court order")
    press(page, "Put on legal hold")
    calls = open_page("calls")
    assert calls.dataframe[0].value["state"].tolist()[0].endswith("on hold")
    shown = as_read(open_page("call", open_call=call.id))
    assert "Everything of this customer is on legal hold" in shown
    assert "court order" in shown


@pytest.mark.parametrize(("role", "sees"), [(Role.VIEWER, False), (Role.SUPERVISOR, True)])
def test_who_may_not_operate_changes_no_period(staged, open_page, monkeypatch, role, sees):
    monkeypatch.setattr(session, "current_user", lambda: replace(LOCAL_USER, role=role))
    page = open_page("retention")
    assert "How long things stay" not in as_read(page)
    assert ("On legal hold" in as_read(page)) is sees
    assert ("Only those who look after" in as_read(page)) is not sees


def test_a_call_whose_words_were_deleted_says_so(staged, open_page):
    call = staged.add_ready()
    staged.keeping.store.delete_text(call.org_id, call.id, "no run")
    said = as_read(open_page("call", open_call=call.id))
    assert "was deleted on" in said
    assert "Its figures stay." in said
    assert "failed" not in said
