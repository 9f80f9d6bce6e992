"""Every page, with real calls in it: accessible, in both themes, on a desk and on a phone."""

import pytest
from playwright.sync_api import expect

from tests.browser.axe import grave_findings, wait_until_still
from tests.browser.conftest import SHOWN_WITHIN_MS

PAGES = {
    "transcribe": "Drop recordings of calls here",
    "calls": "Calls",
    "call": "What happened",
    "live_call": "Live call",
    "supervisor": "No call is being held",
    "voices": "Add a voice",
    "analytics": "Analytics",
    "search": "What is searched",
    "vocabulary": "Words to listen for",
    "scorecards": "Call quality",
    "rules": "Rules look for words",
    "jobs": "Nothing has failed",
    "usage": "Transcribed",
    "audit": "What was done",
    "retention": "How long things stay",
    "settings": "Who is asked first",
    "people": "Add a person",
    "account": "Your API tokens",
}
# the first page is found at the server's own address only
ADDRESSES = {"transcribe": ""}


KEEP_VIOLATIONS = """
    window.violations = [];
    document.addEventListener('securitypolicyviolation', (violation) =>
        violations.push(`${violation.effectiveDirective} ${violation.blockedURI}`));
"""
DARK = "() => matchMedia('(prefers-color-scheme: dark)').matches"


@pytest.fixture(scope="module", params=PAGES)
def opened(request, stocked_server, billing_call, profiles):
    """Each page with calls in it, in a tab of its own, and what its console complains of."""
    name = request.param
    page = profiles(stocked_server).new_page()
    page.add_init_script(KEEP_VIOLATIONS)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.set_default_timeout(SHOWN_WITHIN_MS)
    complaints = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    address = f"{stocked_server}/{ADDRESSES.get(name, name)}"
    page.goto(f"{address}?call={billing_call}" if name == "call" else address)
    if name == "call":
        expect(page.locator("[data-line]").first).to_be_visible()
    expect(page.get_by_text(PAGES[name]).first).to_be_attached()
    page.wait_for_timeout(1_500)
    yield page, complaints
    page.close()


def background(page):
    return page.evaluate(
        "() => getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"
    )


def test_axe_finds_nothing_serious_in_either_theme(opened):
    page, _ = opened
    assert grave_findings(page) == []
    light = background(page)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(DARK)
    found = grave_findings(page, colours_only=True)
    dark = background(page)
    page.emulate_media(color_scheme="light")
    assert found == []
    assert dark != light


def test_a_phone_never_scrolls_sideways(opened):
    page, _ = opened
    page.set_viewport_size({"width": 390, "height": 844})
    wait_until_still(page)
    over = page.evaluate(
        """() => {
            const main = document.querySelector('[data-testid="stMain"]');
            return [main.scrollWidth - main.clientWidth,
                    document.documentElement.scrollWidth - innerWidth];
        }"""
    )
    page.set_viewport_size({"width": 1440, "height": 900})
    assert max(over) <= 0


def test_no_page_shows_a_traceback_or_logs_an_error(opened):
    page, complaints = opened
    assert page.get_by_test_id("stException").count() == 0
    # Streamlit probes two addresses below the page's own, which answer 404
    assert [c for c in complaints if "404" not in c] == []


def test_no_table_can_be_saved_past_the_right_to_export(opened):
    page, _ = opened
    tables = page.get_by_test_id("stDataFrame")
    for number in range(tables.count()):
        if tables.nth(number).is_visible():
            tables.nth(number).hover()
    # Streamlit's own way: it asks for no right, is noted nowhere and leaves formulas as they are.
    assert page.locator("[aria-label^='Download as CSV']").count() == 0


def test_no_page_does_what_its_policy_forbids(opened):
    page, _ = opened
    assert page.evaluate("violations") == []


def test_a_script_that_got_into_a_page_does_not_run(opened):
    page, _ = opened
    ran = page.evaluate(
        """() => {
            window.ran = [];
            const inline = document.createElement('script');
            inline.textContent = "ran.push('inline')";
            const picture = document.createElement('div');
            picture.innerHTML = '<img src="data:," onerror="ran.push(1)">';
            document.body.append(inline, picture);
            return new Promise((done) => setTimeout(() => {
                violations.length = 0;
                done(ran);
            }, 300));
        }"""
    )
    assert ran == []
