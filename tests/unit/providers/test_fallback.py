"""Providers asked in turn: when the next one is, what it gets, and what is told of it."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from services.audio.recording import ChannelLayout, Recording
from services.domain.calls import ProcessingOptions
from services.domain.errors import (
    Cancelled,
    DiskFull,
    InternalFault,
    PartylineError,
    ProviderAnswerLost,
    ProviderBusy,
    ProviderRefusedKey,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
    TooLongForProvider,
)
from services.domain.running import RunContext
from services.domain.speech import Transcript
from services.providers import base
from services.providers.capabilities import ProviderOption, Readiness
from services.providers.fallback import transcribe_in_turn
from services.providers.scripted import ScriptedProvider
from tests.unit.providers.test_local import bursts, recording
from tests.variants import variant

MASKING = ProviderOption(
    name="profanity", title="", help="", choices=(("masked", ""), ("raw", "")), default=""
)
OTHER_MASKING = ProviderOption(
    name="profanity", title="", help="", choices=(("off", ""), ("filter", "")), default=""
)


class Asked(ScriptedProvider):
    """Remembers what it was asked."""

    def __init__(self, **script: object) -> None:
        super().__init__(**script)  # type: ignore[arg-type]
        self.asked: list[tuple[ProcessingOptions, RunContext]] = []

    def _transcribe_impl(
        self, recording: Recording, options: ProcessingOptions, context: RunContext
    ) -> Transcript:
        self.asked.append((options, context))
        context.note_copy(f"copy {len(self.asked)}")
        return super()._transcribe_impl(recording, options, context)


class Unready(Asked):
    def readiness(self) -> Readiness:
        return Readiness(ready=False, missing=("SOME_KEY",))


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "FIRST_PAUSE_S", 0.0)


@pytest.fixture
def call() -> Recording:
    return recording(bursts(4), ChannelLayout.MIXED)


def asked(name: str, error: type[PartylineError] | None = None, **more: object) -> Asked:
    made = variant(name, fails_with=error, of=Asked, **more)  # type: ignore[arg-type]
    assert isinstance(made, Asked)
    return made


def test_the_first_alone_is_asked_when_it_can(call: Recording) -> None:
    first, second = asked("azure"), asked("local")
    heard = transcribe_in_turn((first, second), call, ProcessingOptions(), RunContext())
    assert (heard.by.name, heard.transcript.provider) == ("azure", "azure")
    assert "fallback" not in heard.transcript.stages
    assert second.asked == []


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ProviderUnavailable, "Azure Speech could not be reached"),
        (ProviderBusy, "Azure Speech was limiting requests"),
        (ProviderTimeout, "Azure Speech did not answer in time"),
        (InternalFault, "Azure Speech could not be used"),
    ],
)
def test_the_next_one_does_it_and_it_is_told(
    call: Recording, error: type[PartylineError], words: str
) -> None:
    first, second = asked("azure", error), asked("local")
    heard = transcribe_in_turn((first, second), call, ProcessingOptions(), RunContext())
    assert (heard.by.name, heard.transcript.provider) == ("local", "local")
    said = f"{words}; this machine transcribed the call instead."
    assert heard.transcript.stages["fallback"] == said
    assert len(first.asked) == base.ATTEMPTS
    assert len(second.asked) == 1


def test_an_answer_that_may_be_paid_for_is_asked_for_once_and_then_elsewhere(
    call: Recording,
) -> None:
    first, second = asked("azure", ProviderAnswerLost), asked("local")
    heard = transcribe_in_turn((first, second), call, ProcessingOptions(), RunContext())
    assert heard.by.name == "local"
    assert "did not answer in time" in heard.transcript.stages["fallback"]
    assert len(first.asked) == 1


def test_everyone_who_failed_is_named(call: Recording) -> None:
    providers = (
        asked("local", InternalFault),
        asked("azure", ProviderBusy),
        asked("assemblyai"),
    )
    heard = transcribe_in_turn(providers, call, ProcessingOptions(), RunContext())
    assert heard.transcript.stages["fallback"] == (
        "This machine could not be used and Azure Speech was limiting requests; "
        "AssemblyAI transcribed the call instead."
    )


@pytest.mark.parametrize("error", [ProviderRefusedKey, ProviderRejected, DiskFull, Cancelled])
def test_what_another_would_not_do_better_ends_it(
    call: Recording, error: type[PartylineError]
) -> None:
    first, second = asked("azure", error), asked("local")
    with pytest.raises(error):
        transcribe_in_turn((first, second), call, ProcessingOptions(), RunContext())
    assert len(first.asked) == (base.ATTEMPTS if error.retryable else 1)
    assert second.asked == []


def test_the_last_error_is_raised_and_tells_of_all(call: Recording) -> None:
    providers = (asked("azure", ProviderUnavailable), asked("assemblyai", ProviderRefusedKey))
    with pytest.raises(ProviderRefusedKey) as raised:
        transcribe_in_turn(providers, call, ProcessingOptions(), RunContext())
    assert raised.value.user_message == (
        "The speech service refused the key. "
        "Asked in turn: Azure Speech could not be reached, AssemblyAI refused the key."
    )


def test_alone_it_fails_in_its_own_words(call: Recording) -> None:
    with pytest.raises(ProviderUnavailable) as raised:
        transcribe_in_turn(
            (asked("azure", ProviderUnavailable),), call, ProcessingOptions(), RunContext()
        )
    assert raised.value.detail is None


def test_a_fallback_without_settings_is_passed_over(call: Recording) -> None:
    unready = variant("assemblyai", of=Unready)
    providers = (asked("azure", ProviderBusy), unready, asked("local"))
    heard = transcribe_in_turn(providers, call, ProcessingOptions(), RunContext())
    assert heard.transcript.stages["fallback"] == (
        "Azure Speech was limiting requests and AssemblyAI is not configured; "
        "this machine transcribed the call instead."
    )
    with pytest.raises(ProviderBusy):
        transcribe_in_turn(providers[:2], call, ProcessingOptions(), RunContext())


def test_after_a_kill_who_failed_is_not_asked_again(call: Recording) -> None:
    context = RunContext()
    first = asked("azure", ProviderUnavailable)
    transcribe_in_turn((first, asked("local")), call, ProcessingOptions(), context)
    again = asked("azure")
    heard = transcribe_in_turn((again, asked("local")), call, ProcessingOptions(), context)
    assert again.asked == []
    assert heard.transcript.stages["fallback"].startswith("Azure Speech could not be reached;")


def test_checkpoints_of_one_are_not_taken_for_anothers(call: Recording) -> None:
    context = RunContext()
    context.checkpoints["recognise.0"] = b"the first one's"
    transcribe_in_turn(
        (asked("azure", ProviderBusy), asked("local")), call, ProcessingOptions(), context
    )
    assert context.checkpoints["recognise.0"] == b"the first one's"
    own = asked("local")
    transcribe_in_turn((asked("azure"), own), call, ProcessingOptions(), context)
    kept = own.asked[0][1].checkpoints
    assert set(kept) == {"recognise.0", "speakers.0"}
    assert len(kept) == 2
    del kept["speakers.0"]
    assert "local/speakers.0" not in context.checkpoints


def test_values_of_options_that_a_fallback_does_not_take_stay_away(call: Recording) -> None:
    options = ProcessingOptions(provider_options=(("profanity", "masked"), ("mode", "fast")))
    second = asked("assemblyai", options=(OTHER_MASKING,))
    first = asked("azure", ProviderBusy, options=(MASKING,))
    transcribe_in_turn((first, second), call, options, RunContext())
    assert first.asked[0][0] == options
    assert second.asked[0][0].provider_options == ()


def test_copies_are_noted_with_who_keeps_them(call: Recording) -> None:
    kept: list[tuple[str, str]] = []
    noted: list[str] = []
    context = RunContext(
        keep_copy=lambda provider, reference: kept.append((provider, reference)),
        note_copy=noted.append,
    )
    providers = (asked("assemblyai", ProviderTimeout), asked("azure"))
    transcribe_in_turn(providers, call, ProcessingOptions(), context)
    assert kept[-2:] == [("assemblyai", "copy 3"), ("azure", "copy 1")]
    assert noted == [reference for _, reference in kept]


def test_only_this_machine_needs_its_slot(call: Recording) -> None:
    held: list[str] = []

    @contextmanager
    def slot() -> Iterator[None]:
        held.append("taken")
        try:
            yield
        finally:
            held.append("given back")

    context = RunContext(local_slot=slot)
    transcribe_in_turn((asked("azure"),), call, ProcessingOptions(), context)
    assert held == []
    transcribe_in_turn((asked("local"),), call, ProcessingOptions(), context)
    assert held == ["taken", "given back"]
    with pytest.raises(ProviderRejected):
        transcribe_in_turn((asked("local", ProviderRejected),), call, ProcessingOptions(), context)
    assert held == ["taken", "given back"] * 2


def test_what_is_too_long_is_not_sent(call: Recording) -> None:
    first = asked("azure", max_duration_ms=call.duration_ms - 1)
    said = "longer than this speech provider takes. Azure Speech takes up to 0.0666"
    with pytest.raises(TooLongForProvider, match=said):
        transcribe_in_turn((first,), call, ProcessingOptions(), RunContext())
    assert first.asked == []


def test_what_is_too_long_for_one_may_not_be_for_the_next(call: Recording) -> None:
    first = asked("azure", max_duration_ms=call.duration_ms - 1)
    second = asked("local", max_duration_ms=call.duration_ms)
    heard = transcribe_in_turn((first, second), call, ProcessingOptions(), RunContext())
    assert (first.asked, len(second.asked)) == ([], 1)
    assert heard.transcript.stages["fallback"] == (
        "Azure Speech does not take recordings this long; "
        "this machine transcribed the call instead."
    )


def test_each_is_asked_when_its_turn_has_come(call: Recording) -> None:
    turns: list[str] = []

    class Waits(BaseException):
        pass

    def take_turn(name: str) -> None:
        turns.append(name)
        if name == "local":
            raise Waits

    first, second = asked("azure", ProviderBusy), asked("local")
    context = RunContext(take_turn=take_turn)
    with pytest.raises(Waits):
        transcribe_in_turn((first, second), call, ProcessingOptions(), context)
    assert (turns, second.asked) == (["azure", "local"], [])
    assert len(first.asked) == base.ATTEMPTS
