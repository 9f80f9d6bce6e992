"""What a provider can do, in words."""

from services.providers.abilities import abilities, added_here, state_words
from services.providers.capabilities import Capabilities, Readiness


def test_state_names_what_is_missing() -> None:
    assert state_words(Readiness(ready=True)) == "ready"
    assert state_words(Readiness(ready=False, missing=("A", "B"))) == "set A and B"
    assert state_words(Readiness(ready=False, hint="install it")) == "install it"
    assert state_words(Readiness(ready=False)) == "not available"


def test_what_it_does_not_do_is_added_here() -> None:
    cloud = Capabilities(
        name="cloud",
        title="Cloud",
        live=True,
        live_channels=2,
        diarization=True,
        sentiment=True,
        languages=("en", "de"),
        max_duration_ms=5_400_000,
        holds=True,
    )
    assert abilities(cloud) == (
        "recorded calls",
        "live calls of 2 channels",
        "telling speakers apart",
        "2 languages",
        "sentiment",
        "finding holds",
        "recordings of up to 1.5 h",
    )
    assert added_here(cloud) == ("taking out personal data", "a summary", "loudness")


def test_odd_amounts_are_said_well() -> None:
    short = Capabilities(name="x", title="X", languages=("en",), max_duration_ms=600_000)
    said = abilities(short)
    assert "one language (en)" in said
    assert "recordings of up to 10 min" in said
