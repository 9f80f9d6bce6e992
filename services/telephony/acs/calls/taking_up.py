"""Takes up the phone calls whose process has died: they go on, are ended, or land."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from services import telemetry
from services.domain.errors import InvalidRequest, TelephonyError
from services.domain.findings import Finding, FindingKind
from services.domain.live_calls import RunningCall
from services.live.recording.landing import SILENT_FOR
from services.telephony.acs.calls.exchange import ExchangeParts, PhoneExchange
from services.telephony.acs.calls.held_phone import PhoneParts
from services.telephony.acs.calls.logged import logged
from services.telephony.acs.calls.looking_up import GIVEN_UP_AFTER
from services.telephony.acs.calls.resuming import kept_captions

DEAD_FOR = timedelta(seconds=6)
"""A process of this machine that is gone, and has shown no heartbeat for so long, is dead."""
ASKED_AT_ONCE = 8


class TakingUp:
    """Looks for calls that nobody holds any more. Used by one thread."""

    def __init__(self, parts: ExchangeParts, exchange: PhoneExchange) -> None:
        """Give calls that go on to this exchange."""
        self._parts = parts
        self._exchange = exchange
        self._is_prepared = False
        self._is_stopping: Callable[[], bool] = lambda: False

    def look(self, is_stopping: Callable[[], bool] = lambda: False) -> None:
        """Go on with the calls whose process has died, or land those that are over.

        What can't be done now, as the service can't be asked, is tried again later. Once
        ``is_stopping``, this process takes up no more: the calls are left as they are.
        """
        self._is_stopping = is_stopping
        self._prepare()
        now = datetime.now(UTC)
        silent = [
            running
            for running in self._parts.store.silent_phones(now - DEAD_FOR)
            if running.heartbeat_at < now - SILENT_FOR or self._parts.is_dead(running.process)
        ]
        if silent:
            # Each asks the service, which may take its time.
            with ThreadPoolExecutor(ASKED_AT_ONCE, thread_name_prefix="phone-take-up") as threads:
                list(threads.map(self._take_up_logged, silent))

    def _take_up_logged(self, running: RunningCall) -> None:
        if not self._is_stopping() and self._parts.holding.find(running.id) is None:
            with logged():
                self._take_up(running)

    def _take_up(self, running: RunningCall) -> None:
        if running.phone is not None and not running.phone.is_known:
            # The service was only asked for it: an event will tell what it is called, or none.
            if running.heartbeat_at < datetime.now(UTC) - GIVEN_UP_AFTER:
                self._parts.store.remove(running.id)
            return
        at_service = self._goes_on(running)
        if self._is_stopping():
            return
        goes_on = running.goes_on and at_service
        if at_service and not goes_on:
            # It was being ended when its process died.
            self._hang_up(running)
        taken = self._parts.store.take_up(running, self._parts.process)
        if taken is None:
            return
        told = self._parts.words.read(running.id)
        telemetry.event("phone.taken_up", goes_on=goes_on, events=len(told))
        if goes_on:
            self._exchange.go_on(taken, told, silent=taken.heartbeat_at - running.heartbeat_at)
            return
        findings = [Finding(kind=FindingKind.BROKEN_OFF)] if running.goes_on else []
        self._parts.landing.land_words(running.id, kept_captions(running, told), findings)

    def _goes_on(self, running: RunningCall) -> bool:
        """Ask the service whether a call goes on. Raises a TelephonyError when it can't tell.

        What it can't tell for so long doesn't: it is told to end it, should it go on all the same.
        """
        if self._parts.phone is None or running.phone is None:
            return False
        try:
            found = self._phone.control.look_up(running.phone.connection_id)
        except TelephonyError:
            if running.heartbeat_at >= datetime.now(UTC) - GIVEN_UP_AFTER:
                raise
            with logged():
                self._hang_up(running)
            return False
        return found is not None and found.goes_on

    def _hang_up(self, running: RunningCall) -> None:
        if running.phone is not None:
            phone = running.phone
            self._phone.control.hang_up(phone.connection_id, for_everyone=phone.for_everyone)

    def _prepare(self) -> None:
        """Have models loaded before the first call comes, once."""
        if self._parts.phone is not None and not self._is_prepared:
            self._is_prepared = True
            with logged():
                self._phone.recogniser.prepare()

    @property
    def _phone(self) -> PhoneParts:
        if self._parts.phone is None:
            raise InvalidRequest
        return self._parts.phone
