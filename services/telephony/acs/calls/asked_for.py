"""Calls that the service was asked for, until it has said what it calls them.

Such a call has a row already, without a connection. Its id is the context that the service is asked
with and that it repeats in its events: so a call is found again whose answer got lost, or whose
process has died before it came.
"""

import threading
from dataclasses import replace

from services.domain.errors import NotFound
from services.domain.live_calls import LiveState, RunningCall
from services.domain.phone import PhoneFacts, PhoneService, PhoneWay
from services.storage.live_calls import LiveCallStore
from services.telephony.acs.calls.held_phone import HeldPhoneCall
from services.telephony.acs.calls.logged import logged
from services.telephony.acs.calls.wish_form import wish_text
from services.telephony.acs.wire.events import PhoneEvent
from services.telephony.acs.wire.wishes import PhoneWish


def asked_facts(way: PhoneWay, wish: PhoneWish) -> PhoneFacts:
    """Return what is known of a call before the service is asked for it."""
    return PhoneFacts(service=PhoneService.ACS, way=way, connection_id="", wish=wish_text(wish))


class AskedFor:
    """Those of this process, and how those of others are found again. Safe across threads."""

    def __init__(self, store: LiveCallStore) -> None:
        """Ask for none yet."""
        self._store = store
        self._lock = threading.Lock()
        self._calls: dict[str, HeldPhoneCall] = {}

    @property
    def has_any(self) -> bool:
        """Whether this process is asking for a call."""
        return bool(self._calls)

    def begin(self, held: HeldPhoneCall) -> None:
        """Note a call before the service is asked for it. Raises StorageError."""
        self._store.add(held.running)
        with self._lock:
            self._calls[held.running.id] = held

    def find(self, call_id: str) -> HeldPhoneCall | None:
        """Return the call of this id that this process is asking for."""
        with self._lock:
            return self._calls.get(call_id)

    def came_about(self, held: HeldPhoneCall) -> bool:
        """Take that the service has named a call; return whether it was waited for."""
        with self._lock:
            return self._calls.pop(held.running.id, None) is not None

    def failed(self, held: HeldPhoneCall, *, may_have: bool) -> bool:
        """Take that asking has failed; return False if the call has come about all the same.

        ``may_have``: it may do so yet. Then whoever hears of it ends it, as nobody waits for it.
        """
        running = held.running
        if may_have and running.phone is not None:
            # In a room others talk with each other, whether we are there or not.
            for_everyone = running.phone.way is not PhoneWay.JOINED
            phone = replace(running.phone, for_everyone=for_everyone)
            with logged():
                ending = replace(running, state=LiveState.FINISHING, phone=phone)
                self._store.heartbeat(ending)
        with self._lock:
            has_failed = self._calls.pop(running.id, None) is not None
        if has_failed and not may_have:
            with logged():
                self._store.remove(running.id)
        return has_failed

    def found_again(self, event: PhoneEvent) -> RunningCall | None:
        """Name the call of an event that no process has named; return it as it was before.

        None for another. Raises StorageError.
        """
        asked = self._kept(event.context)
        if asked is None or asked.phone is None or event.connection_id is None:
            return None
        phone = replace(
            asked.phone,
            connection_id=event.connection_id,
            correlation_id=event.correlation_id,
            server_call_id=event.server_call_id,
        )
        return asked if self._store.name_phone(asked, phone) else None

    def _kept(self, call_id: str | None) -> RunningCall | None:
        """Return the call of this id if no process has named it."""
        try:
            asked = self._store.load(call_id) if call_id else None
        except NotFound:
            return None
        is_unnamed = asked is not None and asked.phone is not None and not asked.phone.is_known
        return asked if is_unnamed else None
