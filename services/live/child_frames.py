"""What the web process and its recogniser say to each other: frames over two pipes.

A frame is two lengths (32 bits each, little-endian), a JSON object and bytes. The child begins with
``hello`` and its version; another version is not talked to. ``session`` numbers are given by the
parent and never used again.

parent: open {session, order} · sound {session} + PCM · finish · abort · summarise ·
        speak {language} · not_recorded {start_ms, end_ms}
child:  hello {version} · opened · refused {code, detail} · told {event} · taken {bytes} ·
        warned {code, detail, at_ms} · over
"""

import json
import struct
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

from services.domain.calls import CallDetails, Direction
from services.live.recognising import LiveOrder
from services.storage.forms import pack_options, unpack_options

VERSION = 1
_LENGTHS = struct.Struct("<II")
MOST_HEAD_BYTES = 64 * 1024 * 1024
MOST_BODY_BYTES = 4 * 1024 * 1024


class BadFrame(Exception):
    """What came over a pipe is no frame: both sides can't go on."""


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One message: ``head["type"]`` says what it is."""

    head: Mapping[str, Any]
    body: bytes = b""

    @property
    def kind(self) -> str:
        """What it is."""
        return str(self.head["type"])

    @property
    def session(self) -> int:
        """The session that it is about."""
        return int(self.head["session"])


class FrameWriter:
    """Writes whole frames, one at a time, from any thread."""

    def __init__(self, stream: BinaryIO) -> None:
        """Write to a stream without a buffer of its own."""
        self._stream = stream
        self._lock = threading.Lock()

    def write(self, kind: str, *, body: bytes = b"", **fields: Any) -> None:
        """Write a frame. Raises OSError, or ValueError when the stream is closed."""
        head = json.dumps({"type": kind, **fields}, separators=(",", ":")).encode()
        rest = memoryview(_LENGTHS.pack(len(head), len(body)) + head + body)
        with self._lock:
            while rest:
                rest = rest[self._stream.write(rest) :]


def read_frame(stream: BinaryIO) -> Frame | None:
    """Return the next frame of a stream, None at its end. Raises BadFrame."""
    lengths = _exactly(stream, _LENGTHS.size)
    if not lengths:
        return None
    if len(lengths) < _LENGTHS.size:
        raise BadFrame
    head_bytes, body_bytes = _LENGTHS.unpack(lengths)
    if head_bytes > MOST_HEAD_BYTES or body_bytes > MOST_BODY_BYTES:
        raise BadFrame
    raw = _exactly(stream, head_bytes + body_bytes)
    if len(raw) < head_bytes + body_bytes:
        raise BadFrame
    try:
        head = json.loads(raw[:head_bytes])
    except ValueError:
        raise BadFrame from None
    if not isinstance(head, dict) or not isinstance(head.get("type"), str):
        raise BadFrame
    return Frame(head=head, body=raw[head_bytes:])


def _exactly(stream: BinaryIO, size: int) -> bytes:
    """Return so many bytes, fewer only where the stream ends."""
    parts = []
    while size > 0 and (part := stream.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def order_form(order: LiveOrder) -> dict[str, Any]:
    """Return an order as JSON."""
    details = order.details
    started_at = details.started_at
    return {
        "options": pack_options(order.options),
        "details": {**vars(details), "started_at": started_at and started_at.isoformat()},
        "channels": order.channels,
    }


def order_of(form: Mapping[str, Any]) -> LiveOrder:
    """Return the order that ``order_form`` gave."""
    details = dict(form["details"])
    direction, started_at = details.pop("direction"), details.pop("started_at")
    return LiveOrder(
        options=unpack_options(form["options"]),
        details=CallDetails(
            **details,
            direction=Direction(direction) if direction else None,
            started_at=datetime.fromisoformat(started_at) if started_at else None,
        ),
        channels=form["channels"],
    )
