"""What emulated services that stream telephone sound share: µ-law, pacing, and what was seen."""

import json
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray
from websockets.sync.client import ClientConnection, connect

BYTES_PER_MS = 8
"""Of µ-law at 8 kHz."""
SILENCE = b"\xff"
LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})
OPEN_S = 5.0
CLIP = 32_635
BIAS = 0x84

Line16 = NDArray[np.int16]


def encode(samples: Line16) -> bytes:
    """Return 16-bit samples as µ-law, by the recommendation G.711."""
    sign = np.where(samples < 0, 0x80, 0)
    magnitude = np.minimum(np.abs(samples.astype(np.int32)), CLIP) + BIAS
    exponent = np.floor(np.log2(magnitude)).astype(np.int32) - 7
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    return (~(sign | (exponent << 4) | mantissa) & 0xFF).astype(np.uint8).tobytes()


@dataclass(frozen=True, kw_only=True)
class LineSounds:
    """What is said at both ends, as µ-law; a side of which there is no sound is not sent."""

    customer: bytes
    agent: bytes | None = None

    @property
    def duration_ms(self) -> int:
        """How long the longer side is."""
        return max(len(self.customer), len(self.agent or b"")) // BYTES_PER_MS

    def chunks(self, step_ms: int) -> Iterator[tuple[int, bytes, bytes | None]]:
        """Yield the sound of each step: when it begins, the customer's, the agent's."""
        step = step_ms * BYTES_PER_MS
        total = max(len(self.customer), len(self.agent or b""))
        for first in range(0, total, step):
            size = min(step, total - first)
            customer = self.customer[first : first + step].ljust(size, SILENCE)
            agent = self.agent
            told = None if agent is None else agent[first : first + step].ljust(size, SILENCE)
            yield first // BYTES_PER_MS, customer, told


@dataclass(frozen=True, kw_only=True)
class StreamPlan:
    """How a stream goes; without anything it goes well.

    ``speed`` counts from real time, 0 is at once. ``drop_after_ms`` cuts the connection there,
    ``garbage_every`` sends something unreadable and something unknown before each so manieth
    piece. ``is_signed`` False signs with another secret.
    """

    speed: float = 1.0
    step_ms: int = 20
    drop_after_ms: int | None = None
    garbage_every: int | None = None
    is_signed: bool = True


@dataclass(kw_only=True)
class SeenStream:
    """What became of a stream. ``status`` is the one it was refused with."""

    stream_id: str
    status: int | None = None
    is_lost: bool = False
    """Whether the connection broke before all was sent, or the last answer had come."""
    sent_ms: int = 0
    messages: int = 0
    answers: list[dict[str, Any]] = field(default_factory=list)
    close_code: int | None = None


class Dropped(Exception):
    """The connection was cut, as the plan has it."""


def check_local(address: str) -> None:
    """Refuse other machines: nothing emulated goes there. Raises ValueError."""
    parts = urlsplit(address)
    if parts.scheme != "ws" or parts.hostname not in LOCAL:
        raise ValueError


def dial(address: str, headers: Mapping[str, str]) -> ClientConnection:
    """Open the connection. Raises what the client does when it is refused."""
    return connect(
        address,
        additional_headers=headers,
        open_timeout=OPEN_S,
        close_timeout=OPEN_S,
        compression=None,
        proxy=None,
    )


def cut(connection: ClientConnection) -> None:
    """Break a connection off without a word."""
    connection.socket.shutdown(socket.SHUT_RDWR)


class Pace:
    """Lets each piece of sound wait until it has been spoken."""

    def __init__(self, speed: float, stopping: Event) -> None:
        """Begin now; at speed 0 nothing waits."""
        self._speed = speed
        self._stopping = stopping
        self._began = time.monotonic()

    def until(self, at_ms: int) -> bool:
        """Wait until then; False when it is to stop."""
        if not self._speed:
            return not self._stopping.is_set()
        left_s = at_ms / 1_000 / self._speed - (time.monotonic() - self._began)
        return not self._stopping.wait(max(0.0, left_s))


def garbage(number: int) -> Sequence[str]:
    """Return what no service should send: half a message, and one of a type nobody knows."""
    return ('{"event": "media", "media": {"payload": ', json.dumps({"event": f"sing{number}"}))
