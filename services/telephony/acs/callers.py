"""What Azure Communication Services says to us: who may say it, and that it is taken once."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial

from services import telemetry
from services.domain.errors import CallerRefused, NotFound
from services.telephony.acs.calls.held_phone import HeldPhoneCall
from services.telephony.acs.desk import PhoneDesk
from services.telephony.acs.once import Once, Seen
from services.telephony.acs.wire.events import PhoneEvent, parse_callbacks
from services.telephony.acs.wire.incoming import Delivery, is_secret, parse_delivery
from services.telephony.acs.wire.tokens import TokenCheck

REMEMBERED = timedelta(days=2)
"""Event Grid tries again for up to a day; recordings lie ready for up to two."""


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
        self._once = Once(seen)
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
        """Take an event, once however often it comes. Raises StillInWork, StorageError.

        One that can't be done, and could not be the next time either, counts as taken.
        """
        self._once.do(event.id, lambda: self._desk.exchange.take(event))

    def delivery(self, body: bytes) -> Delivery:
        """Return what Event Grid delivers. Raises Unreadable."""
        return parse_delivery(body)

    def take_calls(self, delivery: Delivery) -> None:
        """Take the calls that a delivery tells of, each once.

        Raises StorageError, StillInWork, and what answering a call by rule raises.
        """
        self._each((call.id, partial(self._desk.ring, call)) for call in delivery.calls)

    def take_recordings(self, delivery: Delivery) -> None:
        """Fetch the recordings that a delivery tells of, each once: that may take minutes.

        Raises StorageError, StillInWork, and what fetching a recording raises.
        """
        take = self._desk.exchange.recordings.take
        self._each((ready.id, partial(take, ready)) for ready in delivery.recordings)

    def _each(self, works: Iterable[tuple[str, Callable[[], None]]]) -> None:
        failed: list[Exception] = []
        for event_id, work in works:
            try:
                self._once.do(event_id, work)
            except Exception as error:
                # Those behind it are not to wait for it.
                failed.append(error)
        if failed:
            raise failed[0]

    def forget_old(self) -> int:
        """Forget events that nobody sends again, and calls that get no recording any more.

        Returns how many there were.
        """
        since = datetime.now(UTC) - REMEMBERED
        return self._seen.delete_before(since) + self._desk.exchange.recordings.forget(since)
