"""Errors that nobody is told of but the log."""

from collections.abc import Iterator
from contextlib import contextmanager

from services import telemetry
from services.domain.errors import PartylineError


@contextmanager
def logged() -> Iterator[None]:
    """Have an error told to the log alone: what it concerns is tried again, or can't be helped."""
    try:
        yield
    except PartylineError as error:
        telemetry.warning("phone.not_done", error=error.code)
    except Exception as error:
        telemetry.fault("phone.not_done", error)
