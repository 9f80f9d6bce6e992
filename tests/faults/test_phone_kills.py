"""A server is killed in the middle of a phone call, which the service goes on with; so do we."""

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Thread

import httpx
import pytest
from sqlalchemy import update

from app.wiring.parts import master_key_of
from emulators.acs.plans import CallPlan
from emulators.acs.script import PhoneLine
from emulators.acs.server import AcsEmulator
from services.domain.errors import NotFound
from services.domain.findings import FindingKind
from services.domain.live_calls import LiveState, RunningCall
from services.domain.people import LOCAL_USER
from services.storage.live_tables import LIVE_CALLS
from services.storage.phone_words import PhoneWordStore
from tests.faults.machine import Machine
from tests.unit.app.phone_serving import EVENT_SECRET, SPEECH

pytestmark = pytest.mark.slow

ORG = LOCAL_USER.org_id
WITHIN_S = 90.0
LINE_MS = 1_000
LINES = tuple(
    PhoneLine(
        text=f"This is sentence number {n} of what is said.",
        start_ms=LINE_MS * n,
        end_ms=LINE_MS * n + 700,
        participant=("8:acs:emulated-agent", "4:+14255550123")[n % 2],
    )
    for n in range(200)
)


def wait(condition: Callable[[], object], what: str) -> None:
    until = time.monotonic() + WITHIN_S
    while not condition():
        assert time.monotonic() < until, what
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def server_of(machine: Machine, service: AcsEmulator, port: int):
    address = f"http://127.0.0.1:{port}"
    process = machine._start(
        "-m",
        "app.cli",
        "serve",
        "--no-workers",
        stdout=True,
        PORT=str(port),
        PARTYLINE_PUBLIC_URL=address,
        ACS_ENDPOINT=service.endpoint,
        ACS_ACCESS_KEY=service.key,
        ACS_RESOURCE_ID=service.issuer.audience,
        ACS_TOKEN_ISSUER=service.endpoint,
        ACS_SPEECH_ENDPOINT=SPEECH,
        ACS_EVENT_SECRET=EVENT_SECRET,
        ACS_ANSWER="rule",
    )
    assert process.stdout is not None
    assert b"http://localhost:" in process.stdout.readline()
    return process


def only(machine: Machine) -> RunningCall:
    (running,) = machine.services.live.running(LOCAL_USER)
    return running


def finals(machine: Machine, call_id: str) -> list[str]:
    words = PhoneWordStore(machine.services.engine, master_key_of(machine.services.settings))
    return [one["text"] for one in words.read(call_id) if one["type"] == "final"]


def ring(service: AcsEmulator, port: int) -> None:
    address = f"http://127.0.0.1:{port}/acs/incoming?secret={EVENT_SECRET}"
    wait(lambda: service.ring(address) == 200, "the call was not answered")


def rung(service: AcsEmulator, address: str) -> None:
    """Ring at a server that dies before it answers."""
    with suppress(httpx.HTTPError):
        service.ring(address)


def call_of(machine: Machine, call_id: str):
    try:
        return machine.services.calls.get(ORG, call_id)
    except NotFound:
        return None


def test_a_call_goes_on_in_the_next_process(machine: Machine) -> None:
    port = free_port()
    with AcsEmulator(CallPlan(lines=LINES)) as service:
        first = server_of(machine, service, port)
        ring(service, port)
        running = only(machine)
        wait(lambda: len(finals(machine, running.id)) >= 4, "no words were kept")
        first.kill()
        first.wait()
        assert first.stdout is not None
        first.stdout.close()
        before = finals(machine, running.id)
        assert service.calls[0].dialled == 1
        second = server_of(machine, service, port)
        wait(lambda: service.calls[0].dialled == 2, "transcription was not started again")
        wait(lambda: len(finals(machine, running.id)) >= len(before) + 4, "it didn't go on")
        assert only(machine).process != running.process
        # On a machine that is busy with starting, a first connection may come to nothing.
        assert service.asked(":startTranscription")
        service.hang_up_all()
        wait(lambda: call_of(machine, running.id), "it didn't land")
        lines = machine.services.review.load(LOCAL_USER, running.id).transcript.utterances
        assert [line.text for line in lines[: len(before)]] == before
        after = lines[len(before) :]
        # The service's script begins anew with each connection.
        assert after[0].text == LINES[0].text
        call = call_of(machine, running.id)
        assert FindingKind.NOT_TRANSCRIBED in {one.kind for one in call.audio.findings}
        assert after[0].start_ms > lines[len(before) - 1].end_ms
        assert {line.speaker for line in lines} == {"s1", "s2"}
        assert lines[0].speaker == after[0].speaker
        second.terminate()
        second.wait(30)
        assert second.stdout is not None
        second.stdout.close()


def test_a_call_that_ended_meanwhile_is_landed_with_its_words(machine: Machine) -> None:
    port = free_port()
    with AcsEmulator(CallPlan(lines=LINES)) as service:
        first = server_of(machine, service, port)
        ring(service, port)
        running = only(machine)
        wait(lambda: len(finals(machine, running.id)) >= 3, "no words were kept")
        first.kill()
        first.wait()
        assert first.stdout is not None
        first.stdout.close()
        before = finals(machine, running.id)
        service.hang_up_all()
        second = server_of(machine, service, port)
        wait(lambda: call_of(machine, running.id), "it didn't land")
        assert service.calls[0].dialled == 1
        lines = machine.services.review.load(LOCAL_USER, running.id).transcript.utterances
        assert [line.text for line in lines] == before
        call = call_of(machine, running.id)
        kinds = {one.kind for one in call.audio.findings}
        assert {FindingKind.NO_RECORDING, FindingKind.BROKEN_OFF} <= kinds
        assert machine.services.live.running(LOCAL_USER) == []
        second.terminate()
        second.wait(30)
        assert second.stdout is not None
        second.stdout.close()


def test_a_call_that_was_being_ended_is_hung_up_by_the_next_process(machine: Machine) -> None:
    port = free_port()
    with AcsEmulator(CallPlan(lines=LINES)) as service:
        first = server_of(machine, service, port)
        ring(service, port)
        running = only(machine)
        wait(lambda: len(finals(machine, running.id)) >= 3, "no words were kept")
        first.kill()
        first.wait()
        assert first.stdout is not None
        first.stdout.close()
        with machine.services.engine.begin() as connection:
            connection.execute(update(LIVE_CALLS).values(state=LiveState.FINISHING))
        second = server_of(machine, service, port)
        wait(lambda: call_of(machine, running.id), "it didn't land")
        assert service.held[0].state == "disconnected"
        assert service.calls[0].dialled == 1
        second.terminate()
        second.wait(30)
        assert second.stdout is not None
        second.stdout.close()


def test_a_call_that_was_only_asked_for_is_found_again_by_the_next_process(
    machine: Machine,
) -> None:
    port = free_port()
    with AcsEmulator(CallPlan(lines=LINES)) as service:
        first = server_of(machine, service, port)
        service.answers.clear()
        address = f"http://127.0.0.1:{port}/acs/incoming?secret={EVENT_SECRET}"
        ringing = Thread(target=rung, args=(service, address))
        ringing.start()
        wait(lambda: service.held, "the call was not asked for")
        assert machine.services.live.running(LOCAL_USER) == []
        first.kill()
        first.wait()
        assert first.stdout is not None
        first.stdout.close()
        ringing.join()
        second = server_of(machine, service, port)
        # Now the service answers nobody, and tells of the call.
        service.answers.set()
        wait(lambda: machine.services.live.running(LOCAL_USER), "nobody knows of it")
        running = only(machine)
        assert running.phone is not None
        assert running.phone.connection_id == service.calls[0].connection_id
        wait(lambda: len(finals(machine, running.id)) >= 3, "it didn't go on")
        service.hang_up_all()
        wait(lambda: call_of(machine, running.id), "it didn't land")
        second.terminate()
        second.wait(30)
        assert second.stdout is not None
        second.stdout.close()
