"""Speakers told apart again from a call's page: asked, done, and shown."""

import sqlite3
from contextlib import closing

import pytest
from playwright.sync_api import expect

from tests.browser.axe import grave_findings

DONE_WITHIN_MS = 120_000


@pytest.fixture
def short_call(stocked_data):
    """The id of the demo call that is soonest relabelled."""
    with closing(sqlite3.connect(stocked_data / "partyline.db")) as database:
        query = "SELECT id FROM calls WHERE queue = 'Appointments'"
        return database.execute(query).fetchone()[0]


@pytest.fixture
def transcripts_of(stocked_data):
    """Count the transcripts that are kept of a call."""

    def count(call_id: str) -> int:
        with closing(sqlite3.connect(stocked_data / "partyline.db")) as database:
            query = "SELECT count(*) FROM transcripts WHERE call_id = ?"
            return database.execute(query, (call_id,)).fetchone()[0]

    return count


@pytest.mark.parametrize("width", [1440, 390])
def test_the_question_is_answered_by_keyboard_and_the_new_speakers_are_shown(
    stocked_server, short_call, transcripts_of, open_page, width
):
    before = transcripts_of(short_call)
    page = open_page(f"{stocked_server}/call?call={short_call}", width=width)
    expect(page.locator("[data-line]").first).to_be_visible()
    page.get_by_test_id("stMenuButton").get_by_role("button").focus()
    page.keyboard.press("Enter")
    page.get_by_role("menuitem", name="Tell speakers apart again").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("who says them is found out anew")).to_be_visible()
    dialog.get_by_role("combobox", name="Speakers").focus()
    page.keyboard.press("ArrowDown")
    page.get_by_role("option", name="Between two numbers").wait_for()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    expect(dialog.get_by_text("Least and most speakers")).to_be_visible()
    assert grave_findings(page) == []

    dialog.get_by_role("button", name="Tell speakers apart", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_be_hidden(timeout=DONE_WITHIN_MS)
    expect(page.get_by_text("local voices (relabelled)")).to_be_attached()
    expect(page.get_by_text("as before by local whisper-base")).to_be_attached()
    expect(page.locator("[data-line]").first).to_be_visible()
    assert transcripts_of(short_call) == before + 1
