"""The calls that ring: somebody calls, and nobody has answered yet."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from services.domain.errors import PhoneCallGone
from services.domain.ids import new_id
from services.telephony.acs.hearing.participants import number_of
from services.telephony.acs.orders import RingingCall
from services.telephony.acs.wire.connections import RINGS_FOR_S
from services.telephony.acs.wire.incoming import IncomingCall

MOST_RINGING = 200
MASKED = "•"
SHOWN = 3
LEAST_DIGITS = 5
"""A name of so many digits, without a letter, is a number."""


@dataclass(frozen=True, kw_only=True)
class _Rings:
    call: IncomingCall = field(repr=False)
    shown: RingingCall
    since_s: float


class Ringing:
    """Calls that ring at this process, for a minute. Safe across threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Nobody calls yet."""
        self._clock = clock
        self._lock = threading.Lock()
        self._calls: dict[str, _Rings] = {}

    def ring(self, call: IncomingCall) -> str:
        """Take that somebody calls; return what the call is answered by."""
        ring_id = new_id()
        number, name = masked(call.caller), call.caller_name
        if name and _is_number(name):
            number, name = number or masked_digits(name), None
        shown = RingingCall(
            id=ring_id, at=datetime.now(UTC), caller=number, caller_name=masked_digits(name)
        )
        with self._lock:
            self._forget_old()
            while len(self._calls) >= MOST_RINGING:
                del self._calls[next(iter(self._calls))]
            self._calls[ring_id] = _Rings(call=call, shown=shown, since_s=self._clock())
        return ring_id

    def all(self) -> tuple[RingingCall, ...]:
        """Return the calls that ring, newest first."""
        with self._lock:
            self._forget_old()
            return tuple(one.shown for one in reversed(self._calls.values()))

    @contextmanager
    def answering(self, ring_id: str) -> Iterator[IncomingCall]:
        """Give a call to who answers it now; it rings on when that fails. Raises PhoneCallGone."""
        with self._lock:
            self._forget_old()
            rings = self._calls.pop(ring_id, None)
        if rings is None:
            raise PhoneCallGone("It has stopped ringing, or somebody else has answered.")
        try:
            yield rings.call
        except BaseException:
            with self._lock:
                self._calls[ring_id] = rings
            raise

    def _forget_old(self) -> None:
        since = self._clock() - RINGS_FOR_S
        self._calls = {name: one for name, one in self._calls.items() if one.since_s > since}


def masked(raw_id: str | None) -> str | None:
    """Return a number but for its last digits masked; None for who shows none."""
    number = number_of(raw_id) if raw_id else None
    return masked_digits(number) if number and _digits(number) > SHOWN else None


def masked_digits(text: str | None) -> str | None:
    """Return a text in which all digits but the last three are masked."""
    if text is None:
        return None
    left = _digits(text) - SHOWN
    shown = []
    for c in text:
        shown.append(MASKED if c.isdigit() and left > 0 else c)
        left -= c.isdigit()
    return "".join(shown)


def _is_number(name: str) -> bool:
    return _digits(name) >= LEAST_DIGITS and not any(c.isalpha() for c in name)


def _digits(text: str) -> int:
    return sum(c.isdigit() for c in text)
