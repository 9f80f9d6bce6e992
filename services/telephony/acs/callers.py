"""What Azure Communication Services says to us: who may say it, and that it is taken once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Protocol

from services import telemetry
from services.domain.errors import CallerRefused, NotFound, PartylineError
from services.telephony.acs.calls.held_phone import HeldPhoneCall
from services.telephony.acs.desk import PhoneDesk
from services.telephony.acs.wire.events import PhoneEvent, parse_callbacks
from services.telephony.acs.wire.incoming import is_secret, parse_delivery
from services.telephony.acs.wire.tokens import TokenCheck

REMEMBERED = timedelta(days=2)
"""Event Grid tries again for up to a day; recordings lie ready for up to two."""


class Seen(Protocol):
    """Which events have come already. All raise StorageError."""

    def is_new(self, event_id: str, at: datetime) -> bool:
        """Say whether an event comes for the first time, and remember it."""

    def forget(self, event_id: str) -> None:
        """Take that what an event asks for could not be done, so that it may come again."""

    def delete_before(self, at: datetime) -> int:
        """Forget those that came before this moment."""


class PhoneCallers:
    """Checks and takes what the service sends. Safe across threads; checking may take seconds."""

    def __init__(
        self,
        desk: PhoneDesk,
        check: TokenCheck | None,
        seen: Seen,
        *,
        secret: str | None,
    ) -> None:
        """Take whose tokens count, and the secret of Event Grid's subscription; None refuses."""
        self._desk = desk
        self._check = check
        self._seen = seen
        self._secret = secret

    def check_token(self, authorization: str | None) -> None:
        """Check that ACS calls. Raises NotFound where none is set up, CallerRefused.

        Raises TelephonyUnavailable when the keys of its tokens can't be had.
        """
        if self._check is None:
            raise NotFound
        self._check.check(authorization)

    def check_secret(self, given: str | None) -> None:
        """Check that Event Grid calls. Raises NotFound where no secret is set, CallerRefused."""
        if self._secret is None:
            raise NotFound
        if not is_secret(given, self._secret):
            telemetry.warning("phone.caller_refused", reason="secret")
            raise CallerRefused

    @property
    def may_be_early(self) -> bool:
        """Whether what an unknown call is told may be about one that is just being opened."""
        return self._desk.exchange.is_opening

    def find(self, connection_id: str) -> HeldPhoneCall | None:
        """Return the call of a connection, None when this process holds none."""
        return self._desk.exchange.find(connection_id)

    def events(self, body: bytes) -> tuple[PhoneEvent, ...]:
        """Return the events of a callback. Raises Unreadable."""
        return parse_callbacks(body)

    def take_event(self, event: PhoneEvent) -> None:
        """Take an event, once however often it comes. Raises StorageError.

        One that can't be done, and could not be the next time either, counts as taken.
        """
        self._once(event.id, lambda: self._desk.exchange.take(event))

    def take_delivery(self, body: bytes) -> dict[str, str]:
        """Take what Event Grid delivers; return the answer.

        Raises Unreadable, StorageError, and what answering a call by rule, or fetching a recording,
        raises.
        """
        delivery = parse_delivery(body)
        take = self._desk.exchange.recordings.take
        works = [(call.id, partial(self._desk.ring, call)) for call in delivery.calls]
        works += [(ready.id, partial(take, ready)) for ready in delivery.recordings]
        failed: list[Exception] = []
        for event_id, work in works:
            try:
                self._once(event_id, work)
            except Exception as error:
                # Those behind it are not to wait for it.
                failed.append(error)
        if failed:
            raise failed[0]
        return delivery.answer

    def _once(self, event_id: str, work: Callable[[], None]) -> None:
        now = datetime.now(UTC)
        if not self._seen.is_new(event_id, now):
            return
        try:
            work()
        except PartylineError as error:
            if not error.retryable:
                # However often it came, it could not be done.
                telemetry.warning("phone.event_in_vain", error=error.code)
                return
            self._seen.forget(event_id)
            raise
        except BaseException:
            self._seen.forget(event_id)
            raise

    def forget_old(self) -> int:
        """Forget events that nobody sends again, and calls that get no recording any more.

        Returns how many there were.
        """
        since = datetime.now(UTC) - REMEMBERED
        return self._seen.delete_before(since) + self._desk.exchange.recordings.forget(since)
