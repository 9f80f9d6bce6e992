"""A session of AudioHook's as a live call."""

import threading
from functools import partial

from services.domain.phone import PhoneFacts, PhoneService, PhoneWay
from services.telephony.streaming.audiohook import AudioHookOpen, AudioHookSession
from services.telephony.streaming.call import StreamedCall, StreamOrder
from services.telephony.streaming.over import Over
from services.telephony.streaming.stream import PhoneStream

BACK_WITHIN_S = 10.0
"""So long a session that broke off is waited for. The protocol names no time."""
MOST_KEPT = 1_000


class BrokenOff:
    """Which live call each session became, for sessions that go on with it. Safe across threads."""

    def __init__(self) -> None:
        """Know of none."""
        self._lock = threading.Lock()
        self._calls: dict[tuple[str, str], tuple[str, str]] = {}

    def keep(self, opened: AudioHookOpen, session_id: str, call_id: str) -> None:
        """Keep a session's call."""
        with self._lock:
            while len(self._calls) >= MOST_KEPT:
                self._calls.pop(next(iter(self._calls)))
            key = (opened.organisation_id, session_id)
            self._calls[key] = (opened.conversation_id, call_id)

    def find(self, opened: AudioHookOpen) -> str | None:
        """Return the call of a session that this one goes on with, in the same conversation."""
        with self._lock:
            for session_id in opened.continues:
                known = self._calls.get((opened.organisation_id, session_id))
                if known is not None and known[0] == opened.conversation_id:
                    return known[1]
        return None

    def forget(self, call_id: str) -> None:
        """Forget a call that is over."""
        with self._lock:
            self._calls = {key: one for key, one in self._calls.items() if one[1] != call_id}


class AudioHookCall(PhoneStream):
    """One session of AudioHook's."""

    service = PhoneService.AUDIOHOOK
    comes_back_within_s = BACK_WITHIN_S

    def __init__(
        self, call: StreamedCall, broken_off: BrokenOff, *, organisation_id: str | None
    ) -> None:
        """Wait for the opening, of the organisation that the handshake names."""
        super().__init__(call)
        self._session = AudioHookSession(organisation_id=organisation_id)
        self._broken_off = broken_off
        self._was_paused = False

    def stopped(self, why: Over) -> tuple[str, ...]:
        """Tell the client that it may go; it closes the session then."""
        if why is Over.TAKEN_OVER:
            self.is_over = True
            return ()
        if self.is_ending or self._session.is_over:
            return ()
        self.is_ending = True
        return (self._session.disconnect("completed" if why is Over.STOPPED else "error"),)

    def broke(self) -> float:
        """Return how long another session is waited for: not at all after a proper close."""
        return 0.0 if self._session.is_closed else super().broke()

    def end(self) -> None:
        """End the call, unless another session goes on with it."""
        was_on = self.call.is_on
        super().end()
        if was_on and self.call.call_id is not None:
            self._broken_off.forget(self.call.call_id)

    def _read(self, message: str | bytes) -> tuple[str, ...]:
        if isinstance(message, bytes):
            self._sound(self._session.take_sound(message))
            return ()
        waits = self._session.opened is None
        answers = self._session.take_text(message)
        opened = self._session.opened
        if waits and opened is not None and not opened.is_probe:
            self._later(partial(self._begin, opened, self._session.session_id or ""))
        self._follow()
        self.is_over, self.is_ending = self._session.is_over, self._session.is_ending
        return answers

    def _begin(self, opened: AudioHookOpen, session_id: str) -> None:
        before = self._broken_off.find(opened)
        if before is None or not self.call.go_on(before, len(opened.channels)):
            self.call.begin(
                StreamOrder(
                    phone=PhoneFacts(
                        service=PhoneService.AUDIOHOOK,
                        way=PhoneWay.STREAMED,
                        connection_id=session_id,
                        correlation_id=opened.conversation_id,
                    ),
                    channel_roles=opened.roles,
                )
            )
        if self.call.call_id is not None:
            self._broken_off.keep(opened, session_id, self.call.call_id)

    def _follow(self) -> None:
        """Have the call stand still and go on as the session does."""
        is_paused = self._session.is_paused
        if is_paused and not self._was_paused:
            self._later(self.call.pause)
        elif self._was_paused and not is_paused:
            self._later(self.call.resume)
        self._was_paused = is_paused
        left_out_ms = self._session.left_out()
        if left_out_ms:
            self._later(partial(self.call.left_out, left_out_ms))

    def _rest(self) -> bytes:
        return self._session.finish()

    def _counts(self) -> dict[str, int]:
        return {"malformed": self._session.malformed, "stray": self._session.stray}
