"""Recordings made of tones, each with content of its own."""

import io
import wave

import numpy as np

RATE = 8000


def tone(seconds: float, pitch_hz: float = 300.0) -> bytes:
    """Return a WAV file with a tone, 8 kHz mono."""
    times = np.arange(round(seconds * RATE)) / RATE
    samples = (8000 * np.sin(times * pitch_hz * 2 * np.pi)).astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((1, 2, RATE, 0, "NONE", "none"))
        writer.writeframes(samples.tobytes())
    return file.getvalue()
