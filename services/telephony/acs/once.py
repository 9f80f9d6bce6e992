"""That what a service tells is taken once, however often it tells it, and not before it is done."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from services import telemetry
from services.domain.errors import PartylineError, StillInWork
from services.telephony.acs.calls.logged import logged


class Seen(Protocol):
    """Which events have been dealt with. All raise StorageError."""

    def is_known(self, event_id: str) -> bool:
        """Say whether an event has been dealt with."""

    def note(self, event_id: str, at: datetime) -> None:
        """Remember that an event has been dealt with."""

    def delete_before(self, at: datetime) -> int:
        """Forget those dealt with before this moment; return how many."""


class Once:
    """Does what events ask for, each once. Safe across threads.

    An event is noted when its work is done, never before: one whose process dies meanwhile, or
    whose work fails so late that it has been told again by then, is told until it has been done.
    """

    def __init__(self, seen: Seen) -> None:
        """Note here what has been done."""
        self._seen = seen
        self._lock = threading.Lock()
        self._in_work: set[str] = set()

    def do(self, event_id: str, work: Callable[[], None]) -> None:
        """Do what an event asks for, unless that has been done.

        What can't be done, and could not be the next time either, counts as done. Raises
        StillInWork while it is being done, StorageError, and what else may be tried again.
        """
        with self._lock:
            if event_id in self._in_work:
                raise StillInWork
            self._in_work.add(event_id)
        try:
            self._do(event_id, work)
        finally:
            with self._lock:
                self._in_work.discard(event_id)

    def _do(self, event_id: str, work: Callable[[], None]) -> None:
        if self._seen.is_known(event_id):
            return
        try:
            work()
        except PartylineError as error:
            if error.retryable:
                raise
            # However often it came, it could not be done.
            telemetry.warning("phone.event_in_vain", error=error.code)
        # It is done: should that not be noted, having it told again would not help.
        with logged():
            self._seen.note(event_id, datetime.now(UTC))
