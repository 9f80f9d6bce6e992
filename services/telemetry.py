"""Log events about our machine: an action's name and safe fields, one JSON line each.

Never words of a call, numbers spoken in it, file names, keys or foreign exception texts. A fault
is logged by its class and the code location only. Events are counted, too, for those who watch.
"""

import ctypes
import json
import logging
import resource
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

Field = str | int | float | bool | None

_PR_SET_DUMPABLE = 4
# No handler takes a record of this level, whatever its own.
BELOW_ALL = -1

_log = logging.getLogger("partyline")
_counts: Counter[tuple[str, str]] = Counter()
_counting = threading.Lock()


class _JsonLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Field] = getattr(record, "fields", {})
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        return json.dumps({"at": moment, "level": record.levelname, "event": record.msg, **fields})


def configure(level: str = "INFO") -> None:
    """Send events to standard error, once per process.

    From then on it leaves no core dump, and on Linux other processes of the same user read neither
    its memory nor its environment.
    """
    if _log.handlers:
        return
    # Memory holds keys and words of calls; children inherit this.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        # Children don't inherit that: each says it at its own start.
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLine())
    _log.addHandler(handler)
    _log.setLevel(level)
    _log.propagate = False


def keep_texts_out(*names: str) -> None:
    """Keep what other programs' loggers say out of the log, now and later.

    ``names`` are the first parts of loggers' names. Of a warning only level, class of exception
    and place become an event; anything less is dropped. It works on the records themselves:
    loggers and handlers that are made or exchanged afterwards change nothing.
    """
    factory = logging.getLogRecordFactory()
    known = factory.names if isinstance(factory, _Records) else frozenset[str]()
    make = factory.make if isinstance(factory, _Records) else factory
    logging.setLogRecordFactory(_Records(make, known | set(names)))


class _Records:
    """Makes log records; those of certain programs without their texts."""

    def __init__(self, make: Callable[..., logging.LogRecord], names: frozenset[str]) -> None:
        self.make = make
        self.names = names

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        record = self.make(*args, **kwargs)
        first = (record.name or "").partition(".")[0]
        if first not in self.names:
            return record
        if record.levelno >= logging.WARNING:
            _forward(first, record)
        bare = logging.LogRecord(record.name, BELOW_ALL, "", 0, "", None, None)
        bare.levelname = record.levelname
        return bare


def _forward(program: str, record: logging.LogRecord) -> None:
    """Log where another program's warning was made, and the exception it is about."""
    made = f"{record.module}:{record.lineno}"
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        fault(f"{program}.fault", error, logged=made)
    else:
        warning(f"{program}.warning", level=record.levelname, where=made)


def counts() -> dict[tuple[str, str], int]:
    """Return how often each event has happened in this process, by its level and action."""
    with _counting:
        return dict(_counts)


def _count(level: str, action: str) -> None:
    with _counting:
        _counts[level, action] += 1


def event(action: str, **fields: Field) -> None:
    """Log that something happened, with safe fields."""
    _count("info", action)
    _log.info(action, extra={"fields": fields})


def warning(action: str, **fields: Field) -> None:
    """Log that something needs an operator's eye, with safe fields."""
    _count("warning", action)
    _log.warning(action, extra={"fields": fields})


def fault(action: str, error: BaseException, **fields: Field) -> None:
    """Log an unexpected exception by class and place, without its message."""
    _count("error", action)
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].name}:{frames[-1].lineno}" if frames else "unknown"
    _log.error(
        action,
        extra={"fields": {**fields, "error": type(error).__name__, "where": where}},
    )
