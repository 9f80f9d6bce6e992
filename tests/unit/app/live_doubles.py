"""What tests of live calls over sockets share: a running call, its addresses, its sound."""

import json
import time
from typing import Any
from urllib.parse import urlencode

import numpy as np

from app.wiring import Services
from services.access.tokens import Purpose
from services.domain.calls import CallDetails, ProcessingOptions
from services.domain.live_calls import LiveSource, RunningCall
from services.domain.people import LOCAL_USER, User
from tests.unit.app.conftest import query

SERVER = "ws://localhost:8501"
FRAMES_PER_MS = 16
WAITS_S = 20.0


def begin(
    services: Services, *, user: User = LOCAL_USER, channels: int = 1, **wanted: Any
) -> RunningCall:
    options = ProcessingOptions(provider="scripted", redact=False, **wanted)
    return services.live.begin(
        user, "A call", options, CallDetails(), channels=channels, source=LiveSource.BROWSER
    )


def sound_url(services: Services, call_id: str, user: User = LOCAL_USER) -> str:
    asked = query(services, Purpose.LIVE_SOUND, call_id, user=user)
    return f"{SERVER}/-/live/sound/{call_id}?{urlencode(asked)}"


def events_url(
    services: Services, call_id: str, user: User = LOCAL_USER, after: int | None = None
) -> str:
    asked = query(services, Purpose.LIVE_EVENTS, call_id, user=user)
    if after is not None:
        asked["after"] = str(after)
    return f"{SERVER}/-/live/events/{call_id}?{urlencode(asked)}"


def pcm(first_ms: int, last_ms: int, channels: int = 1) -> bytes:
    """Return sound in which every frame is told from its neighbours."""
    frames = np.arange(first_ms * FRAMES_PER_MS, last_ms * FRAMES_PER_MS)
    samples = np.stack([(frames * (7 + track)) % 30_000 for track in range(channels)], axis=1)
    return samples.astype("<i2").tobytes()


def chunk(first_ms: int, last_ms: int, channels: int = 1) -> bytes:
    """Return what the recorder sends for a piece of sound."""
    frame = (first_ms * FRAMES_PER_MS).to_bytes(8, "little")
    return frame + pcm(first_ms, last_ms, channels)


def say(socket: Any, **message: Any) -> None:
    socket.send_text(json.dumps(message))


def hear(socket: Any) -> dict[str, Any]:
    heard: dict[str, Any] = json.loads(socket.receive_text())
    return heard


def frames(ms: int) -> int:
    return ms * FRAMES_PER_MS


def wait_until(done: Any, within_s: float = WAITS_S) -> None:
    until = time.monotonic() + within_s
    while not done():
        assert time.monotonic() < until
        time.sleep(0.01)
