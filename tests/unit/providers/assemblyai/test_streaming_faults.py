"""Live calls in which something fails: refusals, drops, closes, silence, a lost channel."""

import logging
import re
import time
from contextlib import suppress

import pytest

from emulators.assemblyai.streaming import AssemblyAIStreamingEmulator
from emulators.assemblyai.streaming_plans import (
    SERVER_ERROR,
    TIMES_OUT,
    TOO_MANY_SESSIONS,
    UNAUTHORISED,
    Fault,
    SessionPlan,
)
from emulators.assemblyai.streaming_script import turn_of
from services.domain import errors
from services.domain.errors import PartylineError
from services.domain.live import GapKind
from services.providers.assemblyai import channel_stream, connection
from services.providers.assemblyai.connection import error_for
from tests.threads import no_thread_left
from tests.unit.providers.assemblyai.live_calls import (
    KEY,
    Told,
    hearing,
    marked_sound,
    open_call,
    read_marks,
    send,
)

SENTENCES = (
    "Good morning, Harbor Energy billing.",
    "Hello, this is Daniel Reyes.",
    "How can I help you today?",
    "My bill is far too high.",
    "I see, a discount ended there.",
)
TURNS = [turn_of("AB"[n % 2], said, 200 + n * 3_000) for n, said in enumerate(SENTENCES)]
TEXT = " ".join(SENTENCES)
LENGTH_MS = 16_000


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reopening takes no time, and a stretch that is sent again hardly any."""
    monkeypatch.setattr(channel_stream, "PAUSES_S", (0.0, 0.02, 0.05))
    monkeypatch.setattr(channel_stream, "REPLAY_SPEED", 400)


def emulated(*plans: SessionPlan) -> AssemblyAIStreamingEmulator:
    return AssemblyAIStreamingEmulator(
        key=KEY, plans=plans, hears=hearing(TURNS), locate=read_marks
    )


def held(emulator: AssemblyAIStreamingEmulator, length_ms: int = LENGTH_MS) -> Told:
    """Hold a call fifty times as fast as a real one."""
    told = Told()
    session = open_call(emulator, told)
    send(session, 0, length_ms, pause_s=0.002)
    session.finish()
    return told


# --- what keeps a call from beginning ---------------------------------------------------------


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        (SessionPlan(status=401), errors.ProviderRefusedKey),
        (SessionPlan(status=403), errors.ProviderRefusedKey),
        (SessionPlan(status=429), errors.ProviderBusy),
        (SessionPlan(status=400), errors.ProviderRejected),
        (SessionPlan(status=503), errors.ProviderUnavailable),
    ],
)
def test_a_refused_handshake_is_raised(plan: SessionPlan, expected: type[PartylineError]) -> None:
    told = Told()
    with no_thread_left(), emulated(plan) as emulator, pytest.raises(expected):
        open_call(emulator, told)
    assert told == []
    assert emulator.refused == 1
    assert emulator.sessions == []


def test_a_wrong_key_is_refused_once_and_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    with (
        caplog.at_level(logging.DEBUG, logger="partyline"),
        emulated() as emulator,
        pytest.raises(errors.ProviderRefusedKey) as refused,
    ):
        open_call(emulator, Told(), key="another-key-0815")
    assert emulator.refused == 1
    assert "another-key-0815" not in str(refused.value) + repr(refused.value) + caplog.text


def test_without_a_key_nothing_is_asked() -> None:
    with emulated() as emulator, pytest.raises(errors.ProviderNotConfigured):
        open_call(emulator, Told(), key=None)
    assert emulator.refused == 0


def test_nobody_listening_is_unavailable() -> None:
    with emulated() as emulator:
        pass
    with no_thread_left(), pytest.raises(errors.ProviderUnavailable):
        open_call(emulator, Told())


@pytest.mark.parametrize("host", ["http://127.0.0.1:1", "ws://", "ws://127.0.0.1:not-a-port"])
def test_an_address_that_is_none_is_a_setting_to_mend(host: str) -> None:
    with emulated() as emulator:
        pass
    with no_thread_left(), pytest.raises(errors.ProviderNotConfigured):
        open_call(type("Elsewhere", (), {"host": host})(), Told())
    assert emulator.sessions == []


def test_a_session_that_never_begins_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "BEGIN_S", 0.2)
    plan = SessionPlan(fault=Fault.NEVER_BEGINS, at_ms=10**9)
    with no_thread_left(), emulated(plan) as emulator, pytest.raises(errors.ProviderTimeout):
        open_call(emulator, Told())
    assert emulator.sessions[0].messages == ["Terminate"]


def test_options_the_service_refuses_end_the_call() -> None:
    bad = {"provider_options": (("live_model", "no-such-model"),)}
    with no_thread_left(), emulated() as emulator, pytest.raises((ValueError, PartylineError)):
        open_call(emulator, Told(), **bad)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (None, errors.ProviderUnavailable),
        (1006, errors.ProviderUnavailable),
        (1008, errors.ProviderRefusedKey),
        (4001, errors.ProviderRefusedKey),
        (3009, errors.ProviderBusy),
        (4102, errors.ProviderBusy),
        (3006, errors.ProviderRejected),
        (4002, errors.ProviderRejected),
        (3005, errors.ProviderUnavailable),
        (3008, errors.ProviderUnavailable),
        (4031, errors.ProviderUnavailable),
    ],
)
def test_what_codes_mean(code: int | None, expected: type[PartylineError]) -> None:
    assert type(error_for(code)) is expected


def test_what_the_service_says_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    says = ({"type": "Warning", "warning_code": 3010, "warning": "words of a call"},)
    plan = SessionPlan(says=says, fault=Fault.ERROR, code=3006, at_ms=1_000)
    with caplog.at_level(logging.DEBUG), no_thread_left(), emulated(plan) as emulator:
        told = Told()
        session = open_call(emulator, told)
        send(session, 0, 2_000)
        told.wait_for(lambda t: t and type(t[-1]).__name__ == "Ended")
        session.abort()
    events = [record.msg for record in caplog.records if record.name == "partyline"]
    assert "assemblyai.warning" in events
    assert "provider.live_over" in events
    assert "words of a call" not in caplog.text
    assert "as planned" not in caplog.text
    assert KEY not in caplog.text


# --- a call that goes on in spite of it -------------------------------------------------------


@pytest.mark.parametrize(
    "plan",
    [
        SessionPlan(fault=Fault.DROPPED, at_ms=7_500),
        SessionPlan(fault=Fault.CLOSED, code=TOO_MANY_SESSIONS, at_ms=7_500),
        SessionPlan(fault=Fault.CLOSED, code=1000, at_ms=7_500),
        SessionPlan(fault=Fault.CLOSED, code=TIMES_OUT, at_ms=7_500),
        SessionPlan(fault=Fault.ERROR, code=SERVER_ERROR, at_ms=7_500),
        SessionPlan(fault=Fault.DROPPED, at_ms=100),
        SessionPlan(fault=Fault.DROPPED, at_ms=15_900),
    ],
    ids=["1006", "3009", "1000", "3008", "error-3005", "at-the-start", "at-the-end"],
)
def test_a_call_survives_a_drop_without_a_word_lost_or_twice(plan: SessionPlan) -> None:
    with no_thread_left(), emulated(plan) as emulator:
        told = held(emulator)
    assert told.text == TEXT
    assert told.gaps == []
    assert told.ended.error_code is None
    assert told.ended.at_ms == LENGTH_MS
    assert len({u.id for u in told.finals}) == len(told.finals)
    assert len(emulator.sessions) == 2
    for line, turn in zip(told.finals, TURNS, strict=True):
        assert (line.start_ms, line.end_ms) == (turn.start_ms, turn.end_ms)


def test_a_call_survives_several_drops() -> None:
    plans = [SessionPlan(fault=Fault.DROPPED, at_ms=3_300) for _ in range(3)]
    with no_thread_left(), emulated(*plans) as emulator:
        told = held(emulator)
    assert told.text == TEXT
    assert told.gaps == []
    assert len(emulator.sessions) == 4


def test_a_service_that_is_away_for_a_moment_is_tried_again() -> None:
    plans = [
        SessionPlan(fault=Fault.DROPPED, at_ms=7_500),
        SessionPlan(status=503),
        SessionPlan(status=429),
    ]
    with no_thread_left(), emulated(*plans) as emulator:
        told = held(emulator)
    assert told.text == TEXT
    assert (emulator.refused, len(emulator.sessions)) == (2, 2)


def test_a_known_voice_stays_known_over_a_drop_in_its_turn() -> None:
    # At 7.5 s speaker A is in the middle of the third turn.
    with emulated(SessionPlan(fault=Fault.DROPPED, at_ms=7_500)) as emulator:
        told = Told()
        session = open_call(emulator, told)
        send(session, 0, 7_400)
        told.wait_for(lambda t: any(p.id == "u3" and len(p.words) > 1 for p in t.partials))
        send(session, 7_400, LENGTH_MS, pause_s=0.002)
        session.finish()
    (line,) = (u for u in told.finals if u.id == "u3")
    assert line.speaker == "s1"


def test_what_is_too_old_to_be_sent_again_is_kept_or_marked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(channel_stream, "REPLAY_MOST_MS", 1_000)
    long = turn_of("A", " ".join(f"w{n}" for n in range(20)), 200)
    plans = [SessionPlan(fault=Fault.DROPPED, at_ms=4_000)]
    with (
        no_thread_left(),
        AssemblyAIStreamingEmulator(
            key=KEY, plans=plans, hears=hearing([long]), locate=read_marks
        ) as emulator,
    ):
        told = Told()
        session = open_call(emulator, told)
        send(session, 0, 4_000)
        told.wait_for(lambda _: len(emulator.sessions) == 2)
        send(session, 4_000, 9_000, pause_s=0.005)
        session.finish()
    heard = [w.text for u in told.finals for w in u.words]
    assert heard == sorted(set(heard), key=lambda w: int(w[1:]))
    missing = {f"w{n}" for n in range(20)} - set(heard)
    assert len(missing) <= 2
    assert told.ended.error_code is None


def test_a_stretch_nobody_heard_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel_stream, "REPLAY_MOST_MS", 2_000)
    plan = SessionPlan(fault=Fault.FALLS_SILENT, at_ms=2_500, drops_at_ms=9_000)
    with no_thread_left(), emulated(plan) as emulator:
        told = Told()
        session = open_call(emulator, told)
        send(session, 0, 9_000, pause_s=0.002)
        told.wait_for(lambda _: len(emulator.sessions) == 2)
        send(session, 9_000, LENGTH_MS, pause_s=0.002)
        session.finish()
    (gap,) = told.gaps
    replayed_ms = emulator.sessions[1].start_ms
    assert gap.kind is GapKind.CONNECTION_LOST
    assert gap.channel is None
    # The first sound that may have been speech follows the end of the first turn.
    assert gap.end_ms == replayed_ms
    assert 0 <= gap.start_ms - TURNS[0].end_ms <= 100
    assert 6_500 <= replayed_ms <= 8_000
    assert told.text.startswith(SENTENCES[0])
    assert told.text.endswith(SENTENCES[4])


def test_quiet_is_neither_sent_again_nor_a_gap() -> None:
    plan = SessionPlan(fault=Fault.DROPPED, at_ms=28_000)
    with no_thread_left(), emulated(plan) as emulator:
        told = Told()
        session = open_call(emulator, told)
        send(session, 0, TURNS[-1].end_ms, pause_s=0.002)
        send(session, TURNS[-1].end_ms, 30_000, pause_s=0.002, loud=False)
        session.finish()
    assert told.text == TEXT
    assert told.gaps == []
    assert emulator.sessions[1].audio_ms <= 6_000


def test_messages_of_a_wrong_form_cost_only_themselves() -> None:
    with emulated(SessionPlan(fault=Fault.UNREADABLE, at_ms=1_000)) as emulator:
        told = held(emulator)
    assert told.text == TEXT
    assert len(emulator.sessions) == 1


# --- a call that ends before its time ---------------------------------------------------------


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        (SessionPlan(fault=Fault.CLOSED, code=UNAUTHORISED, at_ms=4_000), "ProviderRefusedKey"),
        (SessionPlan(fault=Fault.ERROR, code=3006, at_ms=4_000), "ProviderRejected"),
    ],
)
def test_what_trying_again_cannot_help_ends_the_call(plan: SessionPlan, expected: str) -> None:
    with no_thread_left(), emulated(plan) as emulator:
        told = Told()
        session = open_call(emulator, told)
        send(session, 0, 4_000)
        told.wait_for(lambda t: t and type(t[-1]).__name__ == "Ended")
        with pytest.raises(PartylineError) as raised:
            session.send(marked_sound(0, 100))
        session.finish()
    assert raised.value.code == expected
    assert told.ended.error_code == expected
    assert told.text.startswith(SENTENCES[0])
    assert len(emulator.sessions) == 1


def test_a_service_that_stays_away_ends_the_call_and_keeps_what_was_heard() -> None:
    plans = [SessionPlan(fault=Fault.DROPPED, at_ms=4_400), *[SessionPlan(status=503)] * 9]
    with no_thread_left(), emulated(*plans) as emulator:
        told = Told()
        session = open_call(emulator, told)
        send(session, 0, 4_200)
        told.wait_for(lambda t: any(partial.id == "u2" for partial in t.partials))
        send(session, 4_200, 5_200)
        told.wait_for(lambda t: t and type(t[-1]).__name__ == "Ended")
        session.abort()
    assert told.ended.error_code == "ProviderUnavailable"
    assert emulator.refused == 3
    # The second turn was under way.
    assert [u.id for u in told.finals] == ["u1", "u2"]
    # A word that was on its way when the connection broke may be lost with it.
    heard = [partial.text for partial in told.partials if partial.id == "u2"][-1]
    assert told.finals[-1].text == heard
    assert "hello this is".startswith(heard)
    (gap,) = told.gaps
    assert gap.kind is GapKind.CONNECTION_LOST
    assert (gap.start_ms, gap.end_ms) == (told.finals[-1].end_ms, 5_200)


def test_a_service_that_drops_again_and_again_is_given_up() -> None:
    plans = [SessionPlan(fault=Fault.DROPPED, at_ms=100)] * 20
    with no_thread_left(), emulated(*plans) as emulator:
        told = Told()
        session = open_call(emulator, told)
        send(session, 0, 2_000)
        told.wait_for(lambda t: t and type(t[-1]).__name__ == "Ended")
        session.abort()
    assert told.ended.error_code == "ProviderUnavailable"
    assert len(emulator.sessions) == channel_stream.MOST_DROPS + 1


def test_a_service_that_never_ends_the_session_is_not_waited_for() -> None:
    with no_thread_left(), emulated(SessionPlan(fault=Fault.NEVER_TERMINATES)) as emulator:
        told = Told()
        session = open_call(emulator, told)
        send(session, 0, 3_000)
        told.wait_for(lambda t: t.finals)
        began = time.monotonic()
        session.finish(timeout_s=0.5)
        assert time.monotonic() - began < 3.0
    assert told.text == SENTENCES[0]
    assert told.ended.error_code is None


def test_words_that_never_came_are_marked_at_the_end() -> None:
    plan = SessionPlan(fault=Fault.FALLS_SILENT, at_ms=2_500)
    with no_thread_left(), emulated(plan) as emulator:
        told = Told()
        session = open_call(emulator, told)
        send(session, 0, 5_000)
        told.wait_for(lambda t: t.finals)
        session.finish(timeout_s=0.5)
    (gap,) = told.gaps
    assert gap.kind is GapKind.CONNECTION_LOST
    assert gap.end_ms == 5_000
    assert gap.start_ms <= 3_200


def test_a_slow_service_is_waited_for() -> None:
    with no_thread_left(), emulated(SessionPlan(delay_s=0.02)) as emulator:
        assert held(emulator).text == TEXT


# --- two channels -----------------------------------------------------------------------------

AGENT = [turn_of("A", said, 200 + n * 3_000) for n, said in enumerate(SENTENCES)]
CUSTOMER = [turn_of("B", said, 1_700 + n * 3_000) for n, said in enumerate(SENTENCES)]


def two_channels(*plans: SessionPlan) -> AssemblyAIStreamingEmulator:
    return AssemblyAIStreamingEmulator(
        key=KEY, plans=plans, hears=hearing(AGENT, CUSTOMER), locate=read_marks
    )


def said_on(told: Told, channel: int) -> str:
    words = [w for u in told.finals if u.channel == channel for w in u.words]
    return " ".join(w.text for w in sorted(words, key=lambda w: w.start_ms))


def bare(text: str) -> str:
    return re.sub(r"[^\w\s]", "", text).casefold()


def test_a_channel_that_is_lost_does_not_stop_the_other() -> None:
    plans = [
        SessionPlan(),
        SessionPlan(fault=Fault.CLOSED, code=UNAUTHORISED, at_ms=4_500),
        SessionPlan(status=401),
    ]
    with no_thread_left(), two_channels(*plans) as emulator:
        told = Told()
        session = open_call(emulator, told, channels=2)
        send(session, 0, 5_000, channels=2)
        told.wait_for(lambda t: t.gaps)
        send(session, 5_000, 18_000, channels=2)
        session.finish()
    assert said_on(told, 0) == TEXT
    # Whether its punctuation still came before the end is a race.
    assert bare(said_on(told, 1)).startswith(bare(SENTENCES[0]))
    assert {gap.kind for gap in told.gaps} == {GapKind.CHANNEL_LOST}
    assert {gap.channel for gap in told.gaps} == {1}
    first, second = told.gaps
    assert first.end_ms == second.start_ms
    assert first.start_ms <= 4_500
    assert second.end_ms == 18_000
    assert told.ended.error_code is None


def test_a_channel_that_drops_is_opened_again_with_its_own_times() -> None:
    plans = [SessionPlan(), SessionPlan(fault=Fault.DROPPED, at_ms=8_100)]
    with no_thread_left(), two_channels(*plans) as emulator:
        told = Told()
        session = open_call(emulator, told, channels=2)
        send(session, 0, 18_000, channels=2, pause_s=0.002)
        session.finish()
    assert said_on(told, 0) == TEXT
    assert said_on(told, 1) == TEXT
    assert told.gaps == []
    assert told.speakers == [("s1", 0), ("s2", 1)]
    assert len(emulator.sessions) == 3


def test_without_any_channel_left_the_call_ends() -> None:
    closed = SessionPlan(fault=Fault.CLOSED, code=UNAUTHORISED, at_ms=3_000)
    plans = [closed, closed, *[SessionPlan(status=401)] * 2]
    with no_thread_left(), two_channels(*plans) as emulator:
        told = Told()
        session = open_call(emulator, told, channels=2)
        # The call may be over before all is sent; sending says so then.
        with suppress(errors.ProviderRefusedKey):
            send(session, 0, 4_000, channels=2)
        told.wait_for(lambda t: t and type(t[-1]).__name__ == "Ended")
        session.finish()
    assert told.ended.error_code == "ProviderRefusedKey"
    assert {gap.channel for gap in told.gaps} == {0, 1}


def test_a_second_channel_that_is_refused_leaves_nothing_open() -> None:
    with (
        no_thread_left(),
        two_channels(SessionPlan(), SessionPlan(status=429)) as emulator,
        pytest.raises(errors.ProviderBusy),
    ):
        open_call(emulator, Told(), channels=2)
    assert emulator.sessions[0].terminated
