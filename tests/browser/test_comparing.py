"""Two transcripts of a call beside each other, and a provider checked, in a real browser."""

import subprocess
import sys
import wave

import numpy as np
import pytest
from playwright.sync_api import expect

from app.settings import Settings
from app.wiring import build_services
from services.domain.people import LOCAL_USER
from tests.browser.axe import grave_findings
from tests.browser.conftest import ROOT, environment, serving

SCRIPTED = {"PARTYLINE_SCRIPTED_PROVIDER": "1"}
SECONDS = 40


@pytest.fixture(scope="module")
def twice(tmp_path_factory, models):
    """An installation in which one call was transcribed twice and corrected since; its id too."""
    data = tmp_path_factory.mktemp("twice") / "data"
    surroundings = environment(data, models) | SCRIPTED
    recording = data.parent / "call.wav"
    with wave.open(str(recording), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", "not compressed"))
        tone = 8_000 * np.sin(np.arange(SECONDS * 16_000) * 2 * np.pi * 300 / 16_000)
        file.writeframes(tone.astype("<i2").tobytes())
    for language in ("en", "de"):
        command = ["transcribe", "--save", "--provider", "scripted", "--language", language]
        subprocess.run(
            [sys.executable, "-m", "app.cli", *command, str(recording)],
            env=surroundings,
            cwd=ROOT,
            check=True,
            timeout=200,
            capture_output=True,
        )
    services = build_services(Settings(PARTYLINE_DATA_DIR=data))
    (row,) = services.calls.list(LOCAL_USER.org_id)
    services.review.correct(LOCAL_USER, row.call.id, "u2", "Hello, my bill is <b>wrong</b> again.")
    services.close()
    return data, row.call.id


@pytest.fixture(scope="module")
def server(twice, models):
    with serving(twice[0], models, **SCRIPTED) as url:
        yield url


def open_comparison(open_page, server, call_id, **window):
    page = open_page(f"{server}/call?call={call_id}", **window)
    expect(page.locator("[data-line]").first).to_be_visible()
    tab = page.get_by_role("tab", name="Review")
    tab.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_role("tab", name="Compare")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_text("Word error rate").first).to_be_visible()
    expect(page.locator(".compared-rows li").first).to_be_visible()
    return page


@pytest.mark.parametrize(
    "window",
    [
        {"width": 1440, "scheme": "light"},
        {"width": 1440, "scheme": "dark"},
        {"width": 390, "scheme": "dark"},
    ],
)
def test_transcripts_are_compared_by_keyboard(open_page, server, twice, window):
    page = open_comparison(open_page, server, twice[1], **window)
    changed = page.locator(".compared-rows mark")
    expect(changed.first).to_be_visible()
    # what a person typed is read as text
    expect(page.locator(".compared-rows").get_by_text("<b>wrong</b>")).to_be_visible()
    expect(page.locator(".compared-alike").first).to_contain_text("alike")
    # marks are told by more than colour
    assert "underline" in changed.first.evaluate("e => getComputedStyle(e).textDecorationLine")
    assert grave_findings(page) == []
    over = page.evaluate(
        """() => {
            const main = document.querySelector('[data-testid="stMain"]');
            return main.scrollWidth - main.clientWidth;
        }"""
    )
    assert over <= 0
    page.get_by_role("tab", name="Review").click()
    expect(page.locator("[data-line]").first).to_be_visible()


def test_another_provider_is_asked_from_there(open_page, server, twice):
    page = open_comparison(open_page, server, twice[1])
    page.get_by_role("button", name="Transcribe with another provider…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("combobox", name="Speech provider")).to_be_visible()
    expect(dialog.get_by_text("If it can't be reached")).to_be_visible()
    assert grave_findings(page) == []


def test_a_provider_is_checked_by_keyboard(open_page, server):
    page = open_page(f"{server}/settings")
    button = page.get_by_role("button", name="Check This machine")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("It would take a call now.")).to_be_visible()
    assert grave_findings(page) == []
