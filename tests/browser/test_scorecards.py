"""A score on a call's page: why, listened to, changed by a reviewer, and there after a reload."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.axe import grave_findings, wait_until_still
from tests.browser.test_main_job import current_time

QUESTION = "Is the customer told that the call is recorded?"


def total(page):
    return page.get_by_text(re.compile(r"^\d+ %: \d+ of \d+ points"))


def answer(page):
    return page.locator("summary", has_text=QUESTION)


@pytest.mark.parametrize("width", [1440, 390])
def test_an_answer_is_explained_listened_to_changed_and_kept(
    stocked_server, billing_call, open_page, width
):
    page = open_page(f"{stocked_server}/call?call={billing_call}", width=width)
    expect(page.locator("[data-line]").first).to_be_visible()
    before = total(page).inner_text()
    answer(page).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("“Recording notice” applies.")).to_be_visible()
    assert grave_findings(page) == []

    page.locator("[class*=st-key-listen_call_quality_recording_notice_0]").get_by_role(
        "button"
    ).click()
    for _ in range(60):
        if (current_time(page) or 0) > 0:
            break
        page.wait_for_timeout(250)
    assert current_time(page) > 0

    value = "No" if width == 1440 else "Yes"
    page.locator("[class*=st-key-change_call_quality_recording_notice]").get_by_role(
        "button"
    ).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text(value, exact=True).click()
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("Write down why.")).to_be_visible()
    dialog.get_by_role("textbox").fill(f"Listened to at {width}")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    expect(answer(page)).to_contain_text("changed by a reviewer")
    if value == "No":
        expect(total(page)).not_to_have_text(before)
    wait_until_still(page)
    changed = total(page).inner_text()

    page.reload()
    expect(page.locator("[data-line]").first).to_be_visible()
    expect(total(page)).to_have_text(changed)
    expect(answer(page)).to_contain_text(f"{value} · ")
    expect(answer(page)).to_contain_text("changed by a reviewer")


def test_a_copy_is_edited_tried_and_saved(stocked_server, open_page):
    page = open_page(f"{stocked_server}/scorecards")
    page.get_by_role("button", name="Make a copy").first.click()
    expect(page.get_by_role("heading", name="Change a scorecard")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("Ours")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Try on a call").click()
    expect(page.get_by_role("heading", name="Score: Ours")).to_be_visible()
    assert grave_findings(page) == []
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Ours")).to_be_visible()
