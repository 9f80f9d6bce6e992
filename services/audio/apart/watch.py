"""Watches a decoder: one that is silent, slow or not wanted any more is ended."""

import signal
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from services.audio.apart.limits import DecodeLimits
from services.audio.apart.starting import Child
from services.domain.errors import (
    Cancelled,
    DecoderCrashed,
    DecoderLost,
    DecoderOverrun,
)

LOOK_EVERY_S = 0.25
# What the kernel sends to a process that took more than it may.
_BEYOND_LIMITS = frozenset({-getattr(signal, name, 0) for name in ("SIGXCPU", "SIGXFSZ")})
_KILLED = -getattr(signal, "SIGKILL", 9)
LEAVES_WITHIN_S = 5.0


class Watch:
    """Ends a child beyond its time; while the block lasts. ``heard`` is called for each message."""

    def __init__(
        self,
        child: Child,
        limits: DecodeLimits,
        is_cancelled: Callable[[], bool],
    ) -> None:
        """Watch a child that is about to be given its order."""
        self._child = child
        self._limits = limits
        self._is_cancelled = is_cancelled
        self._until = time.monotonic() + limits.time_ms / 1000
        self._heard_at = time.monotonic()
        self._over = threading.Event()
        self._ended_for: BaseException | None = None
        self._thread = threading.Thread(target=self._look, name="decoder-watch", daemon=True)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait until the child has left, and end one that doesn't."""
        try:
            self._wait()
        finally:
            self._over.set()
            self._thread.join()

    def _wait(self) -> None:
        try:
            self._child.wait(LEAVES_WITHIN_S)
        except TimeoutError:
            self._end(DecoderCrashed())
            self._child.wait()

    def heard(self) -> None:
        """Note that the child lives."""
        self._heard_at = time.monotonic()

    def why_ended(self, exit_code: int) -> BaseException:
        """Return why a child ended without an answer."""
        if self._ended_for is not None:
            return self._ended_for
        if exit_code in _BEYOND_LIMITS:
            return DecoderOverrun()
        # By somebody else, or before it could begin; a status of its own is a fault of ours.
        is_lost = exit_code == _KILLED or exit_code > 0
        return DecoderLost() if is_lost else DecoderCrashed()

    def _look(self) -> None:
        while not self._over.wait(LOOK_EVERY_S):
            now = time.monotonic()
            silent_ms = 1000 * (now - self._heard_at)
            if now > self._until or silent_ms > self._limits.silence_ms:
                self._end(DecoderOverrun())
            else:
                self._ask()

    def _ask(self) -> None:
        try:
            if self._is_cancelled():
                self._end(Cancelled())
        except BaseException as error:
            # It ends the work wherever it is raised; a silent child would have nobody ask.
            self._end(error)

    def _end(self, error: BaseException) -> None:
        self._ended_for = self._ended_for or error
        self._child.kill()
