"""What requests may say about a call and its processing."""

import base64
import json
from datetime import UTC, datetime

import pytest

from app.routes._body import about_recording, call_details, processing_options
from services.domain.calls import CallDetails, Direction, ProcessingOptions
from services.domain.errors import InvalidRequest


@pytest.mark.parametrize("raw", [None, {}])
def test_defaults(raw: object) -> None:
    assert processing_options(raw) == ProcessingOptions()
    assert call_details(raw) == CallDetails()


def test_all_options() -> None:
    raw = {"provider": "azure", "language": "pt-BR", "expected_speakers": 3, "redact": False}
    assert processing_options(raw) == ProcessingOptions(
        provider="azure", language="pt-BR", expected_speakers=3, redact=False
    )


def test_words_and_part() -> None:
    raw = {
        "vocabulary": [" CPAP", "cpap", ""],
        "spelling": [["see pap", "CPAP"]],
        "keep_fillers": False,
        "start_ms": 1_000,
        "end_ms": 2_000,
    }
    assert processing_options(raw) == ProcessingOptions(
        vocabulary=("CPAP",),
        spelling=(("see pap", "CPAP"),),
        keep_fillers=False,
        start_ms=1_000,
        end_ms=2_000,
    )
    assert processing_options(dict.fromkeys(("vocabulary", "spelling", "start_ms", "end_ms"))) == (
        ProcessingOptions()
    )


def test_bounds_of_the_number_of_speakers() -> None:
    assert processing_options({"min_speakers": 2, "max_speakers": 4}) == ProcessingOptions(
        min_speakers=2, max_speakers=4
    )


def test_all_details() -> None:
    raw = {
        "agent_name": "  Nora  Fields ",
        "queue": "Billing",
        "customer_ref": "C-1",
        "direction": "inbound",
        "started_at": "2026-11-12T09:30:00+02:00",
    }
    assert call_details(raw) == CallDetails(
        agent_name="Nora Fields",
        queue="Billing",
        customer_ref="C-1",
        direction=Direction.INBOUND,
        started_at=datetime(2026, 11, 12, 7, 30, tzinfo=UTC),
    )


def test_blank_details_are_absent() -> None:
    assert call_details({"agent_name": "  ", "queue": None, "direction": ""}) == CallDetails()


@pytest.mark.parametrize(
    "raw",
    [
        [],
        1,
        "text",
        {"language": "english please"},
        {"language": 7},
        {"expected_speakers": 0},
        {"expected_speakers": 21},
        {"expected_speakers": True},
        {"expected_speakers": 2.5},
        {"min_speakers": 0},
        {"max_speakers": 21},
        {"max_speakers": "3"},
        {"min_speakers": 4, "max_speakers": 3},
        {"redact": "no"},
        {"keep_fillers": None},
        {"vocabulary": "CPAP"},
        {"vocabulary": [1]},
        {"vocabulary": ["x" * 61]},
        {"vocabulary": ["a\u0000b"]},
        {"spelling": ["see pap"]},
        {"spelling": [["see pap"]]},
        {"spelling": [["see pap", ""]]},
        {"spelling": {"see pap": "CPAP"}},
        {"start_ms": "1:00"},
        {"start_ms": 1.5},
        {"start_ms": True},
        {"start_ms": -1},
        {"start_ms": 10**400},
        {"start_ms": 2_000, "end_ms": 1_000},
        {"start_ms": 1_000, "end_ms": 1_999},
        {"provider": "x" * 300},
    ],
)
def test_bad_options(raw: object) -> None:
    with pytest.raises(InvalidRequest):
        processing_options(raw)


@pytest.mark.parametrize(
    "raw",
    [{"agent_name": 7}, {"direction": "sideways"}, {"started_at": "yesterday"}, {"queue": [1]}],
)
def test_bad_details(raw: object) -> None:
    with pytest.raises(InvalidRequest):
        call_details(raw)


def packed(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def test_all_about_a_recording_in_one_header() -> None:
    said = {"name": "📞 Anruf.wav", "options": {"redact": False}, "details": {"queue": "Zürich"}}
    about = about_recording(packed(json.dumps(said, ensure_ascii=False)))
    assert about.name == "📞 Anruf.wav"
    assert about.options == ProcessingOptions(redact=False)
    assert about.details == CallDetails(queue="Zürich")


@pytest.mark.parametrize("header", [None, "", packed("{}")])
def test_nothing_about_a_recording(header: str | None) -> None:
    about = about_recording(header)
    assert (about.name, about.options, about.details) == ("", ProcessingOptions(), CallDetails())


@pytest.mark.parametrize(
    "header",
    [
        "ä",
        "{}",
        "a",
        packed("{"),
        packed("[]"),
        packed("[" * 5_000),
        packed('{"name":7}'),
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
        packed(json.dumps({"name": "n" * 8_000})),
    ],
)
def test_unreadable_headers(header: str) -> None:
    with pytest.raises(InvalidRequest):
        about_recording(header)


AZURE = ProcessingOptions(provider="azure", fallback=("assemblyai", "local"))


@pytest.mark.parametrize(
    ("raw", "provider", "fallback"),
    [
        ({}, "azure", ("assemblyai", "local")),
        ({"provider": "azure"}, "azure", ("assemblyai", "local")),
        # whoever chose another provider has not asked for the sound to go anywhere else
        ({"provider": "local"}, "local", ()),
        ({"fallback": []}, "azure", ()),
        ({"fallback": None}, "azure", ()),
        ({"provider": "local", "fallback": ["azure"]}, "local", ("azure",)),
    ],
)
def test_who_is_asked(raw: object, provider: str, fallback: tuple[str, ...]) -> None:
    options = processing_options(raw, AZURE)
    assert (options.provider, options.fallback) == (provider, fallback)


def test_options_of_the_provider() -> None:
    raw = {"provider_options": {"profanity": "masked", "mode": ""}}
    options = processing_options(raw)
    assert options.provider_options == (("profanity", "masked"), ("mode", ""))


@pytest.mark.parametrize(
    "raw",
    [
        {"fallback": "local"},
        {"fallback": [1]},
        {"fallback": ["x" * 201]},
        {"fallback": ["local"] * 11},
        {"provider_options": ["profanity"]},
        {"provider_options": {"profanity": True}},
        {"provider_options": {"profanity": "x" * 201}},
        {"provider_options": {str(n): "" for n in range(51)}},
    ],
)
def test_wrong_fallbacks_and_options(raw: object) -> None:
    with pytest.raises(InvalidRequest):
        processing_options(raw)
