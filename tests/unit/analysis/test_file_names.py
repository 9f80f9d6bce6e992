"""What a recording's file name tells."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from services.analysis.file_names import details_from_name, without_numbers, without_told
from services.domain.calls import CallDetails, Direction


def test_the_full_pattern() -> None:
    details = details_from_name(
        "rec_AGENT_Nora-Fields_CUST_C-1042_QUEUE_Billing_2026-11-12T09-30-00.ogg"
    )
    assert details == CallDetails(
        agent_name="Nora Fields",
        queue="Billing",
        customer_ref="C-1042",
        started_at=datetime(2026, 11, 12, 9, 30, tzinfo=UTC),
    )


def test_a_recorder_pattern() -> None:
    details = details_from_name("Auto0_GUID_000_AGENT_ChrisL_DT_2025-02-19T06-01-22_Mono.wav")
    assert details.agent_name == "Chris L"
    assert details.started_at == datetime(2025, 2, 19, 6, 1, 22, tzinfo=UTC)
    assert details.queue is None


def test_zones_and_directions() -> None:
    eastern = timezone(timedelta(hours=-5))
    details = details_from_name("x_DIR_outbound_2026-01-02T03-04-05.wav", zone=eastern)
    assert details.direction is Direction.OUTBOUND
    assert details.started_at == datetime(2026, 1, 2, 8, 4, 5, tzinfo=UTC)
    assert details_from_name("2026-01-02T03-04-05Z.wav", zone=eastern).started_at == datetime(
        2026, 1, 2, 3, 4, 5, tzinfo=UTC
    )


@pytest.mark.parametrize(
    "name",
    ["", "call.wav", "AGENT.wav", "_AGENT_.wav", "../../etc/passwd", "2026-99-99T99-99-99.x"],
)
def test_names_that_tell_nothing(name: str) -> None:
    assert details_from_name(name) == CallDetails()


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("call with Jane Doe 4111111111111111.wav", "call with Jane Doe [CARD].wav"),
        ("4111 1111 1111 1111.wav", "[CARD].wav"),
        ("rec_+44 (0)7700 900417_x.mp3", "rec_[CARD]_x.mp3"),
        ("20261112093000-2025550123.wav", "20261112093000-[PHONE].wav"),
        ("mail jane.doe@example.com.mp3", "mail [EMAIL].mp3"),
        ("987-65-4329.wav", "[SSN].wav"),
        ("GB29NWBK60161331926819.wav", "[IBAN].wav"),
        ("queue 8841772.ogg", "queue [ACCOUNT].ogg"),
        ("rec_20261112_093000.wav", "rec_20261112_093000.wav"),
        (
            "x_AGENT_Nora-Fields_2026-11-12T09-30-00.ogg",
            "x_AGENT_Nora-Fields_2026-11-12T09-30-00.ogg",
        ),
        ("dev01.stereo16k.flac", "dev01.stereo16k.flac"),
        ("[CARD].wav", "[CARD].wav"),
        (".wav", ".wav"),
        ("", ""),
    ],
)
def test_long_numbers_and_addresses_are_taken_out(name: str, safe: str) -> None:
    assert without_numbers(name) == safe
    assert without_numbers(safe) == safe


def test_what_tells_details_is_told_apart() -> None:
    name = "Jane_AGENT_Nora-Fields_x_CUST_C-1042 2026-11-12.ogg"
    pieces = without_told(name)
    assert "".join(text for text, _ in pieces) == name
    assert [text for text, told in pieces if not told] == ["Jane", "_x"]
    for odd in ("AGENT_", "_AGENT_.wav", "AGENT_AGENT_x", "a", ""):
        assert "".join(text for text, _ in without_told(odd)) == odd
