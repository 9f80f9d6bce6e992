"""One session of a live call in the recogniser's process, as the web process has it."""

import threading
from contextlib import suppress
from typing import Any, Protocol

from services.domain.errors import (
    LiveOver,
    PartylineError,
    RecogniserLost,
    error_of,
)
from services.live.recogniser.frames import ALIVE_EVERY_S, Frame, order_form
from services.live.recogniser.quiet_time import QuietTime
from services.live.recogniser.recognising import LiveOrder
from services.live.telling.events import Kind, Told, ToldListener
from services.live.telling.standing import warning_of
from services.providers.live import LiveFormat

OPEN_WITHIN_S = 120.0
MOST_ON_ITS_WAY_MS = 3_000
"""So much sound at most has been sent to a session and not been taken by it."""
STILL_AT_END_S = 8.0
"""The last words of a call are not waited for any longer when everything stands still so long."""


class ChildLink(Protocol):
    """The child, as far as one session of it is concerned."""

    def add(self, session: "SessionInChild") -> None:
        """Have a session told what the child says of it. Raises RecogniserLost."""

    def write(self, kind: str, *, body: bytes = b"", **fields: Any) -> None:
        """Tell the child something; never waits for it. Raises RecogniserLost."""

    @property
    def quiet_s(self) -> float:
        """For how long the child has said nothing at all."""


class SessionInChild:
    """One session in the child. ``send`` waits while the child is behind with it."""

    def __init__(
        self, number: int, child: ChildLink, order: LiveOrder, listener: ToldListener
    ) -> None:
        """Take what it is about; ``open`` follows."""
        self.number = number
        self._child = child
        self._order = order
        self._listener = listener
        self._most_on_its_way = (
            MOST_ON_ITS_WAY_MS * LiveFormat(channels=order.channels).bytes_per_ms
        )
        self._changed = threading.Condition()
        self._is_open = False
        self._on_its_way = 0
        self._refused: PartylineError | None = None
        self._over = False
        self._ended = False
        self._why: PartylineError | None = None
        self.quiet = QuietTime(ALIVE_EVERY_S)
        """For how long none of its sound was taken; who watches the child counts it."""

    def open(self) -> None:
        """Open it. Raises what it is refused with, RecogniserLost."""
        self._child.add(self)
        self._ask()
        with self._changed:
            answered = self._changed.wait_for(
                lambda: self._is_open or self._refused or self._over, OPEN_WITHIN_S
            )
            refused = self._refused
        if refused is not None:
            raise refused
        if not answered or not self._is_open:
            self.abort()
            raise RecogniserLost

    def _ask(self) -> None:
        self._child.write("open", session=self.number, order=order_form(self._order))

    @property
    def waits_s(self) -> float:
        """For how long sound has been on its way of which none is taken."""
        return self.quiet.seconds if self._on_its_way else 0.0

    def send(self, pcm: bytes) -> None:
        """Send whole frames of sound. Raises what ended the session, LiveOver after its end."""
        with self._changed:
            self._changed.wait_for(lambda: self._over or self._has_room)
            if self._over:
                raise self._why or LiveOver
            if not self._on_its_way:
                self.quiet.over()
            self._on_its_way += len(pcm)
        self._child.write("sound", session=self.number, body=pcm)

    def finish(self) -> None:
        """End the sound; returns when the child has told all of it, is gone, or stands still."""
        self._child.write("finish", session=self.number)
        with self._changed:
            while not self._changed.wait_for(lambda: self._over, ALIVE_EVERY_S):
                if max(self._child.quiet_s, self.waits_s) >= STILL_AT_END_S:
                    break
            is_over = self._over
        if not is_over:
            self.lose()
            self.abort()

    def abort(self) -> None:
        """End it at once; nothing more is told."""
        self._end_with(None)
        with suppress(RecogniserLost):
            self._child.write("abort", session=self.number)

    def not_recorded(self, start_ms: int, end_ms: int) -> None:
        """Tell that the silence that comes stands for sound that was not recorded."""
        self._child.write("not_recorded", session=self.number, start_ms=start_ms, end_ms=end_ms)

    def summarise(self) -> None:
        """Ask for a summary of the call so far."""
        self._child.write("summarise", session=self.number)

    def speak(self, language: str | None) -> None:
        """Go on in another language."""
        self._child.write("speak", session=self.number, language=language)

    # --- for the thread that hears the child --------------------------------------------------

    def hear(self, frame: Frame) -> None:
        """Take what the child says of this session."""
        match frame.kind:
            case "told":
                self._tell(frame.head["event"])
            case "warned":
                error = error_of(frame.head["code"], frame.head["detail"])
                self._tell(warning_of(error, frame.head["at_ms"]))
            case "taken":
                self.quiet.over()
                with self._changed:
                    self._on_its_way -= frame.head["bytes"]
                    self._changed.notify_all()
            case "opened":
                with self._changed:
                    self._is_open = True
                    self._changed.notify_all()
            case "refused":
                with self._changed:
                    self._refused = error_of(frame.head["code"], frame.head["detail"])
                    self._changed.notify_all()
            case "over":
                self.lose()

    def lose(self) -> None:
        """Take that no more is to be had of the child, if there was no other end before."""
        self._end_with(RecogniserLost())

    @property
    def _has_room(self) -> bool:
        return self._on_its_way < self._most_on_its_way

    def _tell(self, told: Told) -> None:
        with self._changed:
            if self._over:
                return
            if told["type"] == Kind.ENDED:
                self._ended = True
                code = told["error_code"]
                self._why = error_of(code) if code else None
        self._listener(told)

    def _end_with(self, error: PartylineError | None) -> None:
        """Let nobody wait any more; what ends it without its own last word is told with this."""
        with self._changed:
            if self._over:
                return
            self._over = True
            if not self._ended:
                self._why = error
            is_told = self._ended or not self._is_open or error is None
            self._changed.notify_all()
        if not is_told and error is not None:
            said = {"error_code": error.code, "error_message": error.user_message}
            self._listener({"type": Kind.ENDED.value, "at_ms": 0, **said})
