"""Which providers and options can be asked for, and what is said of those that can't."""

import pytest

from services.domain.calls import ProcessingOptions
from services.domain.errors import InvalidRequest, ProviderNotConfigured, ProviderUnknown
from services.providers.capabilities import Capabilities, OptionKind, ProviderOption, Readiness
from services.providers.registry import ProviderRegistry
from services.providers.scripted import ScriptedProvider
from services.providers.wishes import check_wishes, read_provider_options


class Optioned(ScriptedProvider):
    """A provider with options."""

    capabilities = Capabilities(
        name="optioned",
        title="Optioned",
        options=(
            ProviderOption(name="model", title="", help="", choices=(("a", "A"), ("b", "B"))),
            ProviderOption(
                name="share", title="", help="", kind=OptionKind.NUMBER, least=0, most=1
            ),
            ProviderOption(name="captions", title="", help="", recorded=False, live=True),
        ),
    )


class Keyless(ScriptedProvider):
    """A provider without its key."""

    def readiness(self) -> Readiness:
        return Readiness(ready=False, missing=("A_KEY",))


REGISTRY = ProviderRegistry(
    {"optioned": Optioned, "scripted": ScriptedProvider, "keyless": Keyless}
)


def test_options_are_read_from_names_and_values() -> None:
    given = ["model=a", " prompt = a=b ", "empty="]
    assert read_provider_options(given) == (("model", "a"), ("prompt", "a=b"), ("empty", ""))


@pytest.mark.parametrize("given", [["model"], ["=a"], ["model=a", "model=b"], [""]])
def test_what_is_no_option_is_refused(given) -> None:
    with pytest.raises(InvalidRequest):
        read_provider_options(given)


def test_what_providers_have_can_be_asked_for() -> None:
    check_wishes(
        REGISTRY,
        ProcessingOptions(
            provider="optioned",
            fallback=("scripted",),
            provider_options=(("model", "b"), ("share", "0.5")),
        ),
    )


@pytest.mark.parametrize(
    ("wanted", "error", "words"),
    [
        ({"provider": "nobody"}, ProviderUnknown, "no speech provider"),
        ({"fallback": ("nobody",)}, ProviderUnknown, "no speech provider"),
        ({"fallback": ("keyless",)}, ProviderNotConfigured, "Set A_KEY."),
        ({"fallback": ("optioned",)}, InvalidRequest, "named twice"),
        ({"provider_options": (("model", "c"),)}, InvalidRequest, "one of a, b"),
        ({"provider_options": (("share", "2"),)}, InvalidRequest, "from 0 to 1"),
        ({"provider_options": (("captions", "x"),)}, InvalidRequest, "options are model, share"),
        (
            {"provider": "scripted", "provider_options": (("model", "a"),)},
            InvalidRequest,
            "has no options",
        ),
    ],
)
def test_what_can_not_be_done_is_said(wanted, error, words) -> None:
    with pytest.raises(error, match=words):
        check_wishes(REGISTRY, ProcessingOptions(**{"provider": "optioned", **wanted}))
