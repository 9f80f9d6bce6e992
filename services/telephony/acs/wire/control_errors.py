"""What a failure of the service's API means. Nothing that it says about it is kept."""

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


def error_of(error: Any) -> PartylineError:
    """Return our error for one that azure-core has raised."""
    from azure.core.exceptions import HttpResponseError, ServiceRequestError, ServiceResponseError

    if isinstance(error, HttpResponseError) and error.status_code is not None:
        return error_of_status(error.status_code)
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
