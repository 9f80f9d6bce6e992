"""What a live call may ask for, and what its recording is processed with."""

import pytest

from services.domain.calls import ProcessingOptions
from services.domain.errors import InvalidRequest, NotLive
from services.live.options import as_recorded, check_live
from services.providers.capabilities import Capabilities, OptionKind, ProviderOption

PACE = ProviderOption(
    name="pace", title="Pace", help="", choices=(("quick", "Quick"), ("calm", "Calm")),
    recorded=False, live=True,
)  # fmt: skip
STYLE = ProviderOption(name="style", title="Style", help="", kind=OptionKind.TEXT)
BOTH = ProviderOption(name="both", title="Both", help="", kind=OptionKind.TOGGLE, live=True)
LIVE = Capabilities(name="cloud", title="Cloud", live=True, options=(PACE, STYLE, BOTH))


def asking(**options: str) -> ProcessingOptions:
    return ProcessingOptions(provider="cloud", provider_options=tuple(options.items()))


def test_what_the_provider_offers_for_live_calls_can_be_asked_for():
    check_live(LIVE, asking(pace="quick", both="yes"))


def test_a_provider_that_is_not_live_is_refused():
    with pytest.raises(NotLive):
        check_live(Capabilities(name="x", title="X"), ProcessingOptions())


@pytest.mark.parametrize("name", ["style", "nothing"])
def test_other_options_are_refused_by_naming_those_there_are(name):
    with pytest.raises(InvalidRequest, match="options for live calls are pace, both"):
        check_live(LIVE, asking(**{name: "x"}))


def test_without_options_it_says_that_there_are_none():
    with pytest.raises(InvalidRequest, match="no options for live calls"):
        check_live(Capabilities(name="x", title="X", live=True), asking(pace="quick"))


def test_values_are_checked():
    with pytest.raises(InvalidRequest, match="one of quick, calm"):
        check_live(LIVE, asking(pace="slow"))


def test_the_recording_keeps_what_recordings_can_be_asked_for():
    assert as_recorded(LIVE, asking(pace="quick", both="yes")) == asking(both="yes")


def test_a_provider_without_recordings_leaves_them_to_this_machine():
    only_live = Capabilities(name="cloud", title="C", live=True, recorded=False, options=(BOTH,))
    options = as_recorded(only_live, asking(both="yes"))
    assert (options.provider, options.provider_options) == ("local", ())
