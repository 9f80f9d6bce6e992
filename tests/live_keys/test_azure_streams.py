"""Calls streamed to Azure itself; costs some minutes of sound.

Run by hand, as traffic leaves this machine: ``python -m pytest tests/live_keys``.
"""

import json
import os
import time
from difflib import SequenceMatcher

import pytest

from services.domain.calls import ProcessingOptions
from services.domain.errors import ProviderRefusedKey
from services.domain.folding import folded_words
from services.domain.live import Ended, Final, Partial, SpeakerTold
from services.domain.running import RunContext
from services.providers.azure_speech.access import AzureAccess
from services.providers.azure_speech.provider import AzureSpeechProvider
from services.providers.azure_speech.recognisers import Wishes
from services.providers.azure_speech.session import (
    check_stream,
)
from services.providers.azure_speech.streaming import pcm_of
from services.providers.live import LiveFormat
from tests.unit.providers.azure_speech.sounds import DEMO, demo_recording

KEY = os.environ.get("AZURE_SPEECH_KEY")
REGION = os.environ.get("AZURE_SPEECH_REGION")
HOST = os.environ.get("AZURE_SPEECH_HOST")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (KEY and (REGION or HOST)),
        reason="set AZURE_SPEECH_KEY and AZURE_SPEECH_REGION (or AZURE_SPEECH_HOST)",
    ),
]
LIKE_THE_TRUTH = 0.8
LIVE_MS, CHUNK_MS = 40_000, 50
ACCESS = AzureAccess(key=KEY, region=REGION, host=HOST)
CONVERSATION = ProcessingOptions(language="en", provider_options=(("mode", "conversation"),))


@pytest.fixture(autouse=True)
def outside(pytestconfig: pytest.Config) -> None:
    if pytestconfig.pluginmanager.has_plugin("tests.loopback_only"):
        pytest.skip("traffic is kept on this machine")


def test_a_wrong_key_is_refused():
    check_stream(ACCESS, Wishes(language="en-US"))
    with pytest.raises(ProviderRefusedKey):
        check_stream(AzureAccess(key="0" * 32, region=REGION, host=HOST), Wishes(language="en-US"))


@pytest.mark.parametrize("pattern", ["*C-1042*.ogg", "*C-2087*.wav"])
def test_a_call_comes_back_with_two_speakers_words_and_times(pattern):
    recording = demo_recording(pattern)
    transcript = AzureSpeechProvider(ACCESS).transcribe(recording, CONVERSATION, RunContext())
    assert len(transcript.speakers) == 2
    assert all(u.words for u in transcript.utterances)
    (truth_file,) = DEMO.glob(pattern.rpartition(".")[0] + ".truth.json")
    truth = json.loads(truth_file.read_text())
    spoken = [w for line in truth["utterances"] for w in folded_words(line["text"])]
    heard = [w for line in transcript.utterances for w in folded_words(line.text)]
    assert SequenceMatcher(None, spoken, heard, autojunk=False).ratio() > LIKE_THE_TRUTH


@pytest.mark.parametrize("pattern", ["*C-1042*.ogg", "*C-2087*.wav"])
def test_a_call_is_told_while_it_is_held(pattern):
    recording, events = demo_recording(pattern), []
    channels = 2 if recording.layout == "separate" else 1
    session = AzureSpeechProvider(ACCESS).open_live(
        LiveFormat(channels=channels), CONVERSATION, events.append
    )
    began = time.monotonic()
    for start_ms in range(0, LIVE_MS, CHUNK_MS):
        session.send(pcm_of(recording, start_ms, start_ms + CHUNK_MS))
        time.sleep(max(0.0, began + (start_ms + CHUNK_MS) / 1000 - time.monotonic()))
    session.finish()
    kinds = [type(event) for event in events]
    assert kinds[-1] is Ended
    assert events[-1].error_code is None
    assert {SpeakerTold, Partial, Final} <= set(kinds)
