"""Plays sound into a live call, as fast as it would be spoken, or faster."""

import time
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from services.audio.channels import channel_to_hear
from services.audio.recording import FRAMES_PER_MS, ChannelLayout, Recording
from services.audio.samples import to_int16
from services.providers.capabilities import Capabilities
from services.providers.live import LiveFormat

CHUNK_MS = 50
AT_ONCE = 0.0
"""The speed that stands for: as fast as it is taken."""


def format_for(recording: Recording, capabilities: Capabilities) -> LiveFormat:
    """Return how a recording is streamed: each party alone where both sides can do that."""
    if recording.layout is not ChannelLayout.SEPARATE:
        return LiveFormat(channels=1)
    return LiveFormat(channels=min(recording.pcm.channels, capabilities.live_channels))


def chunks_of(recording: Recording, sound: LiveFormat) -> Iterator[bytes]:
    """Yield a recording's sound in chunks of 50 ms, the last one shorter, as 16-bit PCM."""
    heard = channel_to_hear(recording.facts.findings, recording.pcm.channels)
    tracks = [heard] if sound.channels == 1 else list(range(sound.channels))
    step = CHUNK_MS * FRAMES_PER_MS
    for first in range(0, recording.pcm.frames, step):
        samples = [recording.pcm.read(first, first + step, track) for track in tracks]
        yield to_int16(np.stack(samples, axis=1)).astype("<i2").tobytes()


def play(
    chunks: Iterable[bytes],
    send: Callable[[bytes], None],
    *,
    sound: LiveFormat,
    speed: float = 1.0,
    is_stopped: Callable[[], bool] = lambda: False,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> bool:
    """Send the chunks, each when its last sample has been spoken; return whether all were sent.

    ``speed`` counts from real time; ``AT_ONCE`` waits for nothing. Moments are reckoned from the
    start, so that what one chunk costs doesn't put off the ones after it. Raises what ``send``
    raises.
    """
    began = clock()
    sent_bytes = 0
    for chunk in chunks:
        sent_bytes += len(chunk)
        if speed > AT_ONCE:
            due = began + sent_bytes / sound.bytes_per_ms / 1000 / speed
            while not is_stopped() and (left := due - clock()) > 0:
                sleep(left)
        if is_stopped():
            return False
        send(chunk)
    return True
