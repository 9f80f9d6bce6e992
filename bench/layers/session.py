"""What is compared, and the sound for it."""

import io
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from services.audio.pcm import ArrayPcm
from services.audio.recording import ChannelLayout, Recording
from services.audio.samples import to_int16
from services.audio.wav import WavStream
from services.domain.calls import AudioFacts
from services.providers.live import LiveFormat

KEY = "bench"
LIVE_SECONDS = 6
# Live sound goes out in small pieces, ten times as fast as it is spoken.
PIECE_MS = 50
LIVE_SPEED = 10


@dataclass(frozen=True, kw_only=True)
class Session:
    """One call at one service; both ways return how many lines they heard."""

    service: str
    about: str
    rounds: int
    bare: Callable[[], int]
    ours: Callable[[], int]


def recording(seconds: int) -> Recording:
    """Return noise as an uploaded WAV file."""
    samples = np.random.default_rng(5).standard_normal((seconds * 16_000, 1)) * 0.1
    pcm = ArrayPcm(samples.astype(np.float32))
    facts = AudioFacts(
        duration_ms=seconds * 1000,
        channels=1,
        sample_rate=16_000,
        codec="pcm_s16le",
        container="wav",
    )
    return Recording(
        facts=facts,
        layout=ChannelLayout.MIXED,
        pcm=pcm,
        open_source=lambda: io.BufferedReader(WavStream(pcm)),
    )


def live_pieces() -> Iterator[bytes]:
    """Yield the sound of a live call at its pace."""
    whole = recording(LIVE_SECONDS).pcm
    sound = to_int16(whole.read(0, whole.frames, 0)).astype("<i2").tobytes()
    step = PIECE_MS * LiveFormat().bytes_per_ms
    began = time.perf_counter()
    for number, at in enumerate(range(0, len(sound), step), start=1):
        yield sound[at : at + step]
        due = began + number * PIECE_MS / 1000 / LIVE_SPEED
        time.sleep(max(0.0, due - time.perf_counter()))
