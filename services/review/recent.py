"""Calls kept in memory as they were loaded for review last."""

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

Loaded = TypeVar("Loaded")


class RecentCalls(Generic[Loaded]):
    """The calls loaded last: a long transcript takes a while to read, and each rerun asks for it.

    Each call is kept once, in the version loaded last. The call's row and its edits are read every
    time, so what is stale is never found.
    """

    def __init__(self, most: int) -> None:
        """Keep the ``most`` calls loaded last."""
        self._most = most
        self._kept: OrderedDict[str, tuple[Hashable, Loaded]] = OrderedDict()
        self._lock = Lock()

    def get(self, call_id: str, version: Hashable) -> Loaded | None:
        """Return the call if it is kept in this version."""
        with self._lock:
            kept, shown = self._kept.get(call_id, (None, None))
            if shown is None or kept != version:
                return None
            self._kept.move_to_end(call_id)
            return shown

    def put(self, call_id: str, version: Hashable, shown: Loaded) -> None:
        """Keep the call in this version."""
        with self._lock:
            self._kept[call_id] = (version, shown)
            self._kept.move_to_end(call_id)
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)

    def forget(self, call_id: str) -> None:
        """Keep nothing of this call."""
        with self._lock:
            self._kept.pop(call_id, None)
