"""Whether a provider would work now, asked of the provider itself."""

import threading
import time
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from services import telemetry
from services.domain.errors import InternalFault, PartylineError, ProviderTimeout
from services.providers.base import SpeechProvider

CHECK_WITHIN_S = 20.0


@dataclass(frozen=True, kw_only=True)
class CheckOutcome:
    """What came of a check: ``refusal`` is the sentence a call would fail with, None if it works.

    ``took_ms`` is how long the answer took.
    """

    refusal: str | None
    took_ms: int

    @property
    def works(self) -> bool:
        """Whether a call would be taken."""
        return self.refusal is None


def check_provider(provider: SpeechProvider, *, within_s: float = CHECK_WITHIN_S) -> CheckOutcome:
    """Have a provider make its cheapest real request; never waits longer than ``within_s``.

    A request that hangs is left alone: its thread ends with it or with this process.
    """
    answers: SimpleQueue[PartylineError | None] = SimpleQueue()
    started = time.monotonic()
    threading.Thread(target=_check, args=(provider, answers), name="check", daemon=True).start()
    try:
        error = answers.get(timeout=within_s)
    except Empty:
        error = ProviderTimeout()
    took_ms = round((time.monotonic() - started) * 1000)
    name, code = provider.capabilities.name, error.code if error else None
    telemetry.event("provider.checked", provider=name, error=code, took_ms=took_ms)
    return CheckOutcome(refusal=error.user_message if error else None, took_ms=took_ms)


def _check(provider: SpeechProvider, answers: "SimpleQueue[PartylineError | None]") -> None:
    try:
        provider.check()
    except PartylineError as error:
        answers.put(error)
    except Exception as error:
        telemetry.fault("provider.check", error, provider=provider.capabilities.name)
        answers.put(InternalFault())
    else:
        answers.put(None)
