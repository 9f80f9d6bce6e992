"""Log events about our machine: an action's name and safe fields, one JSON line each.

Never words of a call, numbers spoken in it, file names, keys or foreign exception texts. A fault
is logged by its class and the code location only.
"""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime

Field = str | int | float | bool | None

_log = logging.getLogger("partyline")


class _JsonLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Field] = getattr(record, "fields", {})
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        return json.dumps({"at": moment, "level": record.levelname, "event": record.msg, **fields})


def configure(level: str = "INFO") -> None:
    """Send events to standard error, once per process."""
    if _log.handlers:
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLine())
    _log.addHandler(handler)
    _log.setLevel(level)
    _log.propagate = False


def event(action: str, **fields: Field) -> None:
    """Log that something happened, with safe fields."""
    _log.info(action, extra={"fields": fields})


def warning(action: str, **fields: Field) -> None:
    """Log that something needs an operator's eye, with safe fields."""
    _log.warning(action, extra={"fields": fields})


def fault(action: str, error: BaseException, **fields: Field) -> None:
    """Log an unexpected exception by class and place, without its message."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].name}:{frames[-1].lineno}" if frames else "unknown"
    _log.error(
        action,
        extra={"fields": {**fields, "error": type(error).__name__, "where": where}},
    )
