"""What requests may say about a call and its processing."""

from datetime import UTC, datetime

import pytest

from app.routes._body import call_details, processing_options
from services.domain.calls import CallDetails, Direction, ProcessingOptions
from services.domain.errors import InvalidRequest


@pytest.mark.parametrize("raw", [None, "", "{}"])
def test_defaults(raw: str | None) -> None:
    assert processing_options(raw) == ProcessingOptions()
    assert call_details(raw) == CallDetails()


def test_all_options() -> None:
    raw = '{"provider":"azure","language":"pt-BR","expected_speakers":3,"redact":false}'
    assert processing_options(raw) == ProcessingOptions(
        provider="azure", language="pt-BR", expected_speakers=3, redact=False
    )


def test_all_details() -> None:
    raw = (
        '{"agent_name":"  Nora  Fields ","queue":"Billing","customer_ref":"C-1","direction":'
        '"inbound","started_at":"2026-11-12T09:30:00+02:00"}'
    )
    assert call_details(raw) == CallDetails(
        agent_name="Nora Fields",
        queue="Billing",
        customer_ref="C-1",
        direction=Direction.INBOUND,
        started_at=datetime(2026, 11, 12, 7, 30, tzinfo=UTC),
    )


def test_blank_details_are_absent() -> None:
    assert call_details('{"agent_name":"  ","queue":null,"direction":""}') == CallDetails()


@pytest.mark.parametrize(
    "raw",
    [
        "[]",
        "1",
        "{",
        "[" * 10_000,
        '{"language":"english please"}',
        '{"language":7}',
        '{"expected_speakers":0}',
        '{"expected_speakers":21}',
        '{"expected_speakers":true}',
        '{"expected_speakers":2.5}',
        '{"redact":"no"}',
        '{"provider":' + '"x' * 300 + '"}',
        "{" + " " * 30_000 + "}",
    ],
)
def test_bad_options(raw: str) -> None:
    with pytest.raises(InvalidRequest):
        processing_options(raw)


@pytest.mark.parametrize(
    "raw",
    ['{"agent_name":7}', '{"direction":"sideways"}', '{"started_at":"yesterday"}', '{"queue":[1]}'],
)
def test_bad_details(raw: str) -> None:
    with pytest.raises(InvalidRequest):
        call_details(raw)
