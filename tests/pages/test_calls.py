"""The Calls page: table, filters, paging and what can be done with calls."""

from dataclasses import replace
from datetime import UTC, datetime

from components.call_view.dialogs import rerun_key
from components.calls_table import CallsAct, CallsIntent, calls_frame, table_key
from components.options_form import differing, shared_options, with_changes
from pages import _calls
from services.domain.calls import CallState, ProcessingOptions, SpeakerCount
from services.domain.errors import NotAudio, NotFound, StorageError
from services.storage.calls import CallFilter
from tests.pages.conftest import texts
from tests.pages.samples import ORG


def test_empty_list_offers_two_ways_on(staged, open_page):
    """An empty list says so and leads on."""
    page = open_page("calls")
    assert "There are no calls yet" in texts(page)
    assert {"Load demo calls", "Transcribe a recording"} <= {b.label for b in page.button}


def test_table_shows_state_figures_and_reason(staged):
    """Every column has its unit or word; what is missing is left empty."""
    ready = staged.add_ready(agent_name="Dana", customer_ref="C-1", queue="Billing")
    failed = staged.add_failed(NotAudio(), source_name="<b>notes</b>.txt")
    frame = calls_frame(staged.calls.list(ORG), "Europe/Berlin").set_index("file")
    row = frame.loc[ready.source_name]
    assert row["state"] == "✓ Ready"
    assert row["sentiment"].startswith("● Neutral")
    assert 0 < row["share"] < 100
    assert str(row["held"].tz) == "Europe/Berlin"
    assert frame.loc[failed.source_name]["state"] == "✕ Failed"
    assert frame.loc[failed.source_name]["reason"] == NotAudio().user_message


def test_filters_reach_the_query(staged, open_page):
    """Text and state filters narrow the list; filters that fit nothing say so."""
    staged.add_ready(agent_name="Dana")
    staged.add(state=CallState.CANCELLED, source_name="other.wav")
    page = open_page("calls")
    assert "2 calls" in texts(page)
    # One is known by its file only, and one isn't ready.
    assert list(page.dataframe[0].value)[1:5] == ["state", "file", "agent", "held"]
    page.text_input(key="calls_text").set_value("Dana").run()
    assert "1 call" in texts(page)
    assert list(page.dataframe[0].value)[1:4] == ["agent", "held", "customer"]
    assert list(page.dataframe[0].value)[-1] == "state"
    page.text_input(key="calls_text").set_value("nobody").run()
    assert "No call fits these filters" in texts(page)


def test_pages_of_many_calls(staged, open_page):
    """More calls than fit on a page get further pages, whose rows are those that follow."""
    for n in range(30):
        staged.add(source_name=f"call{n:02}.wav", created_at=datetime(2026, 1, n + 1, tzinfo=UTC))
    page = open_page("calls")
    assert len(page.dataframe[0].value) == 25
    page.pagination[0].set_value(2).run()
    assert list(page.dataframe[0].value["file"]) == [f"call0{n}.wav" for n in (4, 3, 2, 1, 0)]


def test_open_goes_to_the_call(staged, open_page, monkeypatch):
    """The button in a row leads to that call's page."""
    call = staged.add_ready(agent_name="Dana")
    intent = CallsIntent(act=CallsAct.OPEN, call_ids=(call.id,))
    monkeypatch.setattr("components.calls_table.draw_calls_table", lambda *_, **__: intent)
    page = open_page("calls")
    assert "Dana" in [t.value for t in page.title]
    assert page.query_params["call"] == call.id


def test_delete_asks_first(staged, open_page, monkeypatch):
    """Nothing is deleted before the question has been answered."""
    call = staged.add_ready()
    intent = CallsIntent(act=CallsAct.DELETE, call_ids=(call.id,))
    monkeypatch.setattr("components.calls_table.draw_calls_table", lambda *_, **__: intent)
    assert "This can't be undone" in texts(open_page("calls"))
    assert staged.calls.count(ORG, CallFilter()) == 1


def test_delete_rerun_and_retry_reach_the_desk(staged, monkeypatch):
    """What was asked for is done to every selected call, with the options that were chosen."""
    first, second = staged.add_ready(), staged.add_ready()
    rows = staged.calls.list(ORG)
    options = ProcessingOptions(language="de", expected_speakers=3)
    monkeypatch.setattr(_calls, "ask_delete", lambda count, on_yes: on_yes())
    monkeypatch.setattr(
        _calls, "ask_rerun", lambda choices, runs, on_yes: on_yes({c: options for c, _ in runs})
    )
    monkeypatch.setattr(_calls.st, "rerun", lambda: None)
    ids = (first.id, second.id)
    for act in (CallsAct.RERUN, CallsAct.RETRY, CallsAct.DELETE):
        _calls.carry_out(CallsIntent(act=act, call_ids=ids), rows)
    wanted = ("rerun de 3", "retry", "delete")
    assert sorted(staged.desk.asked) == sorted((act, call_id) for act in wanted for call_id in ids)


def test_what_one_call_refuses_is_done_to_the_others(staged, monkeypatch):
    """Gone and refused calls are told in one message; the rest is done all the same."""
    calls = [staged.add_ready() for _ in range(4)]
    ids = tuple(call.id for call in calls)
    rows = staged.calls.list(ORG)
    told = []
    monkeypatch.setattr(_calls, "ask_delete", lambda count, on_yes: on_yes())
    monkeypatch.setattr("app.session.notify", told.append)
    monkeypatch.setattr(_calls.st, "rerun", lambda: None)
    staged.desk.refused = {ids[0]: NotFound(), ids[2]: StorageError()}
    _calls.carry_out(CallsIntent(act=CallsAct.RETRY, call_ids=ids), rows)
    assert staged.desk.asked == [("retry", ids[1]), ("retry", ids[3])]
    gone, broken = NotFound().user_message, StorageError().user_message
    assert told == [f"1 call: {gone} 1 call: {broken}"]
    # a call that is gone is what was wanted
    _calls.carry_out(CallsIntent(act=CallsAct.DELETE, call_ids=ids), rows)
    assert told[1:] == [f"3 calls deleted. 1 call: {broken}"]
    assert {row.call.id for row in staged.calls.list(ORG)} == {ids[0], ids[2]}


def test_calls_keep_their_own_options_but_for_what_is_changed():
    """Several calls at once: a field that nobody touched stays each call's own."""
    german = ProcessingOptions(language="de", redact=True)
    open_one = ProcessingOptions(provider="azure", language="en", redact=False)
    both = [german, open_one]
    shown = shared_options(both)
    assert (shown.language, shown.redact) == ("de", False)
    assert differing(both) == ["speech provider", "language", "taking out personal data"]
    assert [with_changes(own, shown, shown) for own in both] == both
    chosen = replace(shown, redact=True, expected_speakers=2)
    assert with_changes(german, shown, chosen) == replace(german, expected_speakers=2)
    assert with_changes(open_one, shown, chosen) == replace(
        open_one, redact=True, expected_speakers=2
    )
    three = replace(german, expected_speakers=3)
    bounded = replace(shown, min_speakers=2, max_speakers=4)
    assert with_changes(three, shown, bounded) == replace(german, min_speakers=2, max_speakers=4)
    assert differing([german, three, bounded]) == [
        "number of speakers",
        "taking out personal data",
    ]


def test_another_call_s_answers_are_not_offered_again(staged, open_page, monkeypatch):
    """Redaction switched off for one call is on again when the next one is asked about."""
    first, second = staged.add_ready(), staged.add_ready()
    intents = [CallsIntent(act=CallsAct.RERUN, call_ids=(first.id,))]
    monkeypatch.setattr("components.calls_table.draw_calls_table", lambda *_, **__: intents[-1])
    page = open_page("calls")
    page.toggle(key=f"{rerun_key([(first.id, 1)])}_redact").set_value(False).run()
    assert page.toggle(key=f"{rerun_key([(first.id, 1)])}_redact").value is False
    page.button(key=f"{rerun_key([(first.id, 1)])}_yes").click().run()
    assert staged.desk.options[first.id].redact is False
    intents.append(CallsIntent(act=CallsAct.RERUN, call_ids=(second.id,)))
    page.run()
    assert page.toggle(key=f"{rerun_key([(second.id, 1)])}_redact").value is True
    page.button(key=f"{rerun_key([(second.id, 1)])}_yes").click().run()
    assert staged.desk.options[second.id].redact is True


def test_rerun_asks_for_language_and_speakers(staged, open_page, monkeypatch):
    """The question offers the options that a run takes, as they were the last time."""
    call = staged.add_ready()
    intent = CallsIntent(act=CallsAct.RERUN, call_ids=(call.id,))
    monkeypatch.setattr("components.calls_table.draw_calls_table", lambda *_, **__: intent)
    page = open_page("calls")
    key = rerun_key([(call.id, 1)])
    assert page.selectbox(key=f"{key}_language").value is None
    speakers = page.selectbox(key=f"{key}_speakers")
    assert speakers.options == ["Find out", "Exactly so many", "Between two numbers"]
    speakers.select("Between two numbers").run()
    page.select_slider(key=f"{key}_speakers_bounds").set_range(3, 5).run()
    assert page.toggle(key=f"{key}_redact").value is True
    page.button(key=f"{key}_yes").click().run()
    assert SpeakerCount.of(staged.desk.options[call.id]) == SpeakerCount(least=3, most=5)


def test_selected_rows_offer_what_fits_their_state(staged, open_page):
    """A failed call can be retried, a finished one can't be cancelled."""
    staged.add_failed(NotAudio())
    chosen = {"selection": {"rows": [0], "columns": [], "cells": []}}
    page = open_page("calls")
    page.session_state[f"{table_key(staged.calls.list(ORG))}_table"] = chosen
    page.run()
    labels = {b.label for b in page.button}
    assert {"Open", "Retry", "Process again…", "Delete…"} <= labels
    assert "Cancel" not in labels
