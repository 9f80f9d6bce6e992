"""What goes through the pipes between a process and the decoder beside it: kind, length, bytes."""

import json
import struct
from collections.abc import Mapping
from enum import IntEnum
from typing import Any, BinaryIO

MOST_BYTES = 4 * 1024 * 1024
_HEAD = struct.Struct("<BI")
_WANTED = struct.Struct("<QI")


class Kind(IntEnum):
    """What a message is about."""

    ORDER = 1
    GIVEN = 2
    WANTED = 3
    SOUND = 4
    REACHED = 5
    DONE = 6
    FAILED = 7


class Garbled(Exception):
    """What came is no message, or ends within one."""


def send(stream: BinaryIO, kind: Kind, content: bytes = b"") -> None:
    """Write one message and flush. Raises OSError when the other side is gone."""
    stream.write(_HEAD.pack(kind, len(content)) + content)
    stream.flush()


def receive(stream: BinaryIO) -> tuple[Kind, bytes] | None:
    """Return the next message, None when the other side has left. Raises Garbled."""
    head = _read(stream, _HEAD.size)
    if not head:
        return None
    if len(head) < _HEAD.size:
        raise Garbled
    number, length = _HEAD.unpack(head)
    if length > MOST_BYTES:
        raise Garbled
    content = _read(stream, length)
    if len(content) < length:
        raise Garbled
    try:
        return Kind(number), content
    except ValueError:
        raise Garbled from None


def packed_place(offset: int, length: int) -> bytes:
    """Return a place in the recording as it is asked for."""
    return _WANTED.pack(offset, length)


def place(content: bytes) -> tuple[int, int]:
    """Return offset and length of a place that is asked for. Raises Garbled."""
    try:
        offset, length = _WANTED.unpack(content)
    except struct.error:
        raise Garbled from None
    return offset, length


def written(form: Mapping[str, Any]) -> bytes:
    """Return a form as JSON."""
    return json.dumps(form).encode()


def read_form(content: bytes) -> dict[str, Any]:
    """Return the form that JSON holds. Raises Garbled."""
    try:
        form = json.loads(content)
    except (ValueError, RecursionError):
        raise Garbled from None
    if not isinstance(form, dict):
        raise Garbled
    return form


def fraction(content: bytes) -> float:
    """Return how far the decoder has come, in 0..1. Raises Garbled."""
    reached = read_form(content).get("fraction")
    if not isinstance(reached, float | int) or not 0.0 <= reached <= 1.0:
        raise Garbled
    return float(reached)


def _read(stream: BinaryIO, length: int) -> bytes:
    read = bytearray()
    while len(read) < length:
        block = stream.read(length - len(read))
        if not block:
            break
        read += block
    return bytes(read)
