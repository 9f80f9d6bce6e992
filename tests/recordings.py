"""Recordings made of the demo calls."""

import io
import wave
from pathlib import Path

import numpy as np

from services.audio.decode import decode
from services.audio.pcm import FilePcm
from services.audio.recording import SAMPLE_RATE
from services.domain.running import RunContext

LONGEST_MS = 600_000


def save_channel(call: Path, channel: int | None, target: Path) -> None:
    """Write one channel of a call (None: the mix) as a WAV file."""
    sink = io.BytesIO()
    with call.open("rb") as source:
        found = decode(source, sink, RunContext(), max_duration_ms=LONGEST_MS)
    pcm = FilePcm(sink, channels=found.channels, frames=found.frames)
    samples = np.clip(pcm.read(0, pcm.frames, channel) * 32767, -32768, 32767)
    with wave.open(str(target), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", "none"))
        file.writeframes(samples.astype("<i2").tobytes())
