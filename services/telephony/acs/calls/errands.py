"""What is asked of the telephone service for one phone call, and what is known of that."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from services import telemetry
from services.domain.errors import PartylineError
from services.telephony.acs.calls.looking_up import LookingUp
from services.telephony.acs.wire.connections import PhoneConnection
from services.telephony.acs.wire.wishes import PhoneWish

HANG_UP_AGAIN_S = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0)
"""Pauses before hanging up is tried again: a call that nobody ends goes on, and costs."""
DOUBTED_AT = 3
"""After so many looks in a row, and as many again, a service that says it transcribes is doubted:
it tells nothing."""
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

    def switch(self, connection_id: str, *locales: str, model: str | None = None) -> None:
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
        self._changing = threading.RLock()
        self._asking = threading.Lock()
        self._looking_up = LookingUp(clock)
        self._claims = 0
        self._summaries_asked = 0
        self._last_summary = threading.Event()
        self._gone = threading.Event()

    # --- transcription --------------------------------------------------------------------------

    def start(self, wish: PhoneWish) -> None:
        """Have the call transcribed, or transcribed again."""
        with self._changing:
            before = self.wish.intermediate
            self._control.start(self._connection_id(), wish, intermediate_before=before)
            self.is_transcribed = True
            self._wish(replace(wish, starts_at_once=True))

    def stop(self) -> None:
        """Have the call transcribed no longer."""
        with self._changing:
            self._control.stop(self._connection_id())
            self.is_transcribed = False
            self._wish(replace(self.wish, starts_at_once=False))

    def switch(self, locale: str) -> None:
        """Have the call go on in another locale."""
        with self._changing:
            self._control.switch(self._connection_id(), locale, model=self.wish.model)
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
        """Leave the call, or end it for everyone, as often as that takes, for most of a minute.

        Raises nothing: ``failed`` is told.
        """
        for pause_s in (*HANG_UP_AGAIN_S, None):
            try:
                self._control.hang_up(self._connection_id(), for_everyone=for_everyone)
                return
            except PartylineError as error:
                if self._tell_and_end(error, pause_s):
                    return

    def _tell_and_end(self, error: PartylineError, pause_s: float | None) -> bool:
        """Take that hanging up has failed; say whether there is no other try, else wait for it."""
        self._tell(error)
        if pause_s is None or not error.retryable:
            telemetry.warning("phone.not_hung_up", error=error.code)
            return True
        # One that is gone meanwhile need not be hung up any more.
        return self._gone.wait(pause_s)

    def gone(self) -> None:
        """Take that the call is over at the service."""
        self._gone.set()

    def came(self) -> None:
        """Take that the service tells what is said."""
        self.is_transcribed = True
        self._claims = 0
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

    @property
    def is_in_vain(self) -> bool:
        """Whether it has not told for too long how the call stands, while it tells nothing."""
        return self._looking_up.is_in_vain

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
            self._looking_up.confirmed()
            if found.is_connected:
                self._see_to_words(found, is_wanted)
        except PartylineError as error:
            self._tell(error)
        finally:
            self._asking.release()
        return True

    def _see_to_words(self, found: PhoneConnection, is_wanted: Callable[[], bool]) -> None:
        """Have a call transcribed that isn't, or that is said to be and of which nothing comes."""
        self._claims = self._claims + 1 if found.is_transcribed else 0
        is_doubted = self._claims > 0 and self._claims % DOUBTED_AT == 0
        if found.is_transcribed and not is_doubted:
            return
        with self._changing:
            # Somebody may have stopped it meanwhile.
            if self.wish.starts_at_once and is_wanted():
                telemetry.event("phone.started_again", was_doubted=is_doubted)
                if is_doubted:
                    self._control.stop(self._connection_id())
                self.start(self.wish)

    def _tell(self, error: PartylineError) -> None:
        if self._looking_up.is_news(error):
            self._failed(error)

    def _wish(self, wish: PhoneWish) -> None:
        self.wish = wish
        self._wished(wish)
