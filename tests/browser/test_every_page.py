"""Every page, with real calls in it: accessible, in both themes, on a desk and on a phone."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

PAGES = {
    "transcribe": "Drop recordings of calls here",
    "calls": "Nora Fields",
    "call": "Transcript",
    "live_call": "Live call",
    "analytics": "Analytics",
}
GRAVE = {"serious", "critical"}


def shown(open_page, server, name, **window):
    """Open a page and wait until it stands still."""
    page = open_page(server if name == "call" else f"{server}/{name}", **window)
    if name == "call":
        page.goto(f"{server}/call?call={first_call(page, server)}")
        expect(page.locator("[data-line]").first).to_be_visible()
    else:
        expect(page.get_by_text(PAGES[name]).first).to_be_attached()
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
    page.wait_for_timeout(1_000)
    return page


def first_call(page, server):
    """The id of a call, read from where a person finds it: the link to it."""
    page.goto(f"{server}/analytics")
    link = page.locator('a[href*="call="]').first
    if link.count() == 0:
        expect(link).to_be_attached()
    return link.get_attribute("href").split("call=")[1].split("&")[0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_serious(stocked_server, open_page, name, scheme):
    page = shown(open_page, stocked_server, name, scheme=scheme)
    found = Axe().run(page).response["violations"]
    grave = [
        (violation["id"], [node["target"] for node in violation["nodes"]])
        for violation in found
        if violation["impact"] in GRAVE
    ]
    assert grave == []


@pytest.mark.parametrize("name", PAGES)
def test_a_phone_never_scrolls_sideways(stocked_server, open_page, name):
    page = shown(open_page, stocked_server, name, width=390, height=844)
    over = page.evaluate(
        """() => {
            const main = document.querySelector('[data-testid="stMain"]');
            return [main.scrollWidth - main.clientWidth,
                    document.documentElement.scrollWidth - innerWidth];
        }"""
    )
    assert max(over) <= 0


@pytest.mark.parametrize("name", PAGES)
def test_no_page_shows_a_traceback_or_logs_an_error(stocked_server, open_page, name):
    complaints = []
    page = open_page(stocked_server)
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.goto(f"{stocked_server}/{name}")
    page.wait_for_timeout(2_000)
    assert page.get_by_test_id("stException").count() == 0
    # Streamlit probes two addresses below the page's own, which answer 404
    assert [c for c in complaints if "404" not in c] == []
