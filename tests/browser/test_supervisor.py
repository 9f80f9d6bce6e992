"""The Supervisor page while real calls are being held: looked at, read along in, ended."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.axe import grave_findings
from tests.browser.conftest import serving

SECONDS = "600"
LANDS_WITHIN_MS = 60_000


@pytest.fixture(scope="module")
def held_calls(tmp_path_factory, models):
    """A server on which two calls are being held; nobody transcribes afterwards."""
    data_dir = tmp_path_factory.mktemp("held") / "data"
    command = ("tests.browser.held_calls", SECONDS, "Harbor line 1", "Retention, Jo")
    settings = {
        "PARTYLINE_SCRIPTED_PROVIDER": "1",
        "PARTYLINE_PROVIDER": "scripted",
        "PARTYLINE_WATCH_WORDS": "bill",
    }
    with serving(data_dir, models, command=command, **settings) as url:
        yield f"{url}/supervisor"


def card(page, name):
    return page.locator('[class*="st-key-running_cards"] > *', has_text=name)


def test_the_board_follows_the_calls(held_calls, open_page):
    page = open_page(held_calls)
    first = card(page, "Harbor line 1")
    expect(first.get_by_text("On air")).to_be_visible()
    expect(first.get_by_text("Nora Fields").first).to_be_visible()
    expect(first.get_by_text("warning").first).to_be_visible()
    time = first.get_by_text(re.compile(r"On air · \d+:\d\d"))
    before = time.inner_text()
    expect(time).not_to_have_text(before, timeout=5_000)
    expect(card(page, "Retention, Jo")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(held_calls, open_page, scheme):
    page = open_page(held_calls, scheme=scheme)
    expect(page.get_by_text("warning").first).to_be_visible()
    assert grave_findings(page) == []
    card(page, "Harbor line 1").get_by_role("button", name="Read along").click()
    expect(page.locator("[data-line]").first).to_be_visible()
    assert grave_findings(page) == []


def test_a_phone_never_scrolls_sideways(held_calls, open_page):
    page = open_page(held_calls, width=390, height=844)
    expect(card(page, "Harbor line 1")).to_be_visible()
    main = page.locator('[data-testid="stMain"]')
    assert main.evaluate("main => main.scrollWidth - main.clientWidth") <= 0


def test_reading_along_is_for_reading_only_and_lines_come_by_themselves(held_calls, open_page):
    page = open_page(held_calls)
    card(page, "Harbor line 1").get_by_role("button", name="Read along").click()
    expect(page).to_have_url(re.compile(r"\?live="))
    lines = page.locator("[data-line]")
    expect(lines.first).to_be_visible()
    newest = lines.last.get_attribute("data-line")
    expect(lines.last).not_to_have_attribute("data-line", newest, timeout=15_000)
    expect(page.get_by_role("button", name="Summarise now")).to_have_count(0)
    page.get_by_role("button", name="All running calls").click()
    expect(card(page, "Retention, Jo")).to_be_visible()


def test_a_call_is_ended_after_a_question_and_moves_to_calls(held_calls, open_page):
    page = open_page(held_calls)
    card(page, "Retention, Jo").get_by_role("button", name="End call").click()
    page.get_by_role("button", name="Let it go on").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(card(page, "Retention, Jo").get_by_text("On air")).to_be_visible()
    card(page, "Retention, Jo").get_by_role("button", name="End call").click()
    page.get_by_role("button", name="End the call").click()
    moved = page.get_by_text("has ended and moved to Calls")
    expect(moved).to_be_visible(timeout=LANDS_WITHIN_MS)
    expect(card(page, "Harbor line 1").get_by_text("On air")).to_be_visible()
    page.get_by_role("button", name="Open call").click()
    expect(page).to_have_url(re.compile(r"/call\?call="))
