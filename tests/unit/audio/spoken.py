"""Rendered speech for tests: the parties of a demo call, and what telephone systems do to them."""

import io
from functools import cache
from pathlib import Path

import numpy as np
import soxr

from services.audio.decode import decode
from services.audio.pcm import FilePcm
from services.domain.running import RunContext
from tests.unit.audio.sounds import RATE, Samples, encoded, noise, tone

DEMO = Path(__file__).parents[3] / "demo"
SECONDS = 30
PHONE_RATE = 8_000


def opened(content: bytes) -> Samples:
    """Decode a file's bytes to samples [n, channels]."""
    sink = io.BytesIO()
    found = decode(io.BytesIO(content), sink, RunContext(), max_duration_ms=3_600_000)
    pcm = FilePcm(sink, channels=found.channels, frames=found.frames)
    return np.stack([pcm.read(0, pcm.frames, c) for c in range(pcm.channels)], axis=1)


@cache
def parties() -> tuple[Samples, Samples]:
    """Both sides of a demo call, each clean on a channel of its own."""
    samples = opened(next(DEMO.glob("*Retention*.ogg")).read_bytes())[: SECONDS * RATE]
    return samples[:, 0].copy(), samples[:, 1].copy()


def mixture() -> Samples:
    first, second = parties()
    return first + second


def db(level: float) -> np.float32:
    return np.float32(10 ** (level / 20))


def delayed(samples: Samples, ms: float) -> Samples:
    frames = int(ms * RATE / 1000)
    return np.concatenate((np.zeros(frames, np.float32), samples))[: len(samples)]


def hiss(level_db: float, *, like: Samples, seed: int = 1) -> Samples:
    return noise(len(like) / RATE, level=float(db(level_db)), seed=seed)[: len(like)]


def hum(level_db: float, *, like: Samples) -> Samples:
    return tone(len(like) / RATE, hz=50.0, level=float(db(level_db)))[: len(like)]


def by_telephone(samples: Samples) -> Samples:
    """8 kHz, µ-law: 8 bits a sample on a logarithmic scale."""
    narrow = np.clip(soxr.resample(samples, RATE, PHONE_RATE), -1, 1)
    squeezed = np.sign(narrow) * np.log1p(255 * np.abs(narrow)) / np.log(256)
    coarse = np.round(squeezed * 127) / 127
    back = np.sign(coarse) * (256 ** np.abs(coarse) - 1) / 255
    return fitted(soxr.resample(back, PHONE_RATE, RATE), samples)


def by_opus(samples: Samples, bit_rate: int) -> Samples:
    return fitted(opened(encoded(samples, "ogg", "libopus", bit_rate=bit_rate))[:, 0], samples)


def fitted(samples: Samples, like: Samples) -> Samples:
    missing = max(0, len(like) - len(samples))
    return np.pad(samples, (0, missing))[: len(like)].astype(np.float32)
