"""Which providers and options a run can ask for, and what is said of those it can't."""

import pytest

from services.domain.calls import ProcessingOptions
from services.domain.errors import InvalidRequest, ProviderNotConfigured, ProviderUnknown
from services.providers.capabilities import Capabilities, ProviderOption, Readiness
from services.providers.registry import ProviderRegistry
from services.providers.scripted import ScriptedProvider


class Optioned(ScriptedProvider):
    """A provider with options."""

    capabilities = Capabilities(
        name="optioned",
        title="Optioned",
        options=(
            ProviderOption(name="model", title="", help="", choices=(("a", "A"), ("b", "B"))),
        ),
    )


class Keyless(ScriptedProvider):
    """A provider without its key."""

    def readiness(self) -> Readiness:
        return Readiness(ready=False, missing=("A_KEY",))


CHAIN = ProviderRegistry({"optioned": Optioned, "scripted": ScriptedProvider, "keyless": Keyless})


def test_a_run_asks_ready_providers_in_turn() -> None:
    wanted = ProcessingOptions(
        provider="scripted", fallback=("optioned",), provider_options=(("model", "b"),)
    )
    names = [one.capabilities.name for one in CHAIN.ready_in_turn(wanted)]
    assert names == ["scripted", "optioned"]


@pytest.mark.parametrize(
    ("wanted", "error", "words"),
    [
        ({"provider": "nobody"}, ProviderUnknown, "no speech provider"),
        ({"fallback": ("nobody",)}, ProviderUnknown, "no speech provider"),
        ({"fallback": ("keyless",)}, ProviderNotConfigured, "Set A_KEY."),
        ({"fallback": ("optioned",)}, InvalidRequest, "named twice"),
        ({"provider_options": (("model", "c"),)}, InvalidRequest, "one of a, b"),
        ({"provider_options": (("speed", "c"),)}, InvalidRequest, "no option of this name"),
    ],
)
def test_what_can_not_be_asked_for_is_said(wanted, error, words) -> None:
    with pytest.raises(error, match=words):
        CHAIN.ready_in_turn(ProcessingOptions(**{"provider": "optioned", **wanted}))
