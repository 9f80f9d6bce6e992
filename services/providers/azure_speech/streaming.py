"""A recording's sound in the form in which it is streamed, at the pace it is taken."""

import time
from collections.abc import Callable

import numpy as np

from services.audio.channels import channel_to_hear
from services.audio.recording import FRAMES_PER_MS, ChannelLayout, Recording
from services.audio.samples import to_int16
from services.providers.azure_speech.recognisers import USUAL_SPEED
from services.providers.azure_speech.session import (
    SpeechSession,
)

CHUNK_MS = 1_000
# So much waits in the SDK at most, so that an hour of sound needs no memory.
AHEAD_MS = 30_000


class Streamed:
    """Feeds a recording into a session from a place on."""

    def __init__(
        self,
        recording: Recording,
        session: SpeechSession,
        *,
        start_ms: int,
        speed: float | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start at ``start_ms``; ``speed`` is what the session was told, None: the SDK's own."""
        self._recording = recording
        self._session = session
        self._start_ms = self._at_ms = start_ms
        self._speed = speed or USUAL_SPEED
        self._clock = clock
        self._began = clock()
        self.is_over = False

    @property
    def taken_by(self) -> float:
        """The clock's time by which all that is there should have been sent."""
        return self._began + (self._at_ms - self._start_ms) / 1000 / self._speed

    def feed(self) -> None:
        """Pass on as much as the session is to hold now, and the end when it is reached."""
        if self.is_over:
            return
        sent_ms = self._start_ms + (self._clock() - self._began) * 1000 * self._speed
        duration_ms = self._recording.duration_ms
        while self._at_ms < min(duration_ms, sent_ms + AHEAD_MS):
            end_ms = min(self._at_ms + CHUNK_MS, duration_ms)
            self._session.write(pcm_of(self._recording, self._at_ms, end_ms))
            self._at_ms = end_ms
        if self._at_ms >= duration_ms:
            self._session.end_of_sound()
            self.is_over = True


def channels_of(recording: Recording) -> int:
    """Return how many channels are streamed: each party's own, or the one that holds all."""
    return 2 if recording.layout is ChannelLayout.SEPARATE else 1


def pcm_of(recording: Recording, start_ms: int, end_ms: int) -> bytes:
    """Return [start_ms, end_ms) as 16-bit little-endian PCM, two channels interleaved."""
    start, end = start_ms * FRAMES_PER_MS, end_ms * FRAMES_PER_MS
    if channels_of(recording) == 1:
        one = channel_to_hear(recording.facts.findings, recording.pcm.channels)
        return to_int16(recording.pcm.read(start, end, one)).astype("<i2").tobytes()
    both = [to_int16(recording.pcm.read(start, end, channel)) for channel in (0, 1)]
    return np.stack(both, axis=1).astype("<i2").tobytes()
