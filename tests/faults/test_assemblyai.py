"""Workers and the service die while a call is transcribed there; nothing is lost or paid twice."""

import signal
from collections.abc import Iterator

import pytest

from emulators.assemblyai.http import AssemblyAIEmulator
from emulators.assemblyai.http_requests import Place
from services.domain.calls import CallDetails, CallState, ProcessingOptions
from services.domain.people import LOCAL_USER
from tests.faults.machine import ORG, Machine, end
from tests.faults.sounds import tone

pytestmark = pytest.mark.slow

KEY = "a-good-key"
# The models that understand a call are loaded on the way.
WITHIN_S = 120.0


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[AssemblyAIEmulator]:
    """Serve, and let all that is started from now on use it."""
    with AssemblyAIEmulator(key=KEY, processing_s=2.0) as emulator:
        monkeypatch.setattr("tests.faults.machine.WITHIN_S", WITHIN_S)
        monkeypatch.setenv("ASSEMBLYAI_API_KEY", KEY)
        monkeypatch.setenv("ASSEMBLYAI_BASE_URL", emulator.base_url)
        yield emulator


def taken_in(machine: Machine) -> str:
    options = ProcessingOptions(provider="assemblyai", language="en", redact=False)
    with machine.services.intake.begin(LOCAL_USER, "call.wav") as incoming:
        incoming.write(tone(20))
        return incoming.commit(options, CallDetails()).call_id


def lines(machine: Machine, call_id: str) -> list[str]:
    (run,) = machine.services.runs.list_for_call(ORG, call_id)[:1]
    assert run.transcript_id is not None
    transcript = machine.services.transcripts.get(ORG, call_id, run.transcript_id)
    assert transcript.provider == "assemblyai"
    return [u.text for u in transcript.utterances]


def test_a_worker_killed_while_the_service_works(
    emulator: AssemblyAIEmulator, machine: Machine
) -> None:
    call_id = taken_in(machine)
    worker = machine.start_worker()
    machine.settle(lambda: emulator.count(Place.POLL) > 0)
    end(worker, signal.SIGKILL)
    machine.start_worker()
    assert machine.ended(call_id) is CallState.READY
    assert len(lines(machine, call_id)) == 4
    assert emulator.count(Place.UPLOAD) == emulator.count(Place.CREATE) == 1


def test_a_service_that_dies_and_comes_back_empty(
    emulator: AssemblyAIEmulator, machine: Machine
) -> None:
    call_id = taken_in(machine)
    machine.start_worker()
    machine.settle(lambda: emulator.count(Place.POLL) > 0)
    port = emulator.port
    emulator.stop()
    with AssemblyAIEmulator(key=KEY, port=port) as again:
        assert machine.ended(call_id) is CallState.READY
        assert len(lines(machine, call_id)) == 4
        assert again.count(Place.CREATE) == 1


def test_a_refused_key_ends_it_at_once_and_a_good_one_puts_it_right(
    emulator: AssemblyAIEmulator, machine: Machine
) -> None:
    emulator.key = "another"
    call_id = taken_in(machine)
    machine.start_worker()
    assert machine.ended(call_id) is CallState.FAILED
    call = machine.services.calls.get(ORG, call_id)
    assert call.error_code == "ProviderRefusedKey"
    assert call.error_message == "The speech service refused the key."
    assert emulator.count() == 1
    emulator.key = KEY
    machine.services.desk.retry(LOCAL_USER, call_id)
    assert machine.ended(call_id) is CallState.READY
