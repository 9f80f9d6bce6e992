"""The registry and the scripted provider's own tricks."""

import pytest

from services.domain.errors import (
    ProviderBusy,
    ProviderNotConfigured,
    ProviderRefusedKey,
    ProviderUnknown,
)
from services.domain.running import RunContext
from services.providers.base import SpeechProvider
from services.providers.capabilities import Readiness
from services.providers.registry import ProviderRegistry
from services.providers.scripted import ScriptedProvider
from tests.contract.test_provider import OPTIONS, silence


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


def test_it_waits_when_told() -> None:
    waited: list[float] = []
    ScriptedProvider(pause_ms=20, sleep=waited.append).transcribe(
        silence(25), OPTIONS, RunContext()
    )
    assert waited == [0.02] * 6
