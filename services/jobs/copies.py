"""Has services elsewhere delete what they keep of calls and nobody needs any more."""

import threading
from collections.abc import Callable
from datetime import timedelta

from services import telemetry
from services.domain.errors import InternalFault, PartylineError
from services.providers.registry import ProviderRegistry
from services.storage.provider_copies import DueCopy, ProviderCopyStore

LOOK_EVERY_S = 15.0
AT_ONCE = 20
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
# Trying again won't help by itself: a key has to be changed, or a provider set up again.
PAUSE_FOR_PEOPLE = timedelta(hours=6)


class CopyDeleter:
    """Carries out deletions at providers, again and again until each has been done.

    A copy is never given up: one that a refused key keeps is tried again now and then, and when a
    worker starts, since that is when keys change.
    """

    def __init__(
        self,
        copies: ProviderCopyStore,
        providers: ProviderRegistry,
        *,
        stopping: Callable[[], bool] = bool,
    ) -> None:
        """Work on this store until ``stopping()``."""
        self._copies = copies
        self._providers = providers
        self._stopping = stopping
        self._is_first = True

    def keep_up(self, stop: threading.Event) -> None:
        """Sweep every few seconds until told to stop."""
        while True:
            try:
                self.sweep()
            except Exception as error:
                telemetry.fault("copies.fault", error)
            if stop.wait(LOOK_EVERY_S):
                return

    def sweep(self) -> int:
        """Try every copy that is due once; return how many were deleted."""
        failed_too, self._is_first = self._is_first, False
        deleted = 0
        while not self._stopping():
            due = self._copies.claim(AT_ONCE, failed_too=failed_too)
            deleted += sum(self._delete(copy) for copy in due)
            # What failed just now would be found again.
            if failed_too or len(due) < AT_ONCE:
                return deleted
        return deleted

    def _delete(self, copy: DueCopy) -> bool:
        try:
            self._providers.ready(copy.provider).delete_copy(copy.reference)
        except PartylineError as error:
            self._put_off(copy, error)
            return False
        except Exception as error:
            telemetry.fault("copy.fault", error, provider=copy.provider)
            self._put_off(copy, InternalFault())
            return False
        self._copies.forget(copy)
        telemetry.event("copy.deleted", provider=copy.provider, tries=copy.tries)
        return True

    def _put_off(self, copy: DueCopy, error: PartylineError) -> None:
        pause = _pause(copy.tries) if error.retryable else PAUSE_FOR_PEOPLE
        self._copies.put_off(copy, error.code, pause)
        telemetry.warning(
            "copy.kept",
            provider=copy.provider,
            error=error.code,
            retryable=error.retryable,
            tries=copy.tries,
        )


def _pause(tries: int) -> timedelta:
    doublings = min(tries - 1, 10)
    return min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)
