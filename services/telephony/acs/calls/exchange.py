"""The phone calls of a process by what their service calls them: opened, told of, taken up."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from services import telemetry
from services.domain.errors import (
    InvalidRequest,
    PartylineError,
    StartedAgain,
    TelephonyError,
    TelephonyRejected,
)
from services.domain.live_calls import RunningCall
from services.domain.phone import PhoneWay
from services.live.recogniser.recognising import LiveOrder
from services.live.recording.holding import Holding
from services.live.recording.landing import Landing
from services.live.telling.events import Told
from services.live.telling.standing import Standing
from services.storage.live_calls import LiveCallStore
from services.telephony.acs.calls.asked_for import AskedFor, asked_facts
from services.telephony.acs.calls.held_phone import HeldPhoneCall, PhoneParts
from services.telephony.acs.calls.logged import logged
from services.telephony.acs.calls.recordings import PhoneRecordings
from services.telephony.acs.calls.resuming import KeptBefore, kept_before, kept_wish
from services.telephony.acs.hearing.participants import OtherEnd
from services.telephony.acs.wire.connections import PhoneConnection
from services.telephony.acs.wire.events import PhoneEvent, PhoneEventKind
from services.telephony.acs.wire.wishes import PhoneWish

_FAILED = frozenset(
    {PhoneEventKind.CREATE_CALL_FAILED, PhoneEventKind.ANSWER_FAILED, PhoneEventKind.CONNECT_FAILED}
)


class KeptWordsOfCalls(Protocol):
    """Reads the words that were kept of a call."""

    def read(self, call_id: str) -> Sequence[Told]:
        """Return them in their order. Raises StorageError, WrongKey."""


@dataclass(frozen=True, kw_only=True)
class ExchangeParts:
    """What the exchange takes; ``phone`` is None where no telephone service is set up.

    ``is_dead`` says of a process's name whether it is one of this machine that is gone.
    """

    holding: Holding
    landing: Landing
    store: LiveCallStore
    words: KeptWordsOfCalls
    phone: PhoneParts | None
    recordings: PhoneRecordings
    process: str
    is_dead: Callable[[str], bool]
    on_told: Callable[[RunningCall, Told], None] = lambda _call, _told: None


class PhoneExchange:
    """Holds phone calls by their connections. Safe across threads."""

    def __init__(self, parts: ExchangeParts) -> None:
        """Hold no call yet."""
        self._parts = parts
        self._lock = threading.Lock()
        self._by_connection: dict[str, HeldPhoneCall] = {}
        self._asked = AskedFor(parts.store)

    @property
    def recordings(self) -> PhoneRecordings:
        """What takes the recordings of calls that have ended."""
        return self._parts.recordings

    @property
    def is_opening(self) -> bool:
        """Whether a call is being asked for whose connection isn't known yet."""
        return self._asked.has_any

    def find(self, connection_id: str) -> HeldPhoneCall | None:
        """Return the call of a connection, if this process holds it."""
        with self._lock:
            self._forget_those_over()
            return self._by_connection.get(connection_id)

    def open(
        self,
        running: RunningCall,
        wish: PhoneWish,
        way: PhoneWay,
        ask: Callable[[], PhoneConnection],
        *,
        caller: str | None = None,
        name: str | None = None,
    ) -> HeldPhoneCall:
        """Open a call everywhere, or nowhere: here, and at the service, which ``ask`` asks.

        Nobody who rings waits for models to be loaded: the call is read once they are. Raises what
        ``ask`` raises, and StorageError.
        """
        running = replace(running, phone=asked_facts(way, wish))
        held = self._made(running, wish, caller=caller, name=name)
        self._asked.begin(held)
        try:
            self._named(held, ask())
        except BaseException as error:
            if self._asked.failed(held, may_have=getattr(error, "retryable", True)):
                held.release()
                raise
            # An event was quicker than an answer that got lost: there is a call.
            self._parts.holding.note(held)
            if not isinstance(error, PartylineError):
                raise
        telemetry.event("phone.begun", way=way.value, locales=len(wish.locales))
        return held

    def _named(self, held: HeldPhoneCall, connection: PhoneConnection) -> None:
        """Hold a call by what the service calls it; one that is held already learns some more."""
        with self._lock:
            is_new = self._asked.came_about(held)
            if not (is_new or held.is_known):
                # It was given up.
                return
            held.is_called(connection)
            if is_new:
                self._hold(held)
        if is_new:
            self._parts.holding.note(held)
        with logged():
            self._parts.recordings.may_come(held.running)

    def _hold(self, held: HeldPhoneCall) -> None:
        held.open()
        # Those who look after calls come first: an event may end it at once.
        self._parts.holding.adopt(held)
        self._by_connection[held.connection_id] = held

    # --- what the service tells -----------------------------------------------------------------

    def take(self, event: PhoneEvent) -> None:
        """Take an event; those of calls that this process doesn't hold tell it nothing."""
        held = self._held_of(event)
        if held is None:
            telemetry.event("phone.event_of_no_call", kind=event.kind.value)
            self._take_of_nobody(event)
            return
        telemetry.event(
            "phone.event", kind=event.kind.value, code=event.code, subcode=event.subcode
        )
        match event.kind:
            case PhoneEventKind.CALL_CONNECTED:
                self._named(held, _connection_of(event))
            case PhoneEventKind.PARTICIPANTS_UPDATED:
                held.take_part(event.participants)
            case PhoneEventKind.CALL_DISCONNECTED:
                held.gone()
            case failed if failed in _FAILED:
                held.failed(TelephonyRejected("The call did not come about."))
                held.gone()
            case PhoneEventKind.TRANSCRIPTION_STARTED | PhoneEventKind.TRANSCRIPTION_UPDATED:
                held.transcribed(True)
            case PhoneEventKind.TRANSCRIPTION_STOPPED:
                held.transcribed(False)
            case PhoneEventKind.TRANSCRIPTION_FAILED:
                held.words_failed(TelephonyError("It could not transcribe the call."))
            case PhoneEventKind.SUMMARY_UPDATED if event.message:
                held.summed_up(event.message)

    def _held_of(self, event: PhoneEvent) -> HeldPhoneCall | None:
        """Return the call of an event, also one whose connection the event is the first to tell."""
        if event.connection_id is None:
            return None
        asked = self._asked.find(event.context) if event.context else None
        if asked is not None:
            self._named(asked, _connection_of(event))
        return self.find(event.connection_id)

    def _take_of_nobody(self, event: PhoneEvent) -> None:
        """Find a call again that was asked for: one that was given up meanwhile is ended.

        Any other's process has died, so it is taken up.
        """
        found = self._asked.found_again(event)
        if found is None or found.phone is None or event.connection_id is None:
            return
        telemetry.warning("phone.found_again", goes_on=found.goes_on)
        if not found.goes_on:
            everyone = found.phone.for_everyone
            self._phone.control.hang_up(event.connection_id, for_everyone=everyone)
            self._parts.store.remove(found.id)

    # --- after a restart ------------------------------------------------------------------------

    def go_on(self, running: RunningCall, told: Sequence[Told], *, silent: timedelta) -> None:
        """Go on with a call of a process that has died, which told this, so long ago."""
        # More than any process has told of it: none tells an event in every millisecond.
        lasted_ms = max(0, _ms(running.heartbeat_at - running.began_at))
        now_ms = running.received_ms + max(0, _ms(silent))
        before = kept_before(running, told, now_ms=now_ms)
        held = self._made(running, kept_wish(running), before=before, lasted_ms=lasted_ms)
        with self._lock:
            self._hold(held)
        held.standing.warn(StartedAgain(), running.received_ms)
        held.begin_again()

    # --- the rest -------------------------------------------------------------------------------

    def close(self) -> None:
        """Wait until what was told of calls is kept."""
        if self._parts.phone is not None:
            self._phone.words.close()

    @property
    def _phone(self) -> PhoneParts:
        if self._parts.phone is None:
            raise InvalidRequest
        return self._parts.phone

    def _made(
        self,
        running: RunningCall,
        wish: PhoneWish,
        *,
        caller: str | None = None,
        name: str | None = None,
        before: KeptBefore | None = None,
        lasted_ms: int = 0,
    ) -> HeldPhoneCall:
        clock = self._phone.clock
        standing = Standing(running, self._parts.on_told, clock, told_before=lasted_ms)
        if before is not None:
            standing.told_before(before.told)
            standing.received(running.received_ms)
        order = LiveOrder(options=running.options, details=running.details, org_id=running.org_id)
        other_end = OtherEnd(own=self._phone.own, caller=caller, name=name)
        return HeldPhoneCall(standing, order, wish, self._phone, other_end=other_end, before=before)

    def _forget_those_over(self) -> None:
        over = [key for key, held in self._by_connection.items() if held.has_landed]
        for key in over:
            del self._by_connection[key]


def _connection_of(event: PhoneEvent) -> PhoneConnection:
    """Return what an event says of its call's connection."""
    return PhoneConnection(
        connection_id=event.connection_id or "",
        correlation_id=event.correlation_id,
        server_call_id=event.server_call_id,
    )


def _ms(time: timedelta) -> int:
    return time // timedelta(milliseconds=1)
