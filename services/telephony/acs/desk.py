"""What people ask of phone calls: place, answer, join, have transcribed, hang up."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from services import telemetry
from services.access.authority import Authority
from services.access.rights import may_stop_live
from services.domain.acts import Act
from services.domain.calls import CallDetails, Direction, ProcessingOptions
from services.domain.errors import (
    AccessDenied,
    ConsentMissing,
    HeldElsewhere,
    InvalidRequest,
    LiveOver,
    NumberNotAllowed,
    TelephonyNotConfigured,
)
from services.domain.ids import new_id
from services.domain.live_calls import LiveSource, LiveState, RunningCall
from services.domain.people import User
from services.domain.phone import PhoneWay
from services.live.desk import MOST_NAME_CHARS
from services.live.recording.holding import Holding
from services.providers.capabilities import Readiness
from services.storage.live_calls import LiveCallStore
from services.telephony.acs.calls.exchange import PhoneExchange
from services.telephony.acs.calls.held_phone import HeldPhoneCall
from services.telephony.acs.orders import PhoneOrder, PhoneStanding, RingingCall
from services.telephony.acs.ringing import Ringing
from services.telephony.acs.source import CAPABILITIES
from services.telephony.acs.wire.connections import PhoneConnection
from services.telephony.acs.wire.control import AcsControl
from services.telephony.acs.wire.incoming import IncomingCall
from services.telephony.acs.wire.wishes import PhoneWish, check_number

__all__ = ["PhoneDesk", "PhoneOrder", "PhoneRules", "PhoneStanding", "RingingCall"]


@dataclass(frozen=True, kw_only=True)
class PhoneRules:
    """How phone calls are placed and answered: from which number, and for whom.

    ``missing`` names the settings without which there are none. ``owner`` has the calls that nobody
    answers by hand; with ``answers`` those are all, transcribed in one of these ``locales``.
    Only numbers that begin with one of the ``prefixes`` are called: without any, none.
    ``needs_consent``: no call begins without a note of how everybody is told.
    """

    owner: User
    missing: tuple[str, ...] = ()
    caller: str | None = None
    prefixes: tuple[str, ...] = ()
    answers: bool = False
    needs_consent: bool = False
    locales: tuple[str, ...] = ("en-US",)
    options: ProcessingOptions = field(default_factory=ProcessingOptions)


class PhoneDesk:
    """Takes what people ask, one desk for each web process; safe across threads.

    Who may do what is as with other live calls: a call's owner and whoever supervises change it.
    All that asks the service raises from the telephone part of the error tree.
    """

    def __init__(
        self,
        exchange: PhoneExchange,
        holding: Holding,
        store: LiveCallStore,
        control: AcsControl | None,
        rules: PhoneRules,
        *,
        authority: Authority,
        process: str,
    ) -> None:
        """Take who holds calls; ``control`` is None where no telephone service is set up."""
        self.exchange = exchange
        self._holding = holding
        self._store = store
        self._control_made = control
        self._rules = rules
        self._authority = authority
        self._process = process
        self._ringing = Ringing()

    def readiness(self) -> Readiness:
        """Say whether there can be phone calls, and which settings are missing."""
        missing = self._rules.missing
        return Readiness(ready=self._control_made is not None and not missing, missing=missing)

    # --- calls ----------------------------------------------------------------------------------

    def place(self, user: User, number: str, order: PhoneOrder) -> RunningCall:
        """Call a number.

        Raises AccessDenied, NumberNotAllowed, InvalidRequest, ConsentMissing, TelephonyError,
        StorageError.
        """
        self._check_begins(user, order)
        self._authority.check(user, Act.CALL_PLACED)
        control, caller = self._control(), self._rules.caller
        check_number(number)
        if caller is None:
            raise TelephonyNotConfigured("Set ACS_CALLER_NUMBER to place calls.")
        if not number.startswith(self._rules.prefixes):
            self._authority.refuse(user, Act.CALL_PLACED)
            raise NumberNotAllowed
        running = self._running(user, order, Direction.OUTBOUND)
        self._authority.note(user, Act.CALL_PLACED, running.id)
        return self._open(
            running,
            order.wish,
            PhoneWay.PLACED,
            lambda: control.call(number, order.wish, caller=caller, context=running.id),
            other=number,
        )

    def join(self, user: User, room_id: str, order: PhoneOrder) -> RunningCall:
        """Join the call in a room. Raises as ``place``."""
        self._check_begins(user, order)
        control = self._control()
        running = self._running(user, order, None)
        return self._open(
            running,
            order.wish,
            PhoneWay.JOINED,
            lambda: control.join_room(room_id, order.wish, context=running.id),
        )

    def answer(self, user: User, incoming_id: str, order: PhoneOrder) -> RunningCall:
        """Answer a call that rings. Raises as ``place``, PhoneCallGone when it rings no more."""
        self._check_begins(user, order)
        self._check_owner(user)
        with self._ringing.answering(incoming_id) as call:
            return self._answer(user, call, order)

    def incoming(self, user: User) -> tuple[RingingCall, ...]:
        """Return the calls that ring at this process, newest first. Raises AccessDenied."""
        self._authority.check(user, Act.CALL_CONTROLLED)
        if user.org_id != self._rules.owner.org_id:
            return ()
        return self._ringing.all()

    def ring(self, call: IncomingCall) -> None:
        """Take that somebody calls: it rings, or is answered by rule. Raises TelephonyError."""
        telemetry.event("phone.rings", by_rule=self._rules.answers)
        if not self._rules.answers:
            self._ringing.ring(call)
            return
        order = PhoneOrder(
            name="",
            options=self._rules.options,
            details=CallDetails(),
            wish=PhoneWish(locales=self._rules.locales, sentiment=True),
        )
        self._answer(self._rules.owner, call, order)

    def hang_up(self, user: User, call_id: str, *, for_everyone: bool) -> None:
        """Leave a call, or end it for everyone; last words, then it lands. Returns at once.

        Raises NotFound, AccessDenied, HeldElsewhere while another process holds the call.
        """
        self._ruled(user, call_id).hang_up(for_everyone=for_everyone)

    # --- transcription --------------------------------------------------------------------------

    def standing(self, user: User, call_id: str) -> PhoneStanding:
        """Return how a call's transcription stands. Raises NotFound, HeldElsewhere."""
        held = self._held(user, call_id)
        return PhoneStanding(wish=held.wish, is_transcribed=held.is_transcribed)

    def start_words(self, user: User, call_id: str, wish: PhoneWish) -> None:
        """Have a call transcribed from now on. Raises as ``hang_up``, TelephonyError, LiveOver."""
        self._going_on(user, call_id).start_words(wish)

    def stop_words(self, user: User, call_id: str) -> None:
        """Have a call transcribed no longer; it goes on. Raises as ``start_words``."""
        self._going_on(user, call_id).stop_words()

    def service_summary(self, user: User, call_id: str) -> None:
        """Ask the service for a summary so far, which is told. Raises as ``start_words``."""
        self._going_on(user, call_id).service_summary()

    def close(self) -> None:
        """Let go of what the calls were held with."""
        self.exchange.close()
        if self._control_made is not None:
            self._control_made.close()

    # --- the rest -------------------------------------------------------------------------------

    def _answer(self, user: User, call: IncomingCall, order: PhoneOrder) -> RunningCall:
        control = self._control()
        running = self._running(user, order, Direction.INBOUND)
        # Names are personal data.
        name = None if order.options.redact else call.caller_name
        return self._open(
            running,
            order.wish,
            PhoneWay.ANSWERED,
            lambda: control.answer(call.context, order.wish, context=running.id),
            other=call.caller,
            name=name,
        )

    def _open(
        self,
        running: RunningCall,
        wish: PhoneWish,
        way: PhoneWay,
        ask: Callable[[], PhoneConnection],
        *,
        other: str | None = None,
        name: str | None = None,
    ) -> RunningCall:
        return self.exchange.open(running, wish, way, ask, caller=other, name=name).running

    def _running(self, user: User, order: PhoneOrder, direction: Direction | None) -> RunningCall:
        now = datetime.now(UTC)
        details, name = order.details, " ".join(order.name.split())[:MOST_NAME_CHARS]
        call_id = new_id()
        self._authority.note(user, Act.CALL_ADDED, call_id)
        return RunningCall(
            id=call_id,
            org_id=user.org_id,
            owner=user.id,
            name=name or f"Phone call {now:%Y-%m-%d %H.%M}",
            source=LiveSource.PHONE,
            state=LiveState.RECORDING,
            options=replace(
                order.options,
                provider=CAPABILITIES.name,
                provider_options=(),
                fallback=(),
                language=order.wish.locale,
            ),
            details=replace(
                details.noted(user.name, now),
                started_at=details.started_at or now,
                direction=details.direction or direction,
            ),
            channels=1,
            began_at=now,
            heartbeat_at=now,
            process=self._process,
        )

    def _control(self) -> AcsControl:
        if self._rules.missing:
            raise TelephonyNotConfigured(f"Set {' and '.join(self._rules.missing)}.")
        if self._control_made is None:
            raise TelephonyNotConfigured
        return self._control_made

    def _check_begins(self, user: User, order: PhoneOrder) -> None:
        self._authority.check(user, Act.CALL_ADDED)
        if self._rules.needs_consent and order.details.consent is None:
            raise ConsentMissing

    def _check_owner(self, user: User) -> None:
        """Let only the organisation that is called answer."""
        if user.org_id != self._rules.owner.org_id:
            raise AccessDenied

    def _held(self, user: User, call_id: str) -> HeldPhoneCall:
        held = self._holding.find(call_id)

        def find() -> RunningCall:
            return held.running if held else self._store.get(user.org_id, call_id)

        self._authority.running(user, call_id, find, Act.CALL_FOLLOWED)
        if held is None:
            raise HeldElsewhere
        if not isinstance(held, HeldPhoneCall):
            raise InvalidRequest("This is no phone call that is transcribed elsewhere.")
        return held

    def _ruled(self, user: User, call_id: str) -> HeldPhoneCall:
        held = self._held(user, call_id)
        self._authority.running(
            user,
            call_id,
            lambda: held.running,
            Act.CALL_CONTROLLED,
            lambda call: may_stop_live(user, call.owner),
        )
        return held

    def _going_on(self, user: User, call_id: str) -> HeldPhoneCall:
        held = self._ruled(user, call_id)
        if held.is_over:
            raise LiveOver
        return held
