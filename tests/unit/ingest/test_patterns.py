"""Patterns for file names: what they read, what they don't, and what is said of bad ones."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from services.domain.calls import CallDetails, Direction
from services.domain.errors import BadPattern
from services.ingest.patterns import NamePattern

WRITTEN = "{agent}_{customer}_{date:%Y%m%d-%H%M%S}_{id}.wav"
BERLIN = ZoneInfo("Europe/Berlin")


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 27, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("pattern", "path", "told"),
    [
        (
            WRITTEN,
            "in/Nora-Fields_C-1042_20261127-093000_4711.WAV",
            CallDetails(
                agent_name="Nora Fields",
                customer_ref="C-1042",
                started_at=at(8, 30),
                external_ref="4711",
            ),
        ),
        # A field ends where the text after it begins; the last one takes the rest.
        ("{agent}_{id}", "nora_47_11.opus", CallDetails(agent_name="nora", external_ref="47_11")),
        (
            "{agent} - {queue} - {id}.mp3",
            "Nora Fields - Late-Bills - a.b.mp3",
            CallDetails(agent_name="Nora Fields", queue="Late Bills", external_ref="a.b"),
        ),
        # Folders above the file, as many as the pattern names.
        (
            "{queue}/{date:%Y-%m-%d}/{direction}-{any}-{id}.{any}",
            "2026/Billing/2026-11-27/out-x-9.wav",
            CallDetails(
                queue="Billing",
                started_at=at(0).replace(day=26, hour=23),
                direction=Direction.OUTBOUND,
                external_ref="9",
            ),
        ),
        (
            "{date:%Y%m%dT%H%M%S%z}{id}",
            "20261127T093000+0500x.wav",
            CallDetails(started_at=at(4, 30), external_ref="x"),
        ),
        (
            "{date:%d%b%y %I%M%p} {id}",
            "27Nov26 0930PM x.wav",
            CallDetails(started_at=at(20, 30), external_ref="x"),
        ),
        # A point or a star is no more than itself.
        ("a.*{id}.wav", "axx7.wav", None),
        (WRITTEN, "Nora_C-1042_20261127-093000_4711.wav.part", None),
        (WRITTEN, "x/y.wav", None),
        (WRITTEN, "Nora_C-1042_20261340-093000_4711.wav", None),
        (WRITTEN, "Nora_C-1042_2026112-093000_4711.wav", None),
        (WRITTEN, "_C-1042_20261127-093000_4711.wav", None),
        ("{direction}-{id}", "sideways-7.wav", None),
        ("{date:%Y%m%d}{id}", "٢٠٢٦١١٢٧x.wav", None),
    ],
)
def test_what_a_name_tells(pattern: str, path: str, told: CallDetails | None) -> None:
    assert NamePattern.read(pattern).details(path, BERLIN) == told


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("", "It has 1 to 200 characters."),
        ("x" * 201, "It has 1 to 200 characters."),
        ("call.wav", "It has no field; there are agent, customer,"),
        ("{any}.wav", "It has no field"),
        ("{agent}{id}.wav", "between {agent} and what follows it"),
        ("{agent}{date:%Y%m%d}.wav", "between {agent} and what follows it"),
        ("{agnet}_{id}", "There is no field {agnet};"),
        ("{agent}_{agent}", "The field {agent} stands in it twice."),
        ("{agent", "A bracket stands alone: {."),
        ("agent}_{id}", "A bracket stands alone: }."),
        ("{id:x}", "Only {date:…}"),
        ("{date}", "Say how the date is written"),
        ("{date:%Y%m}", "year, month and day"),
        ("{date:%H%M}", "year, month and day"),
        ("{date:%Y%m%d%Q}", "there is no %Q"),
        ("{date:%Y%m%d%d}", "stands in it twice"),
        ("{date:%Y%m%d%}", "can't be understood"),
    ],
)
def test_what_is_said_of_a_bad_pattern(pattern: str, said: str) -> None:
    with pytest.raises(BadPattern) as refused:
        NamePattern.read(pattern)
    assert said in refused.value.user_message
    assert refused.value.user_message.endswith(".")


def test_no_name_takes_long_to_read() -> None:
    """The fields of a pattern can't share a name out in many ways, which would take for ever."""
    pattern = NamePattern.read("{agent}_{customer}_{queue}_{direction}_{date:%Y%m%d}_{id}x.wav")
    for name in ("_" * 250, "a_" * 125, "a_b_c_in_20261127_" + "x" * 230 + "y"):
        assert pattern.details(f"{name}.wav") is None
