"""A whole demo call into the microphone, recognised here: the record is as good as an upload's."""

import json
import re
import subprocess
import sys
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser import sound
from tests.browser.conftest import environment
from tests.browser.recorded_calls import (
    final_transcript,
    heard_by,
    holding,
    landed,
    open_live,
    record,
    speaking,
    stop,
    stored_sound,
    told_lines,
)

DEMO = Path(__file__).resolve().parents[2] / "demo"
BILLING = next(DEMO.glob("*QUEUE_Billing*.ogg"))
TALK_S = 30
MODELS_WITHIN_MS = 120_000
FIRST_WORDS_WITHIN_MS = 20_000
# The same sound, the same engine; a name in the text may be taken for one by what is around it.
SAME_WORDS = 0.98

pytestmark = sound.TRIED_AGAIN


@pytest.fixture
def local_server(tmp_path, models):
    """A server with the local engine."""
    with holding(tmp_path / "data", models) as server:
        yield server


def uploaded(samples, folder, models):
    """Return the words that the same sound has as a recording."""
    sound.write(folder / "recording.wav", samples)
    made = subprocess.run(
        [sys.executable, "-m", "app.cli", "transcribe", "recording.wav", "--format", "json"],
        env=environment(folder / "other", models),
        cwd=folder,
        check=True,
        timeout=300,
        capture_output=True,
    )
    return words(json.loads(made.stdout)["utterances"])


def words(utterances):
    return [w.strip(".,?!") for one in utterances for w in one["text"].casefold().split()]


def test_a_live_call_ends_as_good_as_an_uploaded_one(local_server, chromium, models, tmp_path):
    source = sound.talk(tmp_path, BILLING, first_s=0, last_s=TALK_S)
    with speaking(chromium, tmp_path / "talk.wav") as browser:
        page = open_live(browser, local_server.url)
        # models are loaded first; what is spoken meanwhile is kept
        record(page, within_ms=MODELS_WITHIN_MS)
        expect(told_lines(page).first).to_be_visible(timeout=FIRST_WORDS_WITHIN_MS)
        page.wait_for_timeout((TALK_S + 3) * 1_000)
        heard = heard_by(page)
        shown = told_lines(page).all_inner_texts()
        stop(page)
    # How it is spelt depends on where the sound was cut, which is another place each time.
    assert re.search("harbou?r energy", " ".join(shown).casefold())
    (call,) = landed(local_server.data_dir)
    stored = stored_sound(local_server.data_dir, call)[:, 0]
    assert np.array_equal(np.round(stored * 32768)[: len(heard)], heard)
    sound.assert_same(source, stored)

    final = final_transcript(local_server.data_dir, call)
    ours = words([{"text": u.text} for u in final.utterances])
    theirs = uploaded(stored, tmp_path, models)
    assert SequenceMatcher(None, theirs, ours, autojunk=False).ratio() >= SAME_WORDS
