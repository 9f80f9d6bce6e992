"""The web process dies in mid-call; the next start makes a call of what was recorded."""

from pathlib import Path

import numpy as np
from playwright.sync_api import expect

from tests.browser import sound
from tests.browser.recorded_calls import (
    final_transcript,
    heard_by,
    landed,
    open_live,
    record,
    scripted_server,
    speaking,
    stored_sound,
    told_lines,
)

__all__ = ["scripted_server"]

DEMO = Path(__file__).resolve().parents[2] / "demo"
BILLING = next(DEMO.glob("*QUEUE_Billing*.ogg"))
RECORDED_S = 12
# What is on its way to the disk when the process is killed.
UNDER_WAY_S = 1.5


def test_a_killed_web_process_leaves_a_call(scripted_server, chromium, tmp_path):
    source = sound.talk(tmp_path, BILLING, first_s=0, last_s=60)
    with speaking(chromium, tmp_path / "talk.wav") as browser:
        page = open_live(browser, scripted_server.url)
        call_id = record(page)
        expect(told_lines(page).first).to_be_visible()
        page.wait_for_timeout(RECORDED_S * 1_000)
        heard = heard_by(page)
        scripted_server.crash()
        more = heard_by(page)
    scripted_server.start()
    (call,) = landed(scripted_server.data_dir)
    assert call.id == call_id
    stored = stored_sound(scripted_server.data_dir, call)[:, 0]
    # all of it up to what was just on its way, and nothing else
    assert len(stored) >= len(heard) - UNDER_WAY_S * sound.SAMPLE_RATE
    assert np.array_equal(np.round(stored * 32768), more[: len(stored)])
    assert sound.is_same(sound.likeness(source, stored))
    assert final_transcript(scripted_server.data_dir, call).utterances
