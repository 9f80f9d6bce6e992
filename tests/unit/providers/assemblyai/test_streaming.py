"""Live calls over the real SDK against the emulated service, as long as all goes well."""

import subprocess
import sys
import time

import pytest

from emulators.assemblyai.streaming import AssemblyAIStreamingEmulator
from emulators.assemblyai.streaming_plans import SessionPlan
from emulators.assemblyai.streaming_script import HeardTurn, turn_of
from services.domain.calls import ProcessingOptions
from services.domain.errors import InvalidRequest, LiveOver
from services.domain.live import Ended, Final, Partial
from services.providers.assemblyai import channel_stream
from services.providers.assemblyai.access import AssemblyAIAccess
from services.providers.assemblyai.provider import AssemblyAIProvider
from services.providers.assemblyai.turns import Turns
from services.providers.live import LiveFormat
from tests.threads import no_thread_left
from tests.unit.providers.assemblyai.live_calls import (
    KEY,
    Told,
    hearing,
    open_call,
    read_marks,
    send,
)

# 0 ......... 1 ......... 2 ......... 3 ......... 4 ......... 5 s
#   AAAAAAAAAAAAAAA           BBBBBBBBBB      A
DIALOGUE = (
    turn_of("A", "Good morning, Harbor Energy.", 200),
    turn_of("B", "Hello, this is Daniel.", 2_400),
    turn_of("A", "Right.", 4_200, label="UNKNOWN", speakers=("UNKNOWN",)),
)


def emulated(*turns: HeardTurn, plans=()) -> AssemblyAIStreamingEmulator:
    return AssemblyAIStreamingEmulator(
        key=KEY, plans=plans, hears=hearing(turns or DIALOGUE), locate=read_marks
    )


def held(emulator: AssemblyAIStreamingEmulator, length_ms: int = 5_000, **options) -> Told:
    told = Told()
    session = open_call(emulator, told, **options)
    send(session, 0, length_ms)
    session.finish()
    return told


def test_a_call_of_two_speakers() -> None:
    with no_thread_left(), emulated() as emulator:
        told = held(emulator, max_speakers=2, vocabulary=("Harbor",))
    assert [(u.id, u.speaker, u.text) for u in told.finals] == [
        ("u1", "s1", "Good morning, Harbor Energy."),
        ("u2", "s2", "Hello, this is Daniel."),
        ("u3", None, "Right."),
    ]
    assert [(u.start_ms, u.end_ms) for u in told.finals] == [
        (200, 1_600),
        (2_400, 3_800),
        (4_200, 4_520),
    ]
    assert told.speakers == [("s1", None), ("s2", None)]
    assert told.ended == Ended(at_ms=5_000)
    assert not told.gaps
    (session,) = emulator.sessions
    assert session.parameters["max_speakers"] == "2"
    assert session.parameters["keyterms_prompt"] == '["Harbor"]'
    assert session.messages == ["ForceEndpoint", "Terminate"]
    assert session.audio_ms == 5_000


def test_words_are_told_while_they_are_said() -> None:
    with emulated() as emulator:
        told = Told()
        session = open_call(emulator, told)
        send(session, 0, 1_000)
        told.wait_for(lambda t: t.partials)
        assert not told.finals
        send(session, 1_000, 2_100)
        told.wait_for(lambda t: t.finals)
        session.finish()
    assert told.partials[0].id == told.finals[0].id == "u1"
    assert told.partials[0].text == "good"


def test_the_last_words_are_not_lost_when_the_call_ends_in_the_middle_of_a_turn() -> None:
    with emulated(turn_of("A", "So I will send it to", 200)) as emulator:
        told = held(emulator, 1_650)
    assert told.text == "So I will send"


def test_a_short_rest_is_sent_too() -> None:
    with emulated() as emulator:
        told = held(emulator, 1_610)
    assert emulator.sessions[0].audio_ms == 1_650
    assert told.text == "Good morning, Harbor Energy."
    assert told.ended.at_ms == 1_610


def test_small_pieces_are_put_together() -> None:
    with emulated() as emulator:
        told = Told()
        session = open_call(emulator, told)
        send(session, 0, 2_000, step_ms=20)
        session.finish()
    assert told.text == "Good morning, Harbor Energy."
    assert emulator.sessions[0].pieces <= 40


def test_a_turn_of_two_speakers_is_cut() -> None:
    both = turn_of("A", "How are you? Fine, thanks.", 200, speakers="AAABB")
    with emulated(both) as emulator:
        told = held(emulator, 3_000)
    assert [(u.speaker, u.text) for u in told.finals] == [
        ("s1", "How are you?"),
        ("s2", "Fine, thanks."),
    ]


def test_revised_speakers_reach_earlier_lines() -> None:
    turn = turn_of("A", "I am Daniel.", 200, revised=("B", "B", "B"))
    with emulated(turn, turn_of("A", "Hello Daniel.", 2_000)) as emulator:
        told = held(emulator, 4_000)
    assert [(u.id, u.speaker) for u in told.finals] == [("u1", "s1"), ("u2", "s1")]
    assert [(u.id, u.speaker, u.text) for u in told.revised] == [("u1", "s2", "I am Daniel.")]


def test_a_model_that_writes_formatted_turns_only() -> None:
    with emulated() as emulator:
        told = held(emulator, provider_options=(("live_model", "u3-rt-pro"),))
    assert told.text == "Good morning, Harbor Energy. Hello, this is Daniel. Right."
    assert not told.revised


def test_a_formatted_turn_that_comes_late_revises() -> None:
    with emulated(plans=[SessionPlan(late_format=True)]) as emulator:
        told = held(emulator)
    assert told.finals[0].text == "good morning harbor energy"
    assert (told.revised[0].id, told.revised[0].text) == ("u1", "Good morning, Harbor Energy.")


def test_a_formatted_turn_that_never_comes_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(channel_stream, "FORMATTED_S", 0.1)
    with emulated(plans=[SessionPlan(formats=False)]) as emulator:
        told = Told()
        session = open_call(emulator, told)
        send(session, 0, 2_100)
        told.wait_for(lambda t: t.finals)
        session.finish()
    assert told.finals[0].text == "good morning harbor energy"


def test_a_call_without_sound_is_kept_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel_stream, "KEEP_ALIVE_S", 0.1)
    with emulated() as emulator:
        told = Told()
        session = open_call(emulator, told)
        send(session, 0, 500)
        time.sleep(0.5)
        session.finish()
    assert 2 <= emulator.messages.count("KeepAlive") <= 5


def test_messages_that_mean_nothing_to_a_call_do_no_harm() -> None:
    says = (
        {"type": "Warning", "warning_code": 3010, "warning": "the words of a call"},
        {
            "type": "Heartbeat",
            "total_audio_received_ms": 0,
            "total_duration_ms": 0,
            "realtime_factor": 1.0,
        },
    )
    with emulated(plans=[SessionPlan(says=says)]) as emulator:
        assert held(emulator).text == "Good morning, Harbor Energy. Hello, this is Daniel. Right."


def test_aborting_ends_at_once_and_leaves_nothing() -> None:
    with no_thread_left(), emulated() as emulator:
        told = Told()
        session = open_call(emulator, told)
        send(session, 0, 1_000)
        began = time.monotonic()
        session.abort()
        assert time.monotonic() - began < 2.0
        assert told.ended.error_code is None
        with pytest.raises(LiveOver):
            session.send(b"\0\0")
        session.abort()
        session.finish()
    assert "Terminate" in emulator.messages


def test_a_call_that_nobody_speaks_in() -> None:
    with no_thread_left(), emulated() as emulator:
        told = Told()
        open_call(emulator, told).finish()
    assert told == [Ended(at_ms=0)]
    assert emulator.messages == ["ForceEndpoint", "Terminate"]


def test_three_channels_are_refused() -> None:
    with emulated() as emulator, pytest.raises(InvalidRequest):
        open_call(emulator, Told(), channels=3)
    assert emulator.sessions == []


def test_fifty_calls_in_a_row_leave_no_thread() -> None:
    with emulated() as emulator, no_thread_left():
        for _ in range(50):
            assert held(emulator, 2_100).text == "Good morning, Harbor Energy."
    assert len(emulator.sessions) == 50
    assert all(session.terminated for session in emulator.sessions)


def test_a_fault_of_our_own_ends_the_call_and_is_not_swallowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("words of a call")

    monkeypatch.setattr(Turns, "heard", broken)
    with no_thread_left(), emulated() as emulator:
        told = Told()
        session = open_call(emulator, told)
        send(session, 0, 1_000)
        told.wait_for(lambda t: t and isinstance(t[-1], Ended))
        session.abort()
    assert told.ended.error_code == "InternalFault"


def test_a_process_that_ends_in_the_middle_of_a_call_ends() -> None:
    program = (
        "import sys\n"
        "from types import SimpleNamespace\n"
        "from tests.unit.providers.assemblyai.live_calls import Told, open_call, send\n"
        "session = open_call(SimpleNamespace(host=sys.argv[1]), Told())\n"
        "send(session, 0, 500)\n"
        "raise SystemExit(7)\n"
    )
    with emulated() as emulator:
        ended = subprocess.run([sys.executable, "-c", program, emulator.host], timeout=30)
    assert ended.returncode == 7
    assert len(emulator.sessions) == 1


# --- two channels -----------------------------------------------------------------------------


def emulated_channels(plans=()) -> AssemblyAIStreamingEmulator:
    """Hear the agent on channel 0 and the customer on channel 1."""
    agent = [turn_of("A", "Good morning, Harbor Energy.", 200), turn_of("A", "I see.", 4_400)]
    customer = [turn_of("B", "Hello, this is Daniel.", 2_400)]
    return AssemblyAIStreamingEmulator(
        key=KEY, plans=plans, hears=hearing(agent, customer), locate=read_marks
    )


def test_each_channel_is_a_session_and_a_speaker() -> None:
    with no_thread_left(), emulated_channels() as emulator:
        told = Told()
        session = open_call(emulator, told, channels=2, max_speakers=2)
        send(session, 0, 6_000, channels=2)
        session.finish()
    assert [(u.speaker, u.channel, u.text) for u in told.finals] == [
        ("s1", 0, "Good morning, Harbor Energy."),
        ("s2", 1, "Hello, this is Daniel."),
        ("s1", 0, "I see."),
    ]
    assert sorted(told.speakers) == [("s1", 0), ("s2", 1)]
    assert told.ended == Ended(at_ms=6_000)
    assert len({u.id for u in told.finals}) == 3
    assert all("speaker_labels" not in s.parameters for s in emulator.sessions)
    assert [s.audio_ms for s in emulator.sessions] == [6_000, 6_000]


def test_lines_of_two_channels_come_in_the_order_of_the_call() -> None:
    agent = [turn_of("A", "one two three", n * 3_000 + 200) for n in range(5)]
    customer = [turn_of("B", "four five", n * 3_000 + 1_700) for n in range(5)]
    with AssemblyAIStreamingEmulator(
        key=KEY,
        # The first channel answers slowly.
        plans=[SessionPlan(delay_s=0.01)],
        hears=hearing(agent, customer),
        locate=read_marks,
    ) as emulator:
        told = Told()
        session = open_call(emulator, told, channels=2)
        send(session, 0, 15_500, channels=2, pause_s=0.01)
        session.finish()
    ends = [e.line.end_ms for e in told if isinstance(e, Final)]
    assert len(ends) == 10
    assert ends == sorted(ends)
    ids = {e.line.id for e in told if isinstance(e, Partial)}
    assert ids == {u.id for u in told.finals}


def test_the_provider_opens_live_calls() -> None:
    with emulated() as emulator:
        provider = AssemblyAIProvider(AssemblyAIAccess(key=KEY, streaming_host=emulator.host))
        assert provider.capabilities.live
        assert provider.capabilities.live_channels == 2
        assert provider.capabilities.option("live_turns") is not None
        told = Told()
        options = ProcessingOptions(language="en", provider_options=(("live_turns", "quick"),))
        session = provider.open_live(LiveFormat(), options, told)
        send(session, 0, 2_100)
        session.finish()
    assert told.text == "Good morning, Harbor Energy."
    assert emulator.sessions[0].parameters["max_turn_silence"] == "400"
