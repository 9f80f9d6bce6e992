"""Every page, with real calls in it: accessible, in both themes, on a desk and on a phone."""

import pytest
from playwright.sync_api import expect

from tests.browser.axe import grave_findings

PAGES = {
    "transcribe": "Drop recordings of calls here",
    "calls": "Calls",
    "call": "What happened",
    "live_call": "Live call",
    "supervisor": "No call is being held",
    "voices": "Add a voice",
    "analytics": "Analytics",
    "vocabulary": "Words to listen for",
    "scorecards": "Call quality",
    "rules": "Rules look for words",
    "settings": "Who is asked first",
}
# the first page is found at the server's own address only
ADDRESSES = {"transcribe": ""}


@pytest.fixture
def shown(stocked_server, billing_call, open_page):
    """Open a page with calls in it and wait until it stands still."""

    def show(name, **window):
        address = f"{stocked_server}/{ADDRESSES.get(name, name)}"
        page = open_page(f"{address}?call={billing_call}" if name == "call" else address, **window)
        if name == "call":
            expect(page.locator("[data-line]").first).to_be_visible()
        expect(page.get_by_text(PAGES[name]).first).to_be_attached()
        page.wait_for_timeout(1_500)
        return page

    return show


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_serious(shown, name, scheme):
    assert grave_findings(shown(name, scheme=scheme)) == []


@pytest.mark.parametrize("name", PAGES)
def test_a_phone_never_scrolls_sideways(shown, name):
    page = shown(name, width=390, height=844)
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
    page.goto(f"{stocked_server}/{ADDRESSES.get(name, name)}")
    page.wait_for_timeout(2_000)
    assert page.get_by_test_id("stException").count() == 0
    # Streamlit probes two addresses below the page's own, which answer 404
    assert [c for c in complaints if "404" not in c] == []
