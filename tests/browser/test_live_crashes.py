"""The web process dies in mid-call, and the call goes on in the next one.

Calls that nobody comes back to are in tests/faults/test_live_kills.py.
"""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser import sound
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
RECORDED_S = 5
GONE_S = 3
NOT_CONNECTED = "Not connected; what is said is kept here"

pytestmark = sound.TRIED_AGAIN


@pytest.mark.parametrize("how", ["crash", "stop"])
def test_a_call_goes_on_when_its_server_is_back(scripted_server, chromium, tmp_path, how):
    """Killed or ended in order, and started again in the same place: nothing is lost."""
    source = sound.talk(tmp_path, BILLING, first_s=0, last_s=90)
    with speaking(chromium, tmp_path / "talk.wav") as browser:
        page = open_live(browser, scripted_server.url)
        call_id = record(page)
        expect(told_lines(page).first).to_be_visible()
        page.wait_for_timeout(RECORDED_S * 1_000)
        getattr(scripted_server, how)()
        expect(page.get_by_text(NOT_CONNECTED)).to_be_visible()
        page.wait_for_timeout(GONE_S * 1_000)
        scripted_server.start()
        expect(page.get_by_text(NOT_CONNECTED)).to_have_count(0)
        expect(page.get_by_text("Partyline was started again").first).to_be_visible()
        before = told_lines(page).count()
        expect(told_lines(page).nth(before)).to_be_visible()
        page.wait_for_timeout(RECORDED_S * 1_000)
        stop(page)
        heard = heard_by(page)
    (call,) = landed(scripted_server.data_dir)
    assert call.id == call_id
    assert call.audio.findings == ()
    stored = stored_sound(scripted_server.data_dir, call)[:, 0]
    assert len(stored) >= (2 * RECORDED_S + GONE_S) * sound.SAMPLE_RATE
    # not one sample less, more or other than the browser's audio thread has given out
    assert np.array_equal(np.round(stored * 32768), heard)
    # While a server starts, the browser's own microphone may drop more than its usual buffers.
    sound.assert_same(source, stored, whole=0.0)
