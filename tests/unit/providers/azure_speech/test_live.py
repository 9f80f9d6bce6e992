"""Live calls at the emulator by the real SDK."""

import threading
import time

import pytest

from emulators.azure_speech.websocket_script import Behaviour, Ending, Line
from services.domain.errors import (
    LiveOver,
    NotLive,
    ProviderBusy,
    ProviderNotConfigured,
    ProviderRefusedKey,
    ProviderTimeout,
    ProviderUnavailable,
)
from services.domain.live import Ended, Final, Partial, SpeakerTold
from services.providers.azure_speech.access import AzureAccess
from services.providers.azure_speech.provider import AzureSpeechProvider
from services.providers.live import LiveFormat
from tests.unit.providers.azure_speech.streams import (
    CALL,
    OPTIONS,
    TWO_CHANNELS,
    call,
    emulator_of,
    provider_of,
    said,
    sound_of,
)

CHUNK_MS = 50


class Events(list):
    """Collects what is told, and who told it."""

    def __call__(self, event):
        self.append(event)

    def of(self, kind):
        return [event for event in self if isinstance(event, kind)]

    @property
    def said(self):
        return [(e.line.start_ms, e.line.end_ms, e.line.text) for e in self.of(Final)]


def opened(emulator, events, channels=1, options=OPTIONS):
    return provider_of(emulator).open_live(LiveFormat(channels=channels), options, events)


def send_all(session, sound, channels=1):
    step = CHUNK_MS * LiveFormat(channels=channels).bytes_per_ms
    for at in range(0, len(sound), step):
        session.send(sound[at : at + step])


def azure_threads():
    return [t for t in threading.enumerate() if t.name == "azure-live"]


def test_partials_become_finals_and_stopping_loses_nothing():
    recording, events = call(), Events()
    with emulator_of(recording) as emulator:
        session = opened(emulator, events)
        send_all(session, sound_of(recording))
        session.finish()
        session.finish()
        assert emulator.pcm_bytes == len(sound_of(recording))
    assert events.said == said(CALL)
    assert isinstance(events[-1], Ended)
    assert events[-1] == Ended(at_ms=20_000)
    assert len(events.of(Ended)) == 1
    finals = {e.line.id: e.line for e in events.of(Final)}
    assert len(finals) == len(CALL)
    assert {e.line.id for e in events.of(Partial)} == finals.keys()
    for partial in events.of(Partial):
        assert finals[partial.line.id].start_ms == partial.line.start_ms
        assert partial.line.speaker == finals[partial.line.id].speaker
    told = [e.speaker.id for e in events.of(SpeakerTold)]
    assert told == ["s1", "s2"]
    assert events.index(events.of(SpeakerTold)[1]) < events.index(
        next(e for e in events.of(Partial) if e.line.speaker == "s2")
    )
    assert not azure_threads()


def test_the_last_words_are_told_even_when_the_call_ends_inside_them():
    recording, events = call(), Events()
    with emulator_of(recording) as emulator:
        session = opened(emulator, events)
        send_all(session, sound_of(recording)[: 8_000 * 32])
        session.finish()
    assert events.said[-1][2] == "Let me have a look at it."
    assert events[-1].error_code is None


def test_two_channels_are_told_apart():
    recording, events = call(separate=True), Events()
    with emulator_of(recording, lines=TWO_CHANNELS) as emulator:
        session = opened(emulator, events, channels=2)
        send_all(session, sound_of(recording), channels=2)
        session.finish()
    assert [e.line.channel for e in events.of(Final)] == [0, 1, 0, 1, 0, 1, 0]
    assert {(e.speaker.id, e.speaker.channel) for e in events.of(SpeakerTold)} == {
        ("s1", 0),
        ("s2", 1),
    }


def test_lines_that_overlap_on_two_channels_stay_two_lines():
    recording, events = call(separate=True), Events()
    lines = (
        Line(text="One two three four.", start_ms=0, end_ms=6_000, channel=0, partials=5),
        Line(text="Five six.", start_ms=2_000, end_ms=4_000, channel=1),
    )
    with emulator_of(recording, lines=lines) as emulator:
        session = opened(emulator, events, channels=2)
        send_all(session, sound_of(recording), channels=2)
        session.finish()
    finals = {e.line.channel: e.line.id for e in events.of(Final)}
    assert len(set(finals.values())) == 2
    assert all(e.line.id == finals[e.line.channel] for e in events.of(Partial))


@pytest.mark.parametrize(
    "broken",
    [
        Behaviour(ending=Ending.DROP, at_ms=12_000),
        Behaviour(ending=Ending.CLOSE, at_ms=12_000, code=1011),
    ],
    ids=["drop", "1011"],
)
def test_a_connection_that_breaks_in_mid_call_loses_nothing(broken):
    recording, events = call(), Events()
    with emulator_of(recording, broken, Behaviour()) as emulator:
        session = opened(emulator, events)
        send_all(session, sound_of(recording))
        session.finish(timeout_s=15)
        assert len(emulator.connections) == 2
    assert events.said == said(CALL)
    for event in events.of(Final):
        assert event.line.words[0].start_ms == event.line.start_ms
    assert events[-1].error_code is None


def test_a_failure_in_mid_call_is_told_once_and_sending_raises_it():
    recording, events = call(), Events()
    broken = Behaviour(ending=Ending.DROP, at_ms=6_000)
    with emulator_of(recording, broken, Behaviour(refuse_with=401)) as emulator:
        session = opened(emulator, events)
        send_all(session, sound_of(recording)[: 7_000 * 32])
        deadline = time.monotonic() + 20
        while not events.of(Ended) and time.monotonic() < deadline:
            time.sleep(0.02)
        with pytest.raises(ProviderRefusedKey):
            session.send(bytes(1_600))
        session.finish()
    assert events[-1].error_code == "ProviderRefusedKey"
    assert len(events.of(Ended)) == 1
    assert len(events.of(Final)) >= 2


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, ProviderRefusedKey), (403, ProviderRefusedKey)],
)
def test_a_refused_call_does_not_open(status, error):
    events = Events()
    with emulator_of(call(), Behaviour(refuse_with=status)) as emulator:
        with pytest.raises(error):
            opened(emulator, events)
        assert len(emulator.connections) == 1
    assert not events
    assert not azure_threads()


@pytest.mark.slow
@pytest.mark.parametrize(("status", "error"), [(429, ProviderBusy), (503, ProviderUnavailable)])
def test_a_busy_service_does_not_open(status, error):
    with emulator_of(call(), Behaviour(refuse_with=status)) as emulator:
        with pytest.raises(error):
            opened(emulator, Events())
        assert len(emulator.connections) == 5


def test_aborting_ends_at_once_and_a_call_that_is_over_takes_no_sound():
    recording, events = call(), Events()
    with emulator_of(recording) as emulator:
        session = opened(emulator, events)
        session.send(sound_of(recording)[: 32 * 4_000])
        started = time.monotonic()
        session.abort()
        session.abort()
        assert time.monotonic() - started < 5
        with pytest.raises(LiveOver):
            session.send(bytes(1_600))
    assert len(events.of(Ended)) == 1
    assert not azure_threads()


def test_waiting_for_the_last_words_is_bounded():
    recording, events = call(), Events()
    with emulator_of(recording, Behaviour(ending=Ending.NO_TURN_END)) as emulator:
        session = opened(emulator, events)
        send_all(session, sound_of(recording))
        started = time.monotonic()
        with pytest.raises(ProviderTimeout):
            # All lines come within this, also on a busy machine; the end of the turn never does.
            session.finish(timeout_s=4)
        assert time.monotonic() - started < 20
    assert events.said == said(CALL)
    assert events[-1].error_code == "ProviderTimeout"


def test_two_calls_at_once_stay_two():
    first, second = call(), call()
    one, other = Events(), Events()
    with emulator_of(first) as emulator, emulator_of(second, lines=CALL[:3]) as another:
        sessions = opened(emulator, one), opened(another, other)
        for session in sessions:
            send_all(session, sound_of(first))
        for session in sessions:
            session.finish()
    assert one.said == said(CALL)
    assert other.said == said(CALL[:3])


def test_without_a_host_or_region_there_are_no_live_calls():
    provider = AzureSpeechProvider(AzureAccess(key="k", endpoint="http://127.0.0.1:9"))
    assert not provider.capabilities.live
    with pytest.raises(NotLive):
        provider.open_live(LiveFormat(), OPTIONS, Events())
    with pytest.raises(ProviderNotConfigured):
        AzureSpeechProvider(AzureAccess(host="ws://127.0.0.1:9")).open_live(
            LiveFormat(), OPTIONS, Events()
        )
