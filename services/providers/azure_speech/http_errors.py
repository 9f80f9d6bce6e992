"""What a failure of Azure's HTTP services means. Nothing that the service says about it is kept."""

import re

from services.domain.errors import (
    PartylineError,
    ProviderBusy,
    ProviderRefusedKey,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)

LONGEST_WAIT_S = 60.0


def error_of_status(status: int) -> PartylineError:
    """Return the error that an answer with this status means."""
    if status in {401, 403}:
        return ProviderRefusedKey()
    if status == 429:
        return ProviderBusy()
    if status in {408, 504}:
        return ProviderTimeout()
    if status >= 500:
        return ProviderUnavailable()
    if 300 <= status < 400:
        return ProviderRejected("Its address leads to another one, which is not followed.")
    if status in {404, 410}:
        return ProviderRejected("There is no such service at this address or in this region.")
    return ProviderRejected()


def wait_s(header: str | None) -> float:
    """Return the seconds that a Retry-After header asks to wait; 0 when it names none.

    Dates, and waits too long for somebody who waits for a call, are left to later attempts.
    """
    if header is None or not re.fullmatch(r"\s*\d{1,9}(?:\.\d{1,9})?\s*", header):
        return 0.0
    asked = float(header)
    return asked if asked <= LONGEST_WAIT_S else 0.0
