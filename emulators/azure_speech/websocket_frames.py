"""Messages of the protocol: headers and a body, as text or, with sound, as bytes."""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LINE = "\r\n"
LENGTH = struct.Struct(">H")


class BrokenFrame(ValueError):
    """What arrived is no message of this protocol."""


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One message; header names in lower case. ``body`` of text frames is UTF-8."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """What the message is about, in lower case."""
        return self.headers.get("path", "").lower()

    @property
    def request_id(self) -> str:
        """The request that it belongs to; empty for the first of a connection."""
        return self.headers.get("x-requestid", "")

    def json(self) -> dict[str, Any]:
        """Return the body as JSON. Raises BrokenFrame."""
        try:
            body = json.loads(self.body)
        except ValueError:
            raise BrokenFrame from None
        if not isinstance(body, dict):
            raise BrokenFrame
        return body


def parse(message: str | bytes) -> Frame:
    """Return the message as it was meant. Raises BrokenFrame."""
    if isinstance(message, str):
        head, mark, body = message.partition(LINE * 2)
        if not mark:
            raise BrokenFrame
        return Frame(headers=_headers(head), body=body.encode())
    if len(message) < LENGTH.size:
        raise BrokenFrame
    (length,) = LENGTH.unpack_from(message)
    end = LENGTH.size + length
    if len(message) < end:
        raise BrokenFrame
    try:
        head = message[LENGTH.size : end].decode("ascii")
    except UnicodeDecodeError:
        raise BrokenFrame from None
    return Frame(headers=_headers(head), body=message[end:])


def build(path: str, request_id: str, body: Mapping[str, Any] | None = None) -> str:
    """Return a message of the service: an answer to the request with this id."""
    head = {
        "X-RequestId": request_id,
        "Content-Type": "application/json; charset=utf-8",
        "Path": path,
    }
    lines = [f"{name}:{value}" for name, value in head.items()]
    return LINE.join(lines) + LINE * 2 + ("" if body is None else json.dumps(body))


def _headers(head: str) -> dict[str, str]:
    named = (line.partition(":") for line in head.split(LINE) if line)
    return {name.strip().lower(): value.strip() for name, _, value in named}
