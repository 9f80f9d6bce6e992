"""Fast transcription at the real service; left out without its key.

Run by hand, as traffic leaves this machine: ``python -m pytest tests/live_keys``.
"""

import json
import os
from difflib import SequenceMatcher

import pytest

from services.domain.calls import ProcessingOptions
from services.domain.errors import ProviderRefusedKey
from services.domain.folding import folded_words
from services.domain.running import RunContext
from services.providers.azure_speech.access import AzureAccess
from services.providers.azure_speech.fast import check_access, transcribe_fast
from tests.unit.providers.azure_speech.sounds import DEMO, demo_recording, values_of

KEY = os.environ.get("AZURE_SPEECH_KEY")
REGION = os.environ.get("AZURE_SPEECH_REGION")
ENDPOINT = os.environ.get("AZURE_SPEECH_ENDPOINT")
pytestmark = pytest.mark.skipif(
    not (KEY and (REGION or ENDPOINT)),
    reason="set AZURE_SPEECH_KEY and AZURE_SPEECH_REGION (or AZURE_SPEECH_ENDPOINT)",
)
LIKE_THE_TRUTH = 0.8


@pytest.fixture(autouse=True)
def outside(pytestconfig: pytest.Config) -> None:
    if pytestconfig.pluginmanager.has_plugin("tests.loopback_only"):
        pytest.skip("traffic is kept on this machine")


ACCESS = AzureAccess(key=KEY, region=REGION, endpoint=ENDPOINT)


def test_the_check_says_that_the_key_works():
    check_access(ACCESS)


def test_a_wrong_key_is_refused():
    with pytest.raises(ProviderRefusedKey):
        check_access(AzureAccess(key="0" * 32, region=REGION, endpoint=ENDPOINT))


@pytest.mark.parametrize("pattern", ["*C-1042*.ogg", "*C-2087*.wav"])
def test_a_call_comes_back_with_two_speakers_words_and_times(pattern):
    recording = demo_recording(pattern)
    options = ProcessingOptions(language="en", expected_speakers=2)
    transcript = transcribe_fast(ACCESS, recording, options, values_of(options), RunContext())
    assert len(transcript.speakers) == 2
    assert transcript.language == "en"
    assert all(u.words for u in transcript.utterances)
    (truth_file,) = DEMO.glob(pattern.rpartition(".")[0] + ".truth.json")
    truth = json.loads(truth_file.read_text())
    spoken = [w for line in truth["utterances"] for w in folded_words(line["text"])]
    heard = [w for line in transcript.utterances for w in folded_words(line.text)]
    alike = SequenceMatcher(None, spoken, heard, autojunk=False).ratio()
    assert alike > LIKE_THE_TRUTH
