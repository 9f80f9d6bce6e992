"""What is asked of the telephone service for one phone call, and what is known of that."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from services import telemetry
from services.domain.errors import PartylineError
from services.telephony.acs.connections import PhoneConnection
from services.telephony.acs.wishes import PhoneWish
from services.telephony.looking_up import LookingUp

SUMMARY_WITHIN_S = 10.0
"""So long a call that is over waits for the summary that was asked for with it."""


class PhoneControl(Protocol):
    """Tells the telephone service what to do with a call; AcsControl says what each raises."""

    def hang_up(self, connection_id: str, *, for_everyone: bool = False) -> None:
        """Leave a call, or end it for everyone."""

    def look_up(self, connection_id: str) -> PhoneConnection | None:
        """Return how a call stands, None when it is over."""

    def start(self, connection_id: str, wish: PhoneWish, *, intermediate_before: bool) -> None:
        """Have a call transcribed, or transcribed again."""

    def switch(self, connection_id: str, *locales: str) -> None:
        """Have a call go on in another locale."""

    def stop(self, connection_id: str) -> None:
        """Have a call transcribed no longer."""

    def summarise(self, connection_id: str, *, locale: str | None = None) -> None:
        """Ask for a summary of the call so far; it comes by an event."""


class PhoneErrands:
    """Runs errands to the service for one call. Safe across threads; each may take seconds.

    ``wish`` is how the call is to be transcribed, ``is_transcribed`` whether it is, as far as is
    known. What asks raises as AcsControl does, unless said otherwise.
    """

    def __init__(
        self,
        control: PhoneControl,
        wish: PhoneWish,
        connection_id: Callable[[], str],
        *,
        clock: Callable[[], float],
        wished: Callable[[PhoneWish], None],
        failed: Callable[[PartylineError], None],
    ) -> None:
        """Take what the call was asked for with; ``wished`` is told whenever that changes.

        ``failed`` is told what goes wrong that nobody waits for, the same thing once.
        """
        self.wish = wish
        self.is_transcribed = wish.starts_at_once
        self._control = control
        self._connection_id = connection_id
        self._wished = wished
        self._failed = failed
        self._lock = threading.Lock()
        self._asking = threading.Lock()
        self._looking_up = LookingUp(clock)
        self._summaries_asked = 0
        self._last_summary = threading.Event()

    # --- transcription --------------------------------------------------------------------------

    def start(self, wish: PhoneWish) -> None:
        """Have the call transcribed, or transcribed again."""
        before = self.wish.intermediate
        self._control.start(self._connection_id(), wish, intermediate_before=before)
        self.is_transcribed = True
        self._wish(replace(wish, starts_at_once=True))

    def stop(self) -> None:
        """Have the call transcribed no longer."""
        self._control.stop(self._connection_id())
        self.is_transcribed = False
        self._wish(replace(self.wish, starts_at_once=False))

    def switch(self, locale: str) -> None:
        """Have the call go on in another locale."""
        self._control.switch(self._connection_id(), locale)
        self._wish(replace(self.wish, locales=(locale,)))

    # --- summaries ------------------------------------------------------------------------------

    def summarise(self) -> None:
        """Ask for a summary so far."""
        with self._lock:
            self._summaries_asked += 1
        try:
            self._control.summarise(self._connection_id(), locale=self.wish.summary_locale)
        except PartylineError:
            with self._lock:
                self._summaries_asked -= 1
            raise

    def summary_came(self) -> bool:
        """Take that a summary has come; return whether it is one so far, not of all the call."""
        with self._lock:
            so_far = self._summaries_asked > 0
            self._summaries_asked = max(0, self._summaries_asked - 1)
        if not so_far:
            self._last_summary.set()
        return so_far

    def wait_for_summary(self) -> None:
        """Wait, a while, for the summary of all the call, if one was asked for."""
        if self.wish.summary:
            self._last_summary.wait(SUMMARY_WITHIN_S)

    # --- whether the call goes on ---------------------------------------------------------------

    def hang_up(self, *, for_everyone: bool) -> None:
        """Leave the call, or end it for everyone. Raises nothing: ``failed`` is told."""
        try:
            self._control.hang_up(self._connection_id(), for_everyone=for_everyone)
        except PartylineError as error:
            self._failed(error)

    def came(self) -> None:
        """Take that the service tells what is said."""
        self.is_transcribed = True
        self._looking_up.over()

    def left(self, *, at_once: bool = False) -> None:
        """Take that it tells nothing any more: it is to be asked soon why."""
        self._looking_up.begin(at_once=at_once)

    def words_failed(self, error: PartylineError) -> None:
        """Take that it could not transcribe the call."""
        self.is_transcribed = False
        self.left()
        self._tell(error)

    @property
    def away_s(self) -> float:
        """For how long it has told nothing, while it tells nothing."""
        return self._looking_up.lasts_s

    def is_due(self) -> bool:
        """Say, once each time, that ``goes_on`` is to be asked."""
        return self._looking_up.is_due()

    def goes_on(self, is_wanted: Callable[[], bool]) -> bool:
        """Ask whether the call goes on, and have it transcribed again when it isn't.

        ``is_wanted`` says whether that is still needed then. What can't be known is taken as yes.
        """
        if not self._asking.acquire(blocking=False):
            return True
        try:
            found = self._control.look_up(self._connection_id())
            if found is None or not found.goes_on:
                return False
            is_ready = found.is_connected and not found.is_transcribed
            if self.wish.starts_at_once and is_ready and is_wanted():
                telemetry.event("phone.started_again")
                self.start(self.wish)
        except PartylineError as error:
            self._tell(error)
        finally:
            self._asking.release()
        return True

    def _tell(self, error: PartylineError) -> None:
        if self._looking_up.is_news(error):
            self._failed(error)

    def _wish(self, wish: PhoneWish) -> None:
        self.wish = wish
        self._wished(wish)
