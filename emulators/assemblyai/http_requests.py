"""The kinds of requests to the emulated service, and what can go wrong with one."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Place(StrEnum):
    """The kinds of requests there are."""

    UPLOAD = "upload"
    CREATE = "create"
    LIST = "list"
    POLL = "poll"
    DELETE = "delete"
    READ = "read"
    AUDIO = "audio"


class Failure(StrEnum):
    """What goes wrong with one request.

    ``DROPPED`` cuts the connection before anything is done, ``LATE_DROP`` after it is done.
    """

    WRONG_KEY = "wrong-key"
    FORBIDDEN = "forbidden"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    BUSY = "busy"
    FAULT = "fault"
    SLOW = "slow"
    DROPPED = "dropped"
    GARBAGE = "garbage"
    LATE_DROP = "late-drop"


@dataclass(frozen=True, kw_only=True)
class SeenRequest:
    """One request as it arrived; ``body`` is its JSON, ``size`` counts the bytes of an upload."""

    place: Place
    method: str
    path: str
    headers: Mapping[str, str]
    body: Any = None
    size: int = 0
