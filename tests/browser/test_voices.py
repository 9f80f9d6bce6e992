"""A voice becomes known: consent, a recording that will not do, one that does."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_every_page import grave_findings
from tests.browser.test_main_job import BILLING
from tests.recordings import save_channel

LEARNT_WITHIN_MS = 120_000
REFUSED = "More than one voice speaks in it"


def learn(page, recording):
    page.locator('input[type="file"]').set_input_files(str(recording))
    # What was said about the recording before goes once the new one has arrived.
    expect(page.get_by_text(REFUSED)).to_have_count(0)
    page.get_by_role("button", name="Learn this voice").click()


def test_a_voice_is_enrolled_and_deleted(fresh_server, open_page, tmp_path):
    alone, both = tmp_path / "alone.wav", tmp_path / "both.wav"
    save_channel(BILLING, 0, alone)
    save_channel(BILLING, None, both)
    page = open_page(f"{fresh_server}/voices")
    expect(page.get_by_text("No voice is known yet")).to_be_visible()
    page.get_by_text("Upload a recording").click()
    expect(page.get_by_text("once the box above is ticked")).to_be_visible()
    expect(page.locator('input[type="file"]')).to_have_count(0)

    page.get_by_label("Name").fill("Nora Fields")
    page.get_by_text("This person knows that their voice").click()
    expect(page.locator('input[type="file"]')).to_be_enabled()
    assert grave_findings(page) == []
    learn(page, both)
    refusal = page.get_by_text(REFUSED)
    expect(refusal).to_be_visible(timeout=LEARNT_WITHIN_MS)

    learn(page, alone)
    good = page.get_by_text("Good: this voice can be recognised")
    expect(good).to_be_visible(timeout=LEARNT_WITHIN_MS)
    page.wait_for_timeout(500)
    assert grave_findings(page) == []
    page.get_by_role("button", name="Remember this voice").click()
    expect(page.get_by_label(re.compile("Table of 1 known voice")).first).to_be_attached()
    expect(page.get_by_label("Name")).to_have_value("")


@pytest.mark.parametrize("width", [1440, 390])
def test_the_menu_of_a_call_gives_way_to_the_question(
    stocked_server, billing_call, open_page, width
):
    page = open_page(f"{stocked_server}/call?call={billing_call}", width=width)
    expect(page.locator("[data-line]").first).to_be_visible()
    page.get_by_test_id("stMenuButton").get_by_role("button").click()
    entries = page.get_by_role("menuitem")
    expect(entries).to_have_count(4)
    entries.filter(has_text="Remember a voice").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Name")).to_be_visible()
    expect(entries).to_have_count(0)
    page.wait_for_timeout(500)
    assert grave_findings(page) == []
    # Nothing lies over the dialog: a click lands where it is meant to.
    dialog.get_by_label("Name").fill("Nora Fields", timeout=5_000)
    dialog.get_by_text("This person knows that their voice").click(timeout=5_000)
    expect(dialog.get_by_role("button", name="Learn this voice")).to_be_enabled()
