"""What a failure of the service's API means. Of what it says, only how long to wait is kept."""

from typing import Any

from services.domain.errors import (
    PartylineError,
    PhoneCallGone,
    TelephonyBusy,
    TelephonyRefusedKey,
    TelephonyRejected,
    TelephonyUnavailable,
)

LONGEST_WAIT_S = 3_600
LEAST_REFUSAL = 300


def error_of(error: Any) -> PartylineError:
    """Return our error for one that azure-core has raised.

    Where no refusal can be read, as in an answer that breaks off or makes no sense, the service may
    have done what it was asked for.
    """
    from azure.core.exceptions import HttpResponseError

    status = error.status_code if isinstance(error, HttpResponseError) else None
    if status is None or status < LEAST_REFUSAL:
        return TelephonyUnavailable()
    failure = error_of_status(status)
    if failure.retryable:
        failure.retry_after_s = _wait_s(error.response)
    return failure


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
