"""Azure dies in the middle of a call and comes back, or refuses the key."""

from collections.abc import Iterator
from itertools import pairwise

import pytest

from emulators.azure_speech.http_server import TRANSCRIBE, AzureHttpEmulator
from emulators.azure_speech.websocket import AzureSpeechEmulator
from services.domain.calls import CallDetails, CallState, ProcessingOptions
from services.domain.people import LOCAL_USER
from services.domain.speech import Transcript
from tests.faults.machine import ORG, Machine
from tests.faults.sounds import tone

pytestmark = pytest.mark.slow

KEY = "a-good-key"
# The models that understand a call are loaded on the way.
WITHIN_S = 120.0
SECONDS = 24


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.faults.machine.WITHIN_S", WITHIN_S)
    monkeypatch.setenv("AZURE_SPEECH_KEY", KEY)


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> Iterator[AzureHttpEmulator]:
    """Serve fast transcription to all that is started from now on."""
    with AzureHttpEmulator(key=KEY) as emulator:
        monkeypatch.setenv("AZURE_SPEECH_ENDPOINT", emulator.endpoint)
        yield emulator


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> Iterator[AzureSpeechEmulator]:
    """Serve streams to all that is started from now on."""
    with AzureSpeechEmulator(key=KEY) as emulator:
        monkeypatch.setenv("AZURE_SPEECH_HOST", emulator.host)
        yield emulator


def taken_in(machine: Machine) -> str:
    options = ProcessingOptions(provider="azure", language="en", redact=False)
    with machine.services.intake.begin(LOCAL_USER, "call.wav") as incoming:
        incoming.write(tone(SECONDS))
        return incoming.commit(options, CallDetails()).call_id


def transcript(machine: Machine, call_id: str) -> Transcript:
    run = max(machine.services.runs.list_for_call(ORG, call_id), key=lambda run: run.number)
    assert run.transcript_id is not None
    kept = machine.services.transcripts.get(ORG, call_id, run.transcript_id)
    assert kept.provider == "azure"
    return kept


def test_a_stream_whose_service_dies_in_mid_call_goes_on_when_it_is_back(
    stream: AzureSpeechEmulator, machine: Machine
) -> None:
    call_id = taken_in(machine)
    machine.start_worker()
    machine.settle(lambda: stream.pcm_bytes > 12 * 32_000)
    port = stream.port
    stream.__exit__(None, None, None)
    assert stream.pcm_bytes < SECONDS * 32_000
    with AzureSpeechEmulator(key=KEY, port=port) as again:
        assert machine.ended(call_id) is CallState.READY
        assert len(again.connections) == 1
    lines = transcript(machine, call_id).utterances
    assert (lines[0].start_ms, lines[-1].end_ms) == (0, 23_500)
    for earlier, later in pairwise(lines):
        assert 0 <= later.start_ms - earlier.end_ms <= 1_000
    assert [line.speaker for line in lines] == ["s1", "s2"] * 3


def test_a_request_whose_service_dies_is_made_again_when_it_is_back(
    fast: AzureHttpEmulator, machine: Machine
) -> None:
    fast.delay_s = WITHIN_S
    call_id = taken_in(machine)
    machine.start_worker()
    machine.settle(fast.arrived.is_set)
    port = int(fast.endpoint.rpartition(":")[2])
    fast.stop()
    with AzureHttpEmulator(key=KEY, port=port) as again:
        assert machine.ended(call_id) is CallState.READY
        assert again.count(TRANSCRIBE) == 1
    lines = transcript(machine, call_id).utterances
    assert lines[-1].end_ms > (SECONDS - 6) * 1_000


@pytest.mark.parametrize("service", ["fast", "stream"])
def test_a_refused_key_ends_it_at_once_and_a_good_one_puts_it_right(
    service: str, request: pytest.FixtureRequest
) -> None:
    emulator = request.getfixturevalue(service)
    # Services are built for what the environment says.
    machine: Machine = request.getfixturevalue("machine")
    emulator.key = "another"
    call_id = taken_in(machine)
    machine.start_worker()
    assert machine.ended(call_id) is CallState.FAILED
    call = machine.services.calls.get(ORG, call_id)
    assert call.error_code == "ProviderRefusedKey"
    assert call.error_message == "The speech service refused the key."
    asked = emulator.requests if service == "fast" else emulator.connections
    assert len(asked) == 1
    emulator.key = KEY
    machine.services.desk.retry(LOCAL_USER, call_id)
    assert machine.ended(call_id) is CallState.READY
    assert transcript(machine, call_id).utterances
