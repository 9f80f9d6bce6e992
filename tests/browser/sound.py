"""What is spoken into Chromium's fake microphone, and whether it is what was stored."""

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr

from services.audio.recording import SAMPLE_RATE
from tests.recordings import save_channel

# What a fake microphone is given; at another rate Chromium would resample it once more.
MICROPHONE_RATE = 48_000
WINDOW = SAMPLE_RATE
QUIET = 0.003
SAME, MOST_WHOLE = 0.99, 0.7
# Less than the shortest piece that the recorder could lose: a chunk of 100 ms.
MOST_SHIFT = SAMPLE_RATE // 10


def read(file) -> np.ndarray:
    """Return a WAV file of 16 kHz: float64 [frames, channels]."""
    with wave.open(file if hasattr(file, "read") else str(file)) as opened:
        assert (opened.getframerate(), opened.getsampwidth()) == (SAMPLE_RATE, 2)
        pcm = opened.readframes(opened.getnframes())
        samples = np.frombuffer(pcm, "<i2").reshape(-1, opened.getnchannels())
    return samples / 32768


def talk(folder: Path, call: Path, *, first_s: float, last_s: float, channel=None) -> np.ndarray:
    """Write [first_s, last_s) of a call to ``folder/talk.wav`` for a microphone; return it."""
    whole = folder / "whole.wav"
    save_channel(call, channel, whole)
    samples = read(whole)[int(first_s * SAMPLE_RATE) : int(last_s * SAMPLE_RATE), 0]
    spoken = soxr.resample(samples, SAMPLE_RATE, MICROPHONE_RATE)
    with wave.open(str(folder / "talk.wav"), "wb") as file:
        file.setparams((1, 2, MICROPHONE_RATE, 0, "NONE", "none"))
        file.writeframes((np.clip(spoken, -1, 1) * 32767).astype("<i2").tobytes())
    return samples


@dataclass(frozen=True)
class Likeness:
    """How two sounds fit when one is laid ``lag`` frames later: correlation, and shared frames.

    A browser on a busy machine now and then drops or repeats a buffer of 10 ms of its microphone.
    ``shifts`` are the lags of windows of a second beyond the common one. ``correlation`` is that of
    the windows with no such seam in or beside them, which are ``whole`` of all.
    """

    correlation: float
    lag: int
    frames: int
    shifts: tuple[int, ...]
    whole: float


def likeness(source: np.ndarray, stored: np.ndarray) -> Likeness:
    """Lay what was stored over what was spoken where they fit best, to a fraction of a frame."""
    lag = _best_lag(source, stored)
    first, last = max(0, lag), min(len(source) + lag, len(stored))
    ours, theirs = stored[first:last], source[first - lag : last - lag]
    theirs = _delayed(theirs, _fraction(ours, theirs))
    windows = [
        slice(at, at + WINDOW)
        for at in range(WINDOW, len(ours) - 2 * WINDOW, WINDOW)
        if np.sqrt(np.mean(theirs[at : at + WINDOW] ** 2)) > QUIET
    ]
    shifts = [_best_lag(theirs[one], ours[one]) for one in windows]
    around = [shifts[:1] + shifts, shifts, shifts[1:] + shifts[-1:]]
    whole = [
        (one, shift)
        for one, before, shift, after in zip(windows, *around, strict=False)
        if before == shift == after
    ]
    return Likeness(
        correlation=_correlation(ours, theirs, whole),
        lag=lag,
        frames=last - first,
        shifts=tuple(shifts),
        whole=len(whole) / max(1, len(windows)),
    )


def is_same(found: Likeness) -> bool:
    """Say whether a sound is another one but for seams of the browser's."""
    return (
        found.correlation >= SAME
        and found.whole >= MOST_WHOLE
        and all(abs(shift) < MOST_SHIFT for shift in found.shifts)
    )


def _correlation(ours: np.ndarray, theirs: np.ndarray, whole: list[tuple[slice, int]]) -> float:
    if not whole:
        return 0.0
    fitting = np.concatenate([ours[one.start + shift : one.stop + shift] for one, shift in whole])
    spoken = np.concatenate([theirs[one] for one, _ in whole])
    return float(np.corrcoef(fitting, spoken)[0, 1])


def _best_lag(source: np.ndarray, stored: np.ndarray) -> int:
    """Return how many frames later the source begins in what was stored."""
    size = 1 << (len(source) + len(stored)).bit_length()
    product = np.fft.rfft(stored, size) * np.conj(np.fft.rfft(source, size))
    at = int(np.argmax(np.fft.irfft(product, size)))
    return at if at < size // 2 else at - size


def _fraction(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Return the rest of the lag, within a frame, from the slope of the phases."""
    tries = np.linspace(-1, 1, 41)
    part = slice(0, min(len(ours), 20 * SAMPLE_RATE))
    fits = [float(ours[part] @ _delayed(theirs[part], one)) for one in tries]
    return float(tries[int(np.argmax(fits))])


def _delayed(samples: np.ndarray, frames: float) -> np.ndarray:
    turn = np.exp(-2j * np.pi * np.fft.rfftfreq(len(samples)) * frames)
    return np.fft.irfft(np.fft.rfft(samples) * turn, len(samples))
