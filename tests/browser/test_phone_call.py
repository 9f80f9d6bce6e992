"""Phone calls on the pages, with the telephone service emulated: from the number to the figures."""

import re
import time
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from emulators.acs.plans import CallPlan
from emulators.acs.server import AcsEmulator
from tests.browser.axe import grave_findings
from tests.browser.conftest import free_port, serving

NUMBER = "+14255550123"
SECRET = "a-secret-of-24-characters"
WITHIN_S = 20
LANDS_WITHIN_MS = 60_000


@pytest.fixture(scope="module")
def telephone():
    """The telephone service, whose calls are said twice as fast and never end by themselves."""
    with AcsEmulator(CallPlan(speed=2.0, rounds=None)) as service:
        yield service


@pytest.fixture(scope="module")
def server(telephone, tmp_path_factory, models):
    """A server that the telephone service is set up for."""
    port = free_port()
    settings = {
        "PARTYLINE_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "PARTYLINE_SCRIPTED_PROVIDER": "1",
        "PARTYLINE_PROVIDER": "scripted",
        "ACS_ENDPOINT": telephone.endpoint,
        "ACS_ACCESS_KEY": telephone.key,
        "ACS_RESOURCE_ID": telephone.issuer.audience,
        "ACS_TOKEN_ISSUER": telephone.endpoint,
        "ACS_SPEECH_ENDPOINT": "https://speech.example.org",
        "ACS_CALLER_NUMBER": "+14255550100",
        "PARTYLINE_PHONE_PREFIXES": "+1",
        "ACS_EVENT_SECRET": SECRET,
    }
    data_dir = tmp_path_factory.mktemp("phone") / "data"
    with serving(data_dir, models, port=port, **settings) as url:
        yield url


def the_form(open_page, server, **window):
    """The Live page with the phone chosen."""
    page = open_page(f"{server}/live_call", **window)
    page.get_by_text("A phone call", exact=True).click()
    expect(page.get_by_role("button", name="Join")).to_be_visible()
    return page


def place(page):
    """Call the number; the page reads along."""
    page.get_by_role("textbox", name="Phone number").fill(NUMBER)
    page.get_by_role("button", name="Call", exact=True).click()
    expect(page).to_have_url(re.compile(r"[?&]live="))
    return page


def hang_up(page, how):
    page.get_by_role("button", name="Hang up").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text(how).click()
    dialog.get_by_role("button", name="Hang up").click()
    expect(dialog).to_have_count(0)


def card(board, page):
    """The card of the call that a page reads along in."""
    return board.locator(f".st-key-running_{parse_qs(urlsplit(page.url).query)['live'][0]}")


def wait(condition):
    until = time.monotonic() + WITHIN_S
    while not condition():
        assert time.monotonic() < until, "it didn't happen"
        time.sleep(0.05)


def test_a_call_from_the_number_to_its_figures(telephone, server, open_page):
    page = the_form(open_page, server)
    page.get_by_text("More from the telephone service").click()
    page.get_by_text("Sentiment by the service").click()
    expect(page.get_by_role("switch", name="Sentiment by the service")).to_be_checked()
    place(page)
    expect(page.locator("[data-line]").first).to_be_visible()
    asked = telephone.asked("/calling/callConnections")[-1]["transcriptionOptions"]
    assert asked["enableSentimentAnalysis"] is True
    assert asked["enableIntermediateResults"] is True

    board = open_page(f"{server}/supervisor")
    expect(card(board, page).get_by_text("Negative").first).to_be_visible()
    card(board, page).get_by_text("Azure Communication Services").first.click()
    expect(card(board, page).get_by_text(telephone.calls[-1].connection_id)).to_be_visible()
    card(board, page).get_by_role("button", name="Read along").click()
    expect(board.locator("[data-line]").first).to_be_visible()
    expect(board.locator(".mark-sentiment.negative").first).to_be_visible()
    expect(board.get_by_text("[PERSON]").first).to_be_visible()
    shown = board.locator('[data-testid="stMain"]').inner_text()
    assert NUMBER[-7:] not in shown
    assert "Robert Hale" not in shown

    board.get_by_role("combobox", name=re.compile("^Language")).fill("Spanish (MX)")
    board.get_by_role("option", name="Spanish (MX)").click()
    board.get_by_role("button", name="Change language").click()
    wait(lambda: telephone.asked(":updateTranscription"))
    assert telephone.asked(":updateTranscription")[-1]["locale"] == "es-MX"
    expect(board.get_by_text("Language (now Spanish (MX))")).to_be_visible()

    board.get_by_role("button", name="Service's summary so far").click()
    expect(board.get_by_text("the agent offered the new rate").first).to_be_visible()
    expect(board.get_by_text("by the telephone service").first).to_be_visible()

    hang_up(board, "End it for everyone")
    wait(lambda: telephone.calls[-1].is_over)
    page.get_by_role("button", name="Open the call").first.click(timeout=LANDS_WITHIN_MS)
    expect(page).to_have_url(re.compile(r"/call\?call="))
    expect(page.locator("[data-line]").first).to_be_visible(timeout=LANDS_WITHIN_MS)
    expect(page.get_by_text("There is no recording of this call").first).to_be_visible()
    expect(page.get_by_text(re.compile(r"Customer speaks [\d.]+ s in")).first).to_be_visible()
    expect(page.get_by_text("needs the recording").first).to_be_visible()
    expect(page.get_by_text(re.compile(r"of all talk, .* % of the call")).first).to_be_attached()


def test_who_rings_is_answered_and_told_what_to_do(telephone, server, open_page):
    page = the_form(open_page, server)
    expect(page.get_by_text("Nobody is calling at the moment.")).to_be_visible()
    assert telephone.ring(f"{server}/acs/incoming?secret={SECRET}") == 200
    page.get_by_role("button", name=re.compile("Answer")).click()
    expect(page).to_have_url(re.compile(r"[?&]live="))
    expect(page.locator("[data-line]").first).to_be_visible()
    page.get_by_role("button", name="Stop transcription").click()
    expect(page.get_by_text("is not being transcribed at the moment")).to_be_visible()
    page.get_by_role("button", name="Start transcription").click()
    wait(lambda: telephone.asked(":startTranscription"))
    expect(page.get_by_role("button", name="Stop transcription")).to_be_visible()
    assert grave_findings(page) == []
    hang_up(page, "Leave it")
    wait(lambda: telephone.calls[-1].is_over)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_and_a_phone_never_scrolls_sideways(server, open_page, scheme):
    page = the_form(open_page, server, width=390, height=844, scheme=scheme)
    page.get_by_text("More from the telephone service").click()
    assert grave_findings(page) == []
    main = page.locator('[data-testid="stMain"]')
    assert main.evaluate("main => main.scrollWidth - main.clientWidth") <= 0
    place(page)
    expect(page.get_by_role("button", name="Stop transcription")).to_be_visible()
    expect(page.locator("[data-line]").first).to_be_visible()
    assert main.evaluate("main => main.scrollWidth - main.clientWidth") <= 0
    board = open_page(f"{server}/supervisor", scheme=scheme)
    card(board, page).get_by_text("Azure Communication Services").first.click()
    assert grave_findings(board) == []
    card(board, page).get_by_role("button", name="Read along").click()
    expect(board.locator("[data-line]").first).to_be_visible()
    hang_up(board, "End it for everyone")
