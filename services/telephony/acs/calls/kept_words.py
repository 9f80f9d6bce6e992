"""Keeps the words of phone calls as they are told, in a thread of its own.

There is no tape of such a call: what isn't kept is gone with the process. Whoever tells something
never waits for the storage.
"""

import threading
from collections.abc import Sequence
from typing import Protocol

from services import telemetry
from services.domain.errors import NotFound, PartylineError
from services.live.telling.events import Kind, Told

KEPT = frozenset(
    {
        Kind.FINAL,
        Kind.REVISED,
        Kind.SPEAKER,
        Kind.LANGUAGE,
        Kind.SENTIMENT,
        Kind.WARNING,
        Kind.SUMMARY,
    }
)
PARTICIPANT = "participant"
"""Type of what is kept of who a speaker is at the service; it is never told."""
AGAIN_AFTER_S = 1.0
FLUSH_WITHIN_S = 10.0


class Words(Protocol):
    """Where words are kept."""

    def append(self, call_id: str, told: Sequence[Told]) -> None:
        """Keep these events. Raises StorageError, NotFound when the call isn't held any more."""


class KeptWords:
    """What is told of a process's phone calls on its way to the storage. Safe across threads."""

    def __init__(self, words: Words) -> None:
        """Keep them here."""
        self._words = words
        self._changed = threading.Condition()
        self._waiting: dict[str, list[Told]] = {}
        self._busy: str | None = None
        self._closed = False
        self._thread: threading.Thread | None = None

    def keep(self, call_id: str, told: Told) -> None:
        """Have an event kept; returns at once."""
        with self._changed:
            self._waiting.setdefault(call_id, []).append(told)
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._work, name="kept-words", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def flush(self, call_id: str) -> bool:
        """Wait until what was told of a call is kept; return whether it is."""
        with self._changed:
            return self._changed.wait_for(
                lambda: call_id not in self._waiting and self._busy != call_id, FLUSH_WITHIN_S
            )

    def close(self) -> None:
        """Keep what waits, if that can be done at once, and end."""
        with self._changed:
            self._closed, thread = True, self._thread
            self._changed.notify_all()
        if thread is not None:
            thread.join()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if not self._waiting:
                    return
                call_id = next(iter(self._waiting))
                told, self._busy = self._waiting.pop(call_id), call_id
            is_kept = self._append(call_id, told)
            with self._changed:
                self._busy = None
                if not is_kept:
                    self._waiting[call_id] = [*told, *self._waiting.pop(call_id, [])]
                    if self._closed:
                        return
                    self._changed.wait_for(lambda: self._closed, AGAIN_AFTER_S)
                self._changed.notify_all()

    def _append(self, call_id: str, told: list[Told]) -> bool:
        """Keep events; return False when that is to be tried again."""
        try:
            self._words.append(call_id, told)
        except NotFound:
            # It has landed, or never began.
            return True
        except PartylineError as error:
            telemetry.warning("phone.words_not_kept", error=error.code, events=len(told))
            return not error.retryable
        except Exception as error:
            telemetry.fault("phone.words_not_kept", error)
        return True
