"""Live calls that are lost: noticed while they last, and what has no words is told as a gap."""

import time
from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from emulators.azure_speech.websocket import AzureSpeechEmulator
from emulators.azure_speech.websocket_script import Behaviour, Ending
from services.domain.errors import ProviderError, ProviderTimeout, ProviderUnavailable
from services.domain.live import Ended, Final, Gap, GapKind
from services.providers.azure_speech import live
from services.providers.azure_speech.session import Connected, Disconnected, Heard, Stopped
from services.providers.azure_speech.watching import Watch
from services.providers.live import LiveFormat
from tests.unit.providers.azure_speech.sounds import KEY
from tests.unit.providers.azure_speech.streams import CALL, call, emulator_of, said, sound_of
from tests.unit.providers.azure_speech.test_live import Events, azure_threads, opened, send_all

LOUD = b"\x00\x10" * 800
QUIET = b"\x20\x00" * 800


def until_over(session, events, chunk=LOUD):
    """Send sound until the call is over; return the error that sending raises."""
    deadline = time.monotonic() + 30
    try:
        while time.monotonic() < deadline:
            session.send(chunk)
            time.sleep(0.02)
    except ProviderError as error:
        assert isinstance(events[-1], Ended)
        return error
    return None


def gap_of(events):
    """Return the one gap, which comes last before the end."""
    (gap,) = events.of(Gap)
    assert events[-2] is gap
    assert gap.kind is GapKind.CONNECTION_LOST
    assert gap.end_ms == events[-1].at_ms
    return gap


def test_a_service_that_falls_silent_is_noticed_in_mid_call(monkeypatch):
    monkeypatch.setattr(live, "SILENT_S", 1.0)
    recording, events = call(), Events()
    with emulator_of(recording, Behaviour(ending=Ending.HANG, at_ms=6_000)) as emulator:
        session = opened(emulator, events)
        send_all(session, sound_of(recording))
        assert isinstance(until_over(session, events), ProviderTimeout)
    assert events.said == said(CALL[:2])
    assert gap_of(events).start_ms == 5_500
    for thread in azure_threads():
        thread.join(10)
    assert not azure_threads()


def test_a_call_that_is_silent_itself_goes_on(monkeypatch):
    monkeypatch.setattr(live, "SILENT_S", 0.3)
    events = Events()
    silent = Behaviour(ending=Ending.HANG, at_ms=100)
    with AzureSpeechEmulator(silent, lines=(), key=KEY) as emulator:
        session = opened(emulator, events)
        for _ in range(30):
            session.send(QUIET)
            time.sleep(0.02)
        session.abort()
    assert [type(event) for event in events] == [Ended]
    assert events[-1].error_code is None


def test_what_a_failure_costs_is_a_gap():
    recording, events = call(), Events()
    broken = Behaviour(ending=Ending.DROP, at_ms=9_500)
    with emulator_of(recording, broken, Behaviour(refuse_with=401)) as emulator:
        session = opened(emulator, events)
        send_all(session, sound_of(recording))
        deadline = time.monotonic() + 20
        while not events.of(Ended) and time.monotonic() < deadline:
            time.sleep(0.02)
    assert events[-1].error_code == "ProviderRefusedKey"
    gap = gap_of(events)
    assert gap.start_ms == max(e.line.end_ms for e in events.of(Final))
    assert gap.end_ms == 20_000


def test_last_words_that_never_come_are_a_gap():
    recording, events = call(), Events()
    with emulator_of(recording, Behaviour(ending=Ending.HANG, at_ms=12_000)) as emulator:
        session = opened(emulator, events)
        send_all(session, sound_of(recording))
        with pytest.raises(ProviderTimeout):
            session.finish(timeout_s=1.0)
    assert gap_of(events).start_ms == events.of(Final)[-1].line.end_ms


def test_a_session_that_stops_unasked_is_a_failure():
    events = Events()
    with AzureSpeechEmulator(lines=(), key=KEY) as emulator:
        session = opened(emulator, events)
        session.send(LOUD)
        session._session._events.put(Stopped())
        assert isinstance(until_over(session, events), ProviderUnavailable)
    assert gap_of(events).start_ms == 0


def test_sending_while_the_session_ends_raises_what_ended_it():
    """The reader's thread lets go of the SDK's objects while another one sends."""
    events = Events()
    with AzureSpeechEmulator(lines=(), key=KEY) as emulator:
        session = opened(emulator, events)

        def write(_pcm):
            session.fail(ProviderUnavailable())
            raise AttributeError("_sound")

        session._session = SimpleNamespace(write=write, close=session._session.close, next=None)
        session._session.next = lambda _s: time.sleep(0.05)
        with pytest.raises(ProviderUnavailable):
            session.send(LOUD)
    assert events[-1].error_code == "ProviderUnavailable"


LATE = Heard(is_final=True, offset=0, duration=1, speaker="", text="late", json="{}")


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def watch():
    clock = Clock()
    return Watch(LiveFormat(), silent_s=30, lost_s=20, clock=clock), clock


def play(watch, clock, seconds, chunk=LOUD):
    for _ in range(round(seconds * 20)):
        clock.now += 0.05
        watch.sent(chunk)


def test_an_empty_line_shows_that_somebody_listens():
    watched, clock = watch()
    for _ in range(10):
        play(watched, clock, 25)
        watched.came(Connected())
        watched.check()
    play(watched, clock, 31)
    with pytest.raises(ProviderTimeout):
        watched.check()


def test_sound_that_was_sent_at_once_is_given_time():
    watched, clock = watch()
    for _ in range(20 * 60):
        watched.sent(LOUD)
    clock.now += 29
    watched.check()
    clock.now += 2
    with pytest.raises(ProviderTimeout):
        watched.check()


def test_a_lost_connection_matters_once_there_is_sound_for_it():
    watched, clock = watch()
    watched.came(Disconnected())
    clock.now += 600
    watched.check()
    play(watched, clock, 19, QUIET)
    watched.check()
    play(watched, clock, 2, QUIET)
    with pytest.raises(ProviderUnavailable):
        watched.check()
    watched.came(Connected())
    watched.check()


@pytest.mark.parametrize(
    ("events", "well"),
    [
        ([Connected(), Stopped()], True),
        ([Connected(), Disconnected(), Connected(), Stopped()], True),
        ([Connected(), Disconnected(), Stopped()], False),
        ([Connected(), Disconnected(), LATE, Stopped()], False),
    ],
    ids=["kept", "made anew", "lost", "lost, with a line that was on its way"],
)
def test_a_session_that_ends_without_its_connection_has_not_ended_well(events, well):
    watched, _ = watch()
    for event in events:
        watched.came(event)
    with nullcontext() if well else pytest.raises(ProviderUnavailable):
        watched.ended()
