"""What every live session keeps to, whatever is behind it.

A provider joins by a fixture that returns a ``LiveCase`` and a line in PROVIDERS.
"""

import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from emulators.assemblyai.streaming import AssemblyAIStreamingEmulator
from emulators.assemblyai.streaming_plans import Fault, SessionPlan
from emulators.assemblyai.streaming_script import LINES as LINES_OF_ASSEMBLYAI
from emulators.azure_speech.websocket import AzureSpeechEmulator
from emulators.azure_speech.websocket_script import DIALOGUE, Behaviour, Ending
from services.domain.errors import (
    LiveFull,
    LiveOver,
    PartylineError,
    ProviderRefusedKey,
    ProviderUnavailable,
)
from services.domain.live import Ended, Final, Gap, Partial, Revised, SpeakerTold
from services.engine.engine import EngineHolder
from services.engine.live.engine import LiveEngine
from services.providers.assemblyai import channel_stream
from services.providers.assemblyai.access import AssemblyAIAccess
from services.providers.assemblyai.provider import AssemblyAIProvider
from services.providers.azure_speech.access import AzureAccess
from services.providers.azure_speech.provider import AzureSpeechProvider
from services.providers.base import SpeechProvider
from services.providers.live import LiveFormat
from services.providers.local import LocalProvider
from services.providers.scripted import ScriptedProvider
from services.providers.scripted.live import LiveFaults
from services.providers.scripted.provider import LINES
from tests.contract.live_case import (
    CALL_MS,
    LAST_WORDS_S,
    OPTIONS,
    Events,
    LiveCase,
    all_words,
    bare,
    held,
    lines_of,
    stream,
)
from tests.contract.local_call import TEXTS as TEXTS_OF_LOCAL
from tests.contract.local_call import Failing, a_call
from tests.threads import no_thread_left

THREADS_END_WITHIN_S = 5.0
BORDER_MS = 50


@pytest.fixture
def scripted() -> LiveCase:
    def failing() -> SpeechProvider:
        faults = LiveFaults(fails_with=ProviderUnavailable, after_ms=CALL_MS // 2)
        return ScriptedProvider(live_faults=faults)

    return LiveCase(
        provider=ScriptedProvider(),
        texts=[text for text, _ in LINES[:3]],
        refusing=lambda: ScriptedProvider(fails_with=ProviderRefusedKey),
        failing=failing,
        losing=lambda: ScriptedProvider(live_faults=LiveFaults(loses=(5_000, 7_000))),
    )


@pytest.fixture
def azure() -> Iterator[LiveCase]:
    away = (Behaviour(ending=Ending.DROP, at_ms=CALL_MS // 2), Behaviour(refuse_with=401))

    def provider(emulator: AzureSpeechEmulator, key: str = "right") -> SpeechProvider:
        return AzureSpeechProvider(AzureAccess(key=key, host=emulator.host))

    with (
        AzureSpeechEmulator(key="right", even_in_silence=True) as good,
        AzureSpeechEmulator(*away, key="right", even_in_silence=True) as failing,
    ):
        yield LiveCase(
            provider=provider(good),
            texts=DIALOGUE[:3],
            refusing=lambda: provider(good, key="wrong"),
            failing=lambda: provider(failing),
            losing=None,
        )


@pytest.fixture
def assemblyai(monkeypatch: pytest.MonkeyPatch) -> Iterator[LiveCase]:
    monkeypatch.setattr(channel_stream, "PAUSES_S", (0.0, 0.05, 0.1))
    dropped = SessionPlan(fault=Fault.DROPPED, at_ms=CALL_MS // 2)
    away = [dropped, *[SessionPlan(status=503)] * 9]

    def provider(emulator: AssemblyAIStreamingEmulator, key: str = "right") -> SpeechProvider:
        return AssemblyAIProvider(AssemblyAIAccess(key=key, streaming_host=emulator.host))

    with (
        AssemblyAIStreamingEmulator(key="right") as good,
        AssemblyAIStreamingEmulator(key="right", plans=away) as failing,
    ):
        yield LiveCase(
            provider=provider(good),
            texts=[text for _, text in LINES_OF_ASSEMBLYAI[:2]],
            refusing=lambda: provider(good, key="wrong"),
            failing=lambda: provider(failing),
            losing=None,
        )


@pytest.fixture(scope="module")
def local_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture
def local(local_models: Path) -> LiveCase:
    def provider(live: Callable[[LiveEngine], None] = lambda _: None) -> SpeechProvider:
        holder = EngineHolder(local_models)
        live(holder.live())
        return LocalProvider(local_models, engine=holder)

    def fill(engine: LiveEngine) -> None:
        engine.budget.enter(100.0)

    def break_down(engine: LiveEngine) -> None:
        engine.listen_with("en", Failing(engine.captioner("en"), after_ms=CALL_MS // 4))

    return LiveCase(
        provider=provider(),
        texts=TEXTS_OF_LOCAL,
        refusing=lambda: provider(fill),
        failing=lambda: provider(break_down),
        losing=None,
        sound=a_call,
        refused_with=LiveFull,
    )


PROVIDERS = ["scripted", "assemblyai", "azure", pytest.param("local", marks=pytest.mark.slow)]


@pytest.fixture(params=PROVIDERS)
def case(request: pytest.FixtureRequest) -> LiveCase:
    made: LiveCase = request.getfixturevalue(request.param)
    return made


@pytest.fixture(autouse=True)
def _no_thread_is_left(case: LiveCase) -> Iterator[None]:
    """Every test leaves the threads there were before, whatever it did with its sessions."""
    with no_thread_left():
        yield


@pytest.fixture
def events(case: LiveCase) -> Events:
    return held(case.provider, sound=case.sound)


def test_it_says_that_it_can(case: LiveCase) -> None:
    assert case.provider.capabilities.live
    assert case.provider.capabilities.live_channels >= 1


def test_all_of_the_script_is_there_at_the_end(case: LiveCase, events: Events) -> None:
    assert all_words(events.captions.lines) == [w for text in case.texts for w in bare(text)]


def test_the_end_comes_once_and_last(events: Events) -> None:
    (ended,) = events.of(Ended)
    assert events[-1] is ended
    assert ended.error_code is None
    assert ended.at_ms == CALL_MS


def test_speakers_are_told_before_their_lines(events: Events) -> None:
    told: set[str] = set()
    for event in events:
        if isinstance(event, SpeakerTold):
            assert event.speaker.label
            told.add(event.speaker.id)
        elif isinstance(event, Partial | Final | Revised):
            assert event.line.speaker is None or event.line.speaker in told
    assert len(told) == 2


def test_partials_become_finals_of_the_same_id(events: Events) -> None:
    final = [event.line.id for event in events.of(Final)]
    assert len(set(final)) == len(final)
    assert events.of(Partial)
    assert {event.line.id for event in events.of(Partial)} <= set(final)
    for event in events.of(Partial):
        finals = [e for e in events.of(Final) if e.line.id == event.line.id]
        assert all(events.index(event) < events.index(one) for one in finals)
    assert {event.line.id for event in events.of(Revised)} <= set(final)


def test_words_come_before_their_line_is_over(events: Events) -> None:
    """A line of some length is shown in part before it is final."""
    for event in events.of(Final):
        if len(event.line.text.split()) > 6:
            partials = [e for e in events.of(Partial) if e.line.id == event.line.id]
            assert partials
            assert len(partials[0].line.text) < len(event.line.text)


def test_times_are_ordered_and_inside_the_call(events: Events) -> None:
    for line in lines_of(events):
        assert 0 <= line.start_ms < line.end_ms <= CALL_MS
        for word in line.words:
            assert line.start_ms - BORDER_MS <= word.start_ms <= word.end_ms
            assert word.end_ms <= line.end_ms + BORDER_MS
        for earlier, later in pairwise(line.words):
            assert earlier.start_ms <= later.start_ms
    starts = [event.line.start_ms for event in events.of(Final)]
    assert starts == sorted(starts)


def test_words_make_up_the_text(events: Events) -> None:
    finals = [event.line for event in events.of(Final)]
    # Not every service times the words of a line that is still under way.
    for line in finals + [line for line in lines_of(events) if line.words]:
        assert line.text == line.text.strip() != ""
        assert " ".join(word.text.strip() for word in line.words) == line.text
        for word in line.words:
            assert word.confidence is None or 0 <= word.confidence <= 1


def test_finishing_twice_is_finishing_once(case: LiveCase) -> None:
    events = Events()
    session = case.provider.open_live(LiveFormat(), OPTIONS, events)
    stream(session, sound=case.sound)
    session.finish(LAST_WORDS_S)
    heard = list(events)
    session.finish(LAST_WORDS_S)
    session.abort()
    assert events == heard


def test_sending_after_the_end_is_refused(case: LiveCase) -> None:
    events = Events()
    session = case.provider.open_live(LiveFormat(), OPTIONS, events)
    stream(session, 1_000, sound=case.sound)
    session.finish(LAST_WORDS_S)
    with pytest.raises(LiveOver):
        session.send(bytes(1_600))
    assert session.sent_ms == 1_000
    assert len(events.of(Ended)) == 1


def test_a_call_can_be_aborted_at_once(case: LiveCase) -> None:
    events = Events()
    session = case.provider.open_live(LiveFormat(), OPTIONS, events)
    began = time.monotonic()
    session.abort()
    session.abort()
    assert time.monotonic() - began < THREADS_END_WITHIN_S
    assert [type(event) for event in events] == [Ended]


def test_a_call_can_be_aborted_in_its_middle(case: LiveCase) -> None:
    events = Events()
    session = case.provider.open_live(LiveFormat(), OPTIONS, events)
    stream(session, CALL_MS // 2, sound=case.sound)
    session.abort()
    assert isinstance(events[-1], Ended)
    assert len(events.of(Ended)) == 1


def test_an_empty_call_has_no_lines(case: LiveCase) -> None:
    events = Events()
    session = case.provider.open_live(LiveFormat(), OPTIONS, events)
    session.finish(LAST_WORDS_S)
    assert [type(event) for event in events] == [Ended]


def test_two_calls_at_once_stay_separate(case: LiveCase) -> None:
    ours, theirs = Events(), Events()
    first = case.provider.open_live(LiveFormat(), OPTIONS, ours)
    second = case.provider.open_live(LiveFormat(), OPTIONS, theirs)
    stream(second, CALL_MS // 2, sound=case.sound)
    stream(first, sound=case.sound)
    second.abort()
    first.finish(LAST_WORDS_S)
    assert all_words(ours.captions.lines) == [w for text in case.texts for w in bare(text)]
    assert all(line.end_ms <= CALL_MS // 2 for line in lines_of(theirs))
    assert len(ours.of(Ended)) == len(theirs.of(Ended)) == 1


def test_a_call_that_cannot_begin_raises(case: LiveCase) -> None:
    events = Events()
    with pytest.raises(case.refused_with):
        case.refusing().open_live(LiveFormat(), OPTIONS, events)
    assert not events


def test_a_fault_in_mid_call_ends_it_or_leaves_a_gap(case: LiveCase) -> None:
    events = Events()
    session = case.failing().open_live(LiveFormat(), OPTIONS, events)
    try:
        stream(session, sound=case.sound)
        session.finish(LAST_WORDS_S)
    except PartylineError as error:
        raised: str | None = error.code
    else:
        raised = None
    (ended,) = events.of(Ended)
    assert events[-1] is ended
    assert events.captions.lines
    assert ended.error_code or events.of(Gap)
    assert raised in {None, ended.error_code}
    if ended.error_code:
        assert ended.error_message
        with pytest.raises(PartylineError) as refused:
            session.send(bytes(1_600))
        assert refused.value.code == ended.error_code


def test_a_service_that_was_away_leaves_a_gap_and_no_doubled_line(case: LiveCase) -> None:
    if case.losing is None:
        pytest.skip("nothing is lost by that here")
    events = held(case.losing(), sound=case.sound)
    (ended,) = events.of(Ended)
    assert ended.error_code is None
    (gap,) = events.of(Gap)
    assert 0 <= gap.start_ms < gap.end_ms <= CALL_MS
    said = all_words(events.captions.lines)
    rest = iter(w for text in case.texts for w in bare(text))
    assert said
    assert all(word in rest for word in said), "in the order of the script, each once"


def test_two_channels_carry_their_numbers(case: LiveCase) -> None:
    if case.provider.capabilities.live_channels < 2:
        pytest.skip("this provider takes one channel")
    events = held(case.provider, channels=2, sound=case.sound)
    speakers = {event.speaker.id: event.speaker.channel for event in events.of(SpeakerTold)}
    assert sorted(speakers.values()) == [0, 1]
    for line in lines_of(events):
        assert line.channel == speakers[line.speaker]
    assert {line.channel for line in lines_of(events)} == {0, 1}
    assert not events.of(Gap)


def test_one_channel_has_no_numbers(events: Events) -> None:
    assert {event.speaker.channel for event in events.of(SpeakerTold)} == {None}


def test_a_slow_listener_loses_nothing(case: LiveCase) -> None:
    events = held(case.provider, pause_s=0.02, sound=case.sound)
    assert all_words(events.captions.lines) == [w for text in case.texts for w in bare(text)]
    assert isinstance(events[-1], Ended)
