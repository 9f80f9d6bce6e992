"""The registry and the scripted provider's own tricks."""

import time

import pytest

from services.domain.calls import ProcessingOptions
from services.domain.errors import (
    Cancelled,
    InvalidRequest,
    ProviderBusy,
    ProviderNotConfigured,
    ProviderRefusedKey,
    ProviderUnknown,
)
from services.domain.running import RunContext
from services.providers.base import SpeechProvider
from services.providers.capabilities import OptionKind, ProviderOption, Readiness
from services.providers.registry import ProviderRegistry
from services.providers.scripted import ScriptedProvider
from tests.contract.test_provider import OPTIONS, silence
from tests.variants import variant


def test_providers_are_made_once_and_late() -> None:
    made: list[SpeechProvider] = []

    def make() -> SpeechProvider:
        made.append(ScriptedProvider())
        return made[-1]

    registry = ProviderRegistry({"one": make, "two": make})
    assert registry.names() == ("one", "two")
    assert made == []
    assert registry.get("two") is registry.get("two")
    assert registry.capabilities("two").name == "scripted"
    assert registry.readiness("two").ready
    assert len(made) == 1


def test_unknown_names() -> None:
    registry = ProviderRegistry({})
    for ask in (registry.get, registry.capabilities, registry.readiness, registry.ready):
        with pytest.raises(ProviderUnknown):
            ask("nobody")


def test_a_provider_that_is_not_configured_names_what_is_missing() -> None:
    class Unset(ScriptedProvider):
        def readiness(self) -> Readiness:
            return Readiness(ready=False, missing=("SOME_KEY", "SOME_REGION"))

    registry = ProviderRegistry({"unset": Unset, "set": ScriptedProvider})
    assert registry.ready("set") is registry.get("set")
    with pytest.raises(ProviderNotConfigured, match="Set SOME_KEY and SOME_REGION"):
        registry.ready("unset")


def test_it_fails_when_told() -> None:
    provider = ScriptedProvider(fails_with=ProviderRefusedKey)
    with pytest.raises(ProviderRefusedKey):
        provider.transcribe(silence(), OPTIONS, RunContext(), sleep=lambda _: None)


def test_it_recovers_when_told() -> None:
    provider = ScriptedProvider(fails_with=ProviderBusy, failing_attempts=2)
    pauses: list[float] = []
    assert provider.transcribe(silence(), OPTIONS, RunContext(), sleep=pauses.append)
    assert pauses == [2.0, 4.0]


def test_a_pause_between_attempts_ends_when_the_run_is_cancelled() -> None:
    provider = ScriptedProvider(fails_with=ProviderBusy)
    began = time.monotonic()
    context = RunContext(is_cancelled=lambda: time.monotonic() > began + 0.2)
    with pytest.raises(Cancelled):
        provider.transcribe(silence(), OPTIONS, context)
    assert time.monotonic() - began < 1.5


def test_it_waits_when_told() -> None:
    waited: list[float] = []
    ScriptedProvider(pause_ms=20, sleep=waited.append).transcribe(
        silence(25), OPTIONS, RunContext()
    )
    assert waited == [0.02] * 6


MODE = ProviderOption(name="mode", title="", help="", choices=(("auto", ""), ("fast", "")))
SURE = ProviderOption(
    name="sure", title="", help="", kind=OptionKind.NUMBER, default="", least=0, most=1
)
OTHER_MODE = ProviderOption(name="mode", title="", help="", kind=OptionKind.TOGGLE, default="no")


class Unready(ScriptedProvider):
    def readiness(self) -> Readiness:
        return Readiness(ready=False, missing=("SOME_KEY",))


@pytest.fixture
def registry() -> ProviderRegistry:
    return ProviderRegistry(
        {
            "local": lambda: variant("local"),
            "azure": lambda: variant("azure", options=(MODE,)),
            "assemblyai": lambda: variant("assemblyai", options=(OTHER_MODE, SURE)),
            "unset": Unready,
        }
    )


def asking(*names: str, **values: str) -> ProcessingOptions:
    return ProcessingOptions(
        provider=names[0], fallback=names[1:], provider_options=tuple(values.items())
    )


def test_who_is_asked_in_turn(registry: ProviderRegistry) -> None:
    asked = registry.ready_in_turn(asking("azure", "local"))
    assert asked == (registry.get("azure"), registry.get("local"))
    assert registry.in_turn(asking("azure", "gone", "unset")) == (
        registry.get("azure"),
        registry.get("unset"),
    )
    with pytest.raises(ProviderUnknown):
        registry.in_turn(asking("gone", "local"))


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        (asking("azure", "nobody"), ProviderUnknown, "no speech provider"),
        (asking("azure", "unset"), ProviderNotConfigured, "Set SOME_KEY"),
        (asking("azure", "azure"), InvalidRequest, "named twice"),
        (asking("azure", "local", "local"), InvalidRequest, "named twice"),
        (asking("azure", tone="x"), InvalidRequest, "no option of this name"),
        (asking("azure", mode="slow"), InvalidRequest, "The option mode takes one of auto, fast"),
        # the first one's word goes, whatever another would take
        (asking("azure", "assemblyai", mode="yes"), InvalidRequest, "one of auto, fast"),
        (asking("azure", "assemblyai", sure="2"), InvalidRequest, "a number from 0 to 1"),
    ],
)
def test_what_is_refused(
    registry: ProviderRegistry, options: ProcessingOptions, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        registry.ready_in_turn(options)


@pytest.mark.parametrize(
    "options",
    [
        asking("azure", mode="fast"),
        asking("azure", "assemblyai", mode="fast", sure="0.5"),
        asking("local", "azure", "assemblyai", mode="yes"),
    ],
)
def test_options_that_somebody_takes(
    registry: ProviderRegistry, options: ProcessingOptions
) -> None:
    assert len(registry.ready_in_turn(options)) == 1 + len(options.fallback)


def test_an_option_is_given_once(registry: ProviderRegistry) -> None:
    twice = ProcessingOptions(provider="azure", provider_options=(("mode", "fast"),) * 2)
    with pytest.raises(InvalidRequest, match="given twice"):
        registry.ready_in_turn(twice)
