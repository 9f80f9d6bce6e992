"""A call is recorded in the browser: read along, left, cut off and stopped, and all is there."""

import time
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from services.domain.findings import FindingKind
from tests.browser import sound
from tests.browser.cuttable import network_to
from tests.browser.recorded_calls import (
    heard_by,
    landed,
    open_live,
    record,
    scripted_server,
    speaking,
    stop,
    stored_sound,
    told_lines,
)

__all__ = ["scripted_server"]

DEMO = Path(__file__).resolve().parents[2] / "demo"
BILLING = next(DEMO.glob("*QUEUE_Billing*.ogg"))
# What was measured of a cut of a minute is in docs/recording-live.md.
CUT_S = 20

pytestmark = sound.TRIED_AGAIN


@pytest.fixture(scope="module")
def talk(tmp_path_factory):
    """Two minutes of a call, as a file for the microphone and as samples."""
    folder = tmp_path_factory.mktemp("talk")
    samples = sound.talk(folder, BILLING, first_s=0, last_s=120)
    return folder / "talk.wav", samples


def test_nothing_is_lost_over_page_switch_and_network_drop(scripted_server, chromium, talk):
    wav, source = talk
    with (
        network_to(scripted_server.url) as (network, url),
        speaking(chromium, wav) as browser,
    ):
        page = open_live(browser, url)
        record(page)
        # captions appear
        expect(told_lines(page).first).to_be_visible()

        # to another page and back; the call goes on meanwhile
        page.get_by_role("link", name="Calls").first.click()
        expect(page.get_by_role("heading", name="Calls")).to_be_visible()
        page.wait_for_timeout(3_000)
        page.get_by_role("link", name="Live call").first.click()
        expect(told_lines(page).first).to_be_visible()

        # the network is gone for a while
        before = told_lines(page).count()
        network.cut()
        page.wait_for_timeout(CUT_S * 1_000)
        network.mend()
        expect(told_lines(page).nth(before)).to_be_visible()
        page.wait_for_timeout(3_000)
        stop(page)
        heard = heard_by(page)
    (call,) = landed(scripted_server.data_dir)
    stored = stored_sound(scripted_server.data_dir, call)[:, 0]
    assert len(stored) >= (CUT_S + 5) * sound.SAMPLE_RATE
    # not one sample less, more or other than the browser's audio thread has given out
    assert np.array_equal(np.round(stored * 32768), heard)
    sound.assert_same(source, stored)


def test_a_reload_costs_what_was_spoken_meanwhile_and_that_is_marked(
    scripted_server, chromium, talk
):
    wav, source = talk
    with speaking(chromium, wav) as browser:
        page = open_live(browser, scripted_server.url)
        page.on("dialog", lambda dialog: dialog.accept())
        record(page)
        expect(told_lines(page).first).to_be_visible()
        page.reload()
        gone = time.monotonic()
        page.get_by_role("button", name="Go on with this call").click()
        page.wait_for_timeout(3_000)
        away_s = time.monotonic() - gone
        expect(page.get_by_text("not recorded").first).to_be_visible()
        stop(page)
    (call,) = landed(scripted_server.data_dir)
    (gap,) = [f.measured for f in call.audio.findings if f.kind is FindingKind.NOT_RECORDED]
    first = round(gap["from_ms"]) * 16
    last = first + round(gap["missing_ms"]) * 16
    assert 0 < gap["missing_ms"] < away_s * 1_000
    stored = stored_sound(scripted_server.data_dir, call)[:, 0]
    assert not stored[first + 16 : last - 16].any()
    sound.assert_same(source, stored[:first])


def test_two_tabs_record_two_calls(scripted_server, chromium, talk):
    wav, _ = talk
    with speaking(chromium, wav) as browser:
        context = browser.new_context()
        first, second = (open_live(context, scripted_server.url) for _ in range(2))
        ids = [record(first)]
        ids.append(record(second))
        for page in (first, second):
            expect(told_lines(page).first).to_be_visible()
        stop(first)
        # the other one goes on
        lines = told_lines(second).count()
        expect(told_lines(second).nth(lines)).to_be_visible()
        stop(second)
        heard = [heard_by(page) for page in (first, second)]
    calls = landed(scripted_server.data_dir, 2)
    assert [call.id for call in calls] == ids
    assert len(set(ids)) == 2
    for call, own in zip(calls, heard, strict=True):
        stored = stored_sound(scripted_server.data_dir, call)[:, 0]
        assert np.array_equal(np.round(stored * 32768), own)
    # Both may have heard the same from the first sample on, but one of them for longer.
    assert not np.array_equal(*heard)
