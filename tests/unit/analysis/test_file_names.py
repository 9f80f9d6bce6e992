"""What a recording's file name tells."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from services.analysis.file_names import details_from_name
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
