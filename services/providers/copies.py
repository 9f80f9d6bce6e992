"""Copies that providers keep of something that is stored nowhere: gone when the work is done."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from services import telemetry
from services.domain.errors import InternalFault, PartylineError
from services.domain.running import RunContext
from services.providers.base import SpeechProvider

ATTEMPTS = 3
PAUSE_S = 1.0


@contextmanager
def deleting_copies(
    providers: Sequence[SpeechProvider],
    context: RunContext,
    tell: Callable[[str], None] | None = None,
    *,
    left_by: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[RunContext]:
    """Give a context that notes copies, and have them deleted when the block ends, however.

    ``tell`` is told in a sentence of each copy that could not be deleted. What the provider named
    ``left_by`` keeps was asked for: it is told of, too, and stays once all went well.
    """
    noted: dict[tuple[str, str], None] = {}

    def keep_copy(provider: str, reference: str) -> None:
        noted[provider, reference] = None
        context.keep_copy(provider, reference)

    by_name = {one.capabilities.name: one for one in providers}
    done = False
    try:
        yield replace(context, keep_copy=keep_copy)
        done = True
    finally:
        for name, reference in noted:
            if done and name == left_by:
                if tell is not None:
                    title = by_name[name].capabilities.title
                    tell(f"{title} keeps what was asked for under {reference}.")
                continue
            error = _deleted(by_name[name], reference, sleep)
            if error is not None and tell is not None:
                title = by_name[name].capabilities.title
                tell(f"{title} still keeps a copy, {reference}: {error.user_message}")


def _deleted(
    provider: SpeechProvider, reference: str, sleep: Callable[[float], None]
) -> PartylineError | None:
    """Delete a copy; return what kept it from being deleted, if anything did."""
    name = provider.capabilities.name
    for attempt in range(1, ATTEMPTS + 1):
        try:
            provider.delete_copy(reference)
        except PartylineError as error:
            if error.retryable and attempt < ATTEMPTS:
                sleep(PAUSE_S)
                continue
            telemetry.warning("copy.kept", provider=name, error=error.code)
            return error
        except Exception as error:
            telemetry.fault("copy.fault", error, provider=name)
            return InternalFault()
        telemetry.event("copy.deleted", provider=name)
        return None
    return None
