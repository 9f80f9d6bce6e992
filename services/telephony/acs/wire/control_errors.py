"""What a failure of the service's API means. Of what it says, only how long to wait is kept."""

from typing import Any

from services.domain.errors import (
    PartylineError,
    PhoneCallGone,
    TelephonyBusy,
    TelephonyError,
    TelephonyRefusedKey,
    TelephonyRejected,
    TelephonyUnavailable,
)

LONGEST_WAIT_S = 3_600


def error_of(error: Any) -> PartylineError:
    """Return our error for one that azure-core has raised."""
    from azure.core.exceptions import HttpResponseError, ServiceRequestError, ServiceResponseError

    if isinstance(error, HttpResponseError) and error.status_code is not None:
        failure = error_of_status(error.status_code)
        if failure.retryable:
            failure.retry_after_s = _wait_s(error.response)
        return failure
    if isinstance(error, ServiceRequestError | ServiceResponseError):
        return TelephonyUnavailable()
    return TelephonyError()


def error_of_status(status: int) -> PartylineError:
    """Return the error that an answer with this status means."""
    if status in {401, 403}:
        return TelephonyRefusedKey()
    if status in {404, 410}:
        return PhoneCallGone()
    if status == 429:
        return TelephonyBusy()
    if status in {408} or status >= 500:
        return TelephonyUnavailable()
    return TelephonyRejected()


def _wait_s(response: Any) -> int | None:
    """Return the seconds that an answer asks to wait; None for none, and for a date."""
    asked = "" if response is None else response.headers.get("Retry-After") or ""
    is_count = asked.isascii() and asked.isdigit() and len(asked) <= len(str(LONGEST_WAIT_S))
    return min(int(asked), LONGEST_WAIT_S) if is_count else None
