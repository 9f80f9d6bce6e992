"""Reads what requests carry, refusing anything of the wrong kind."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from services.domain.calls import (
    CallDetails,
    Consent,
    Direction,
    ProcessingOptions,
    SpeakerCount,
    providers_asked,
)
from services.domain.errors import InvalidRequest
from services.domain.part import check_bounds
from services.domain.vocabulary import Pair, clean_spelling, clean_terms

ABOUT_HEADER = "X-Partyline-Recording"
MAX_HEADER_CHARS = 8_000  # what common proxies pass on
MAX_TEXT_CHARS = 200
MAX_PROVIDERS = 10
MAX_OPTIONS = 50
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


@dataclass(frozen=True, kw_only=True)
class AboutRecording:
    """What comes with a recording: its file's name and what the person chose."""

    name: str
    options: ProcessingOptions
    details: CallDetails


def about_recording(
    header: str | None, defaults: ProcessingOptions | None = None
) -> AboutRecording:
    """Read the header that goes with a recording: JSON as UTF-8 in unpadded base64url.

    Everything in it may be absent, and so may the header: then ``defaults`` hold. Raises
    InvalidRequest.
    """
    given = _object(header)
    name = given.get("name", "")
    if not isinstance(name, str):
        raise InvalidRequest
    return AboutRecording(
        name=name,
        options=processing_options(given.get("options"), defaults),
        details=call_details(given.get("details")),
    )


def processing_options(raw: object, defaults: ProcessingOptions | None = None) -> ProcessingOptions:
    """Read the options of a run; absent ones keep their defaults. Raises InvalidRequest."""
    given = _mapping(raw)
    default = defaults or ProcessingOptions()
    language = _text(given, "language")
    if language is not None and not LANGUAGE.fullmatch(language):
        raise InvalidRequest("The language is not a language code.")
    speakers = SpeakerCount(
        exactly=_count(given, "expected_speakers"),
        least=_count(given, "min_speakers"),
        most=_count(given, "max_speakers"),
    )
    speakers.check()
    bounds = [_milliseconds(given, name) for name in ("start_ms", "end_ms")]
    check_bounds(*bounds)
    fallback = _names(given["fallback"]) if "fallback" in given else None
    provider, fallback = providers_asked(default, _text(given, "provider"), fallback)
    options = ProcessingOptions(
        provider=provider,
        fallback=fallback,
        provider_options=_values(given.get("provider_options")),
        language=language,
        redact=_choice(given, "redact", "redaction", default=default.redact),
        vocabulary=clean_terms(_texts(given.get("vocabulary"))),
        spelling=clean_spelling(_pairs(given.get("spelling"))),
        keep_fillers=_choice(given, "keep_fillers", "fillers", default=default.keep_fillers),
        start_ms=bounds[0],
        end_ms=bounds[1],
    )
    return speakers.put_into(options)


def call_details(raw: object) -> CallDetails:
    """Read the details of a call. Raises InvalidRequest."""
    given = _mapping(raw)
    return CallDetails(
        agent_name=_text(given, "agent_name"),
        queue=_text(given, "queue"),
        customer_ref=_text(given, "customer_ref"),
        direction=_direction(_text(given, "direction")),
        started_at=_moment(_text(given, "started_at")),
        consent=_consent(_text(given, "consent")),
    )


def _object(header: str | None) -> Mapping[str, Any]:
    if not header:
        return {}
    if len(header) > MAX_HEADER_CHARS:
        raise InvalidRequest
    try:
        packed = base64.b64decode(header + "=" * (-len(header) % 4), altchars=b"-_", validate=True)
        return _mapping(json.loads(packed.decode()))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise InvalidRequest from error


def _mapping(given: object) -> Mapping[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise InvalidRequest
    return given


def _text(given: Mapping[str, Any], key: str) -> str | None:
    """Return a trimmed text, or None when it is absent or blank."""
    value = given.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > MAX_TEXT_CHARS:
        raise InvalidRequest
    return " ".join(value.split()) or None


def _choice(given: Mapping[str, Any], key: str, name: str, *, default: bool) -> bool:
    value = given.get(key, default)
    if not isinstance(value, bool):
        raise InvalidRequest(f"The choice of {name} is neither true nor false.")
    return value


def _texts(given: object) -> list[str]:
    """Return a list of texts; None is an empty one."""
    found = [] if given is None else given
    if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
        raise InvalidRequest("The words are not a list of texts.")
    return found


def _names(given: object) -> tuple[str, ...]:
    """Return the names of providers; who they are is for others to know."""
    try:
        found = tuple(_texts(given))
    except InvalidRequest:
        raise InvalidRequest("The fallback is not a list of providers.") from None
    if len(found) > MAX_PROVIDERS or any(len(name) > MAX_TEXT_CHARS for name in found):
        raise InvalidRequest("The fallback is not a list of providers.")
    return found


def _values(given: object) -> tuple[tuple[str, str], ...]:
    """Return names and values of a provider's own options; what they may be it says itself."""
    found = _mapping(given)
    if len(found) > MAX_OPTIONS or not all(
        isinstance(value, str) and len(name) <= MAX_TEXT_CHARS and len(value) <= MAX_TEXT_CHARS
        for name, value in found.items()
    ):
        raise InvalidRequest("The speech provider's options are not texts by name.")
    return tuple(found.items())


def _pairs(given: object) -> list[Pair]:
    """Return a list of pairs of texts; None is an empty one."""
    found = [] if given is None else given
    if not isinstance(found, list):
        raise InvalidRequest("The spellings are not a list of pairs.")
    sides = [_texts(pair) for pair in found]
    if any(len(pair) != 2 for pair in sides):
        raise InvalidRequest("The spellings are not a list of pairs.")
    return [(heard, written) for heard, written in sides]


def _milliseconds(given: Mapping[str, Any], key: str) -> int | None:
    value = given.get(key)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise InvalidRequest("The part to transcribe is not given in whole milliseconds.")
    return value


def _count(given: Mapping[str, Any], key: str) -> int | None:
    value = given.get(key)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise InvalidRequest("The number of speakers is no number.")
    return value


def _direction(value: str | None) -> Direction | None:
    try:
        return Direction(value) if value else None
    except ValueError as error:
        raise InvalidRequest from error


def _consent(value: str | None) -> Consent | None:
    try:
        return Consent(value) if value else None
    except ValueError as error:
        raise InvalidRequest from error


def _moment(value: str | None) -> datetime | None:
    """Read an ISO time; one without a zone is UTC."""
    try:
        moment = datetime.fromisoformat(value) if value else None
        if moment is None:
            return None
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidRequest from error
