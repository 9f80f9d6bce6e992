"""The phone calls of a process by what their service calls them: opened, told of, taken up."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Protocol

from services import telemetry
from services.domain.errors import (
    InvalidRequest,
    PartylineError,
    StartedAgain,
    TelephonyError,
    TelephonyRejected,
)
from services.domain.live_calls import RunningCall
from services.domain.phone import PhoneFacts, PhoneService, PhoneWay
from services.live.recogniser.recognising import LiveOrder
from services.live.recording.holding import Holding
from services.live.recording.landing import Landing
from services.live.telling.events import Told
from services.live.telling.standing import Standing
from services.storage.live_calls import LiveCallStore
from services.telephony.acs.calls.held_phone import HeldPhoneCall, PhoneParts
from services.telephony.acs.calls.kept_words import KEPT
from services.telephony.acs.calls.recordings import PhoneRecordings
from services.telephony.acs.calls.resuming import heard_before, kept_wish
from services.telephony.acs.calls.wish_form import wish_text
from services.telephony.acs.wire.connections import PhoneConnection
from services.telephony.acs.wire.events import PhoneEvent, PhoneEventKind
from services.telephony.acs.wire.wishes import PhoneWish

MOST_UNANSWERED = 1_000
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
        self._opening = 0
        self._unanswered: dict[str, None] = {}

    @property
    def recordings(self) -> PhoneRecordings:
        """What takes the recordings of calls that have ended."""
        return self._parts.recordings

    @property
    def is_opening(self) -> bool:
        """Whether a call is being asked for whose connection isn't known yet."""
        return self._opening > 0

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
        """Open a call everywhere, or nowhere: at the service, which ``ask`` asks, and here.

        Nobody who rings waits for models to be loaded: the call is read once they are. Raises what
        ``ask`` raises, and StorageError.
        """
        held = self._made(running, wish, caller=caller, name=name)
        with self._lock:
            self._opening += 1
        try:
            connection = self._asked(running, ask)
            held.standing.is_phone(_facts(connection, way, wish))
            self._add(held)
        except BaseException:
            held.release()
            raise
        finally:
            with self._lock:
                self._opening -= 1
        telemetry.event("phone.begun", way=way.value, locales=len(wish.locales))
        return held

    def _asked(self, running: RunningCall, ask: Callable[[], PhoneConnection]) -> PhoneConnection:
        """Ask the service; remember a call that may have come about all the same."""
        try:
            return ask()
        except PartylineError as error:
            if error.retryable:
                with self._lock:
                    self._unanswered[running.id] = None
                    while len(self._unanswered) > MOST_UNANSWERED:
                        del self._unanswered[next(iter(self._unanswered))]
            raise

    def _add(self, held: HeldPhoneCall) -> None:
        try:
            self._parts.store.add(held.running)
        except BaseException:
            # Nobody would know of the call; whoever is in it hears that it ends.
            held.drop()
            raise
        self._hold(held)
        with logged():
            self._parts.recordings.may_come(held.running)

    def _hold(self, held: HeldPhoneCall) -> None:
        held.open()
        # Those who look after calls come first: an event may end it at once.
        self._parts.holding.adopt(held)
        with self._lock:
            self._by_connection[held.connection_id] = held

    # --- what the service tells -----------------------------------------------------------------

    def take(self, event: PhoneEvent) -> None:
        """Take an event; those of calls that this process doesn't hold tell it nothing."""
        held = self.find(event.connection_id) if event.connection_id else None
        if held is None:
            telemetry.event("phone.event_of_no_call", kind=event.kind.value)
            self._take_of_nobody(event)
            return
        telemetry.event(
            "phone.event", kind=event.kind.value, code=event.code, subcode=event.subcode
        )
        match event.kind:
            case PhoneEventKind.CALL_CONNECTED:
                _learn(held, event)
                with logged():
                    self._parts.recordings.may_come(held.running)
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

    def _take_of_nobody(self, event: PhoneEvent) -> None:
        """End a call that was asked for and whose answer got lost: nobody here can hold it."""
        with self._lock:
            is_ours = event.context in self._unanswered
        if event.kind is PhoneEventKind.CALL_CONNECTED and event.connection_id and is_ours:
            telemetry.warning("phone.unanswered_call_ended")
            self._phone.control.hang_up(event.connection_id, for_everyone=True)

    # --- after a restart ------------------------------------------------------------------------

    def go_on(self, running: RunningCall, told: Sequence[Told], *, silent: timedelta) -> None:
        """Go on with a call of a process that has died, which told this, so long ago."""
        # More than any process has told of it: none tells an event in every millisecond.
        lasted_ms = max(0, _ms(running.heartbeat_at - running.began_at))
        now_ms = running.received_ms + max(0, _ms(silent))
        held = self._made(
            running, kept_wish(running), before=told, lasted_ms=lasted_ms, now_ms=now_ms
        )
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
        before: Sequence[Told] | None = None,
        lasted_ms: int = 0,
        now_ms: int = 0,
    ) -> HeldPhoneCall:
        clock = self._phone.clock
        standing = Standing(running, self._parts.on_told, clock, told_before=lasted_ms)
        again: dict[str, Any] = {}
        if before is not None:
            told = [one for one in before if one["type"] in KEPT]
            standing.told_before(told)
            standing.received(running.received_ms)
            again = {"told": told, "heard": heard_before(running, before, now_ms=now_ms)}
        order = LiveOrder(options=running.options, details=running.details)
        return HeldPhoneCall(standing, order, wish, self._phone, caller=caller, name=name, **again)

    def _forget_those_over(self) -> None:
        over = [key for key, held in self._by_connection.items() if held.has_landed]
        for key in over:
            del self._by_connection[key]


def _facts(connection: PhoneConnection, way: PhoneWay, wish: PhoneWish) -> PhoneFacts:
    return PhoneFacts(
        service=PhoneService.ACS,
        way=way,
        connection_id=connection.connection_id,
        correlation_id=connection.correlation_id,
        server_call_id=connection.server_call_id,
        wish=wish_text(wish),
    )


def _ms(time: timedelta) -> int:
    return time // timedelta(milliseconds=1)


def _learn(held: HeldPhoneCall, event: PhoneEvent) -> None:
    """Note what the service calls the call, where that wasn't told before."""
    phone = held.running.phone
    if phone is not None:
        named = replace(
            phone,
            correlation_id=phone.correlation_id or event.correlation_id,
            server_call_id=phone.server_call_id or event.server_call_id,
        )
        held.standing.is_phone(named)


@contextmanager
def logged() -> Iterator[None]:
    """Have an error told to the log alone: what it concerns is tried again, or can't be helped."""
    try:
        yield
    except PartylineError as error:
        telemetry.warning("phone.not_done", error=error.code)
    except Exception as error:
        telemetry.fault("phone.not_done", error)
