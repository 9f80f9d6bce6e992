"""Recognising in a process of its own: what goes over the pipes, and what its death means."""

import io
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import pytest

from services.domain.calls import CallDetails, Direction, ProcessingOptions
from services.domain.errors import InternalFault, LiveOver, ProviderBusy, RecogniserLost
from services.live import child as module
from services.live import child_session
from services.live.child import ChildRecogniser
from services.live.child_frames import (
    BadFrame,
    FrameWriter,
    order_form,
    order_of,
    read_frame,
)
from services.live.child_session import SessionInChild
from services.live.recognising import LiveOrder
from services.live.telling import Told
from tests.threads import no_thread_left
from tests.unit.live.feeding_stand_ins import wait_until

ROOT = Path(__file__).resolve().parents[3]
COMMAND = (sys.executable, "-m", "tests.unit.live.child_stand_in")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def order(provider: str = "good") -> LiveOrder:
    return LiveOrder(options=ProcessingOptions(provider=provider))


@pytest.fixture(scope="module")
def recogniser() -> Iterator[ChildRecogniser]:
    made = ChildRecogniser(COMMAND, folder=ROOT, environment=ENVIRONMENT)
    yield made
    made.close()


@pytest.fixture
def mortal() -> Iterator[ChildRecogniser]:
    """Return one that a test may kill."""
    with no_thread_left():
        made = ChildRecogniser(COMMAND, folder=ROOT, environment=ENVIRONMENT)
        yield made
        made.close()


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def send_on(session: SessionInChild, size: int) -> NoReturn:
    """Send sound until that raises something."""
    while True:
        session.send(bytes(size))


# --- frames ---------------------------------------------------------------------------------------


def test_frames_come_back_as_they_were_written() -> None:
    stream = io.BytesIO()
    writer = FrameWriter(stream)
    writer.write("sound", session=7, body=bytes(range(256)))
    writer.write("told", session=8, event={"text": "é\ud800"})
    stream.seek(0)
    first, second = read_frame(stream), read_frame(stream)
    assert first is not None
    assert second is not None
    assert (first.kind, first.session, first.body) == ("sound", 7, bytes(range(256)))
    assert second.head["event"] == {"text": "é\ud800"}
    assert read_frame(stream) is None


def test_what_is_no_frame_is_noticed() -> None:
    stream = io.BytesIO()
    FrameWriter(stream).write("sound", session=7, body=b"1234")
    whole, dice = stream.getvalue(), random.Random(5)
    for end in range(1, len(whole)):
        with pytest.raises(BadFrame):
            read_frame(io.BytesIO(whole[:end]))
    for content in (b"\xff" * 16, b"\x02\0\0\0\0\0\0\0[]", b"\x02\0\0\0\0\0\0\0{}"):
        with pytest.raises(BadFrame):
            read_frame(io.BytesIO(content))
    for _ in range(500):
        noise = bytearray(whole)
        noise[dice.randrange(len(noise))] = dice.randrange(256)
        try:
            read_frame(io.BytesIO(bytes(noise)))
        except BadFrame:
            continue


def test_orders_come_back_as_they_were_given() -> None:
    given = LiveOrder(
        options=ProcessingOptions(
            provider="azure", vocabulary=("CPAP",), provider_options=(("region", "x"),)
        ),
        details=CallDetails(
            agent_name="Sam", direction=Direction.INBOUND, started_at=datetime.now(UTC)
        ),
        channels=2,
    )
    assert order_of(order_form(given)) == given


# --- sessions -------------------------------------------------------------------------------------


def test_a_session_from_its_beginning_to_its_end(recogniser: ChildRecogniser) -> None:
    told: list[Told] = []
    session = recogniser.open(order(), told.append)
    for _ in range(50):
        session.send(bytes(3200))
    session.not_recorded(5, 7)
    session.speak("es")
    session.summarise()
    session.finish()
    assert [one["at_ms"] for one in told[:50]] == list(range(3200, 161_000, 3200))
    assert told[0]["said"] == "\ud800 é"
    gap, warning, ended = told[50:]
    assert (gap["at_ms"], gap["until_ms"]) == (5, 7)
    assert (warning["code"], warning["at_ms"]) == ("NotLive", 5000)
    assert ended["type"] == "ended"
    with pytest.raises(LiveOver):
        session.send(bytes(2))
    assert told[-1] is ended


def test_sessions_share_a_child_and_stay_apart(recogniser: ChildRecogniser) -> None:
    heard: dict[str, list[Told]] = {"a": [], "b": []}
    one, two = (recogniser.open(order(), heard[name].append) for name in "ab")
    pid = recogniser.pid
    for _ in range(10):
        one.send(bytes(100))
        two.send(bytes(200))
    one.finish()
    two.finish()
    assert recogniser.pid == pid
    assert heard["a"][9]["at_ms"] == 1000
    assert heard["b"][9]["at_ms"] == 2000


def test_refusals_are_raised_with_their_sentence(recogniser: ChildRecogniser) -> None:
    with pytest.raises(ProviderBusy, match=r"Come later\."):
        recogniser.open(order("full"), lambda _told: None)
    with pytest.raises(InternalFault) as fault:
        recogniser.open(order("faulty"), lambda _told: None)
    assert "words" not in str(fault.value)


def test_what_is_printed_there_corrupts_nothing(recogniser: ChildRecogniser) -> None:
    told: list[Told] = []
    session = recogniser.open(order("loud"), told.append)
    for _ in range(5):
        session.send(bytes(100))
    session.finish()
    assert [one["type"] for one in told] == ["state"] * 5 + ["ended"]


def test_a_session_that_is_behind_is_waited_for_and_others_are_not(
    recogniser: ChildRecogniser,
) -> None:
    told: list[Told] = []
    slow, quick = recogniser.open(order("slow"), told.append), recogniser.open(order(), told.append)
    began = time.monotonic()

    def fill() -> None:
        for _ in range(40):
            slow.send(bytes(3200))

    filling = threading.Thread(target=fill)
    filling.start()
    quick.send(bytes(100))
    quick.finish()
    assert time.monotonic() - began < 1.0
    assert filling.is_alive()
    filling.join()
    slow.finish()


def test_an_aborted_session_tells_nothing_more_and_frees_who_waits(
    recogniser: ChildRecogniser,
) -> None:
    told: list[Told] = []
    session = recogniser.open(order("slow"), told.append)

    refused: list[LiveOver] = []

    def fill() -> None:
        try:
            for _ in range(100):
                session.send(bytes(3200))
        except LiveOver as error:
            refused.append(error)

    filling = threading.Thread(target=fill)
    filling.start()
    session.abort()
    filling.join(5)
    assert len(refused) == 1
    assert told == []


# --- its life -------------------------------------------------------------------------------------


def test_killed_in_mid_call_it_is_told_and_the_next_one_is_started(
    mortal: ChildRecogniser,
) -> None:
    told: list[Told] = []
    session = mortal.open(order(), told.append)
    session.send(bytes(100))
    pid = mortal.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: any(one["type"] == "ended" for one in told))
    assert told[-1]["error_code"] == "RecogniserLost"
    with pytest.raises(RecogniserLost):
        session.send(bytes(100))
    again = mortal.open(order(), told.append)
    assert mortal.pid not in (None, pid)
    again.finish()
    assert told[-1]["error_code"] is None


def test_one_that_kills_itself_over_a_sound(mortal: ChildRecogniser) -> None:
    told: list[Told] = []
    session = mortal.open(order("dying"), told.append)
    session.send(bytes(100))
    wait_until(lambda: told)
    with pytest.raises(RecogniserLost):
        session.send(bytes(2))
    assert told[-1]["error_code"] == "RecogniserLost"


def test_who_sends_learns_of_its_death_before_the_listener_was_told(
    mortal: ChildRecogniser,
) -> None:
    may_hear = threading.Event()
    session = mortal.open(order(), lambda _told: may_hear.wait(10))
    pid = mortal.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    try:
        with pytest.raises(RecogniserLost):
            send_on(session, 100)
    finally:
        may_hear.set()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STUCK_S", 2.0)
    monkeypatch.setattr(child_session, "STILL_AT_END_S", 1.0)


@pytest.mark.usefixtures("impatient")
def test_one_that_stands_still_is_killed_and_the_next_one_is_started(
    mortal: ChildRecogniser,
) -> None:
    told: list[Told] = []
    session, idle = (mortal.open(order(), told.append) for _ in range(2))
    pid = mortal.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(RecogniserLost):
        send_on(session, 32_000)
    wait_until(lambda: len([one for one in told if one["type"] == "ended"]) == 2)
    assert {one["error_code"] for one in told if one["type"] == "ended"} == {"RecogniserLost"}
    assert not is_alive(pid)
    with pytest.raises(RecogniserLost):
        idle.send(bytes(2))
    again = mortal.open(order(), told.append)
    again.send(bytes(100))
    again.finish()
    assert told[-1]["error_code"] is None


@pytest.mark.usefixtures("impatient")
def test_one_in_which_a_session_stands_still_is_killed_too(mortal: ChildRecogniser) -> None:
    stuck_told: list[Told] = []
    quick_told: list[Told] = []
    stuck = mortal.open(order("stuck"), stuck_told.append)
    quick = mortal.open(order(), quick_told.append)
    pid = mortal.pid
    stuck.send(bytes(100))
    quick.send(bytes(100))
    wait_until(lambda: stuck_told and quick_told[-1]["type"] == "ended")
    assert [one["error_code"] for one in stuck_told] == ["RecogniserLost"]
    assert mortal.pid != pid


@pytest.mark.usefixtures("impatient")
def test_nobody_waits_long_for_the_last_words_of_one_that_stands_still(
    mortal: ChildRecogniser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STUCK_S", 60.0)
    told: list[Told] = []
    session = mortal.open(order(), told.append)
    pid = mortal.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    session.send(bytes(32_000))
    began = time.monotonic()
    session.finish()
    assert time.monotonic() - began < 10.0
    assert told[-1]["error_code"] == "RecogniserLost"
    os.kill(pid, signal.SIGKILL)


@pytest.mark.slow
def test_one_that_is_paused_with_nothing_to_do_is_left_alone(
    recogniser: ChildRecogniser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STUCK_S", 8.0)
    session = recogniser.open(order(), lambda _told: None)
    session.send(bytes(100))
    pid = recogniser.pid
    time.sleep(10.0)
    session.send(bytes(100))
    session.finish()
    assert recogniser.pid == pid


def test_one_of_another_version_is_not_talked_to() -> None:
    other = ChildRecogniser((*COMMAND, "other"), folder=ROOT, environment=ENVIRONMENT)
    with pytest.raises(RecogniserLost):
        other.prepare()
    assert other.pid is None
    other.close()


def test_one_that_can_not_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HELLO_WITHIN_S", 5.0)
    for command in (("/does/not/exist",), (sys.executable, "-c", "pass")):
        missing = ChildRecogniser(command, folder=ROOT, environment=ENVIRONMENT)
        with pytest.raises(RecogniserLost):
            missing.open(order(), lambda _told: None)
        missing.close()


def test_closing_ends_it(mortal: ChildRecogniser) -> None:
    mortal.prepare()
    pid = mortal.pid
    assert pid is not None
    mortal.close()
    assert not is_alive(pid)
    with pytest.raises(RecogniserLost):
        mortal.prepare()
