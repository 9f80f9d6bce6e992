"""What the web process and its recogniser say to each other: frames over two pipes.

A frame is two lengths (32 bits each, little-endian), a JSON object and bytes. The child begins with
``hello`` and its version; another version is not talked to. ``session`` numbers are given by the
parent and never used again.

parent: open {session, order} · sound {session} + PCM · finish · abort · summarise ·
        speak {language} · not_recorded {start_ms, end_ms} ·
        read {session, order, known}, which opens a session that is given words instead of sound:
        heard {event} · passed {now_ms} · summed_up {text, by, so_far}
child:  hello {version} · alive, every second · opened · refused {code, detail} · told {event} ·
        taken {bytes} · warned {code, detail, at_ms} · over
"""

import json
import queue
import struct
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, BinaryIO

from services.live.recogniser.recognising import LiveOrder
from services.storage.forms import pack_options, unpack_options
from services.storage.live_forms import pack_details, unpack_details

VERSION = 4
ALIVE_EVERY_S = 1.0
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
        self.write_packed(_packed(kind, body, fields))

    def write_packed(self, frame: bytes) -> None:
        """Write a frame as it goes over the pipe. Raises as ``write``."""
        rest = memoryview(frame)
        with self._lock:
            while rest:
                rest = rest[self._stream.write(rest) :]


class FrameQueue:
    """Writes frames in a thread of its own: who says something never waits for a stuck reader.

    How much may wait is for those to see to who write.
    """

    def __init__(self, stream: BinaryIO) -> None:
        """Write to a stream without a buffer of its own, and close it in the end."""
        self._stream = stream
        self._waiting: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._is_broken = False
        self._thread = threading.Thread(target=self._work, name="recogniser-pipe", daemon=True)
        self._thread.start()

    def write(self, kind: str, *, body: bytes = b"", **fields: Any) -> None:
        """Have a frame written after those before it. Raises OSError when nobody reads any more."""
        if self._is_broken:
            raise BrokenPipeError
        self._waiting.put(_packed(kind, body, fields))

    def end(self) -> None:
        """Close the stream when all is written; returns at once."""
        self._waiting.put(None)

    def join(self) -> None:
        """Wait until the stream is closed, after ``end`` or the death of who reads."""
        self._thread.join()

    def _work(self) -> None:
        writer = FrameWriter(self._stream)
        try:
            while (frame := self._waiting.get()) is not None:
                writer.write_packed(frame)
        except (OSError, ValueError):
            pass  # Who reads is gone; that is told by its own pipe.
        finally:
            self._is_broken = True
            # The end may fail, too: what was on its way is gone with the reader.
            with suppress(OSError):
                self._stream.close()


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


def _packed(kind: str, body: bytes, fields: Mapping[str, Any]) -> bytes:
    head = json.dumps({"type": kind, **fields}, separators=(",", ":")).encode()
    return _LENGTHS.pack(len(head), len(body)) + head + body


def order_form(order: LiveOrder) -> dict[str, Any]:
    """Return an order as JSON."""
    return {
        "options": pack_options(order.options),
        "details": pack_details(order.details),
        "channels": order.channels,
        "org_id": order.org_id,
    }


def order_of(form: Mapping[str, Any]) -> LiveOrder:
    """Return the order that ``order_form`` gave."""
    return LiveOrder(
        options=unpack_options(form["options"]),
        details=unpack_details(form["details"]),
        channels=form["channels"],
        org_id=form["org_id"],
    )
