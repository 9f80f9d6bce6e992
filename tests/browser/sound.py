"""What is spoken into Chromium's fake microphone, and whether it is what was stored."""

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soxr
from scipy.signal import correlate

from services.audio.recording import SAMPLE_RATE
from tests.recordings import save_channel

# What a fake microphone is given; at another rate Chromium would resample it once more.
MICROPHONE_RATE = 48_000
WINDOW = SAMPLE_RATE
QUIET = 0.003
SAME, MOST_WHOLE = 0.99, 0.5
SURELY = 0.6
# The first seconds say where the recording begins; from one to the next it slips so far at most.
FIRST = 10
FARTHEST = 3 * SAMPLE_RATE


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
    write(folder / "talk.wav", spoken, MICROPHONE_RATE)
    return samples


def write(file: Path, samples: np.ndarray, rate: int = SAMPLE_RATE) -> None:
    """Write samples of one channel as a WAV file."""
    pcm = np.clip(np.round(samples * 32768), -32768, 32767).astype("<i2")
    with wave.open(str(file), "wb") as opened:
        opened.setparams((1, 2, rate, 0, "NONE", "none"))
        opened.writeframes(pcm.tobytes())


@dataclass(frozen=True)
class Likeness:
    """How a recording fits what was spoken: correlation, and in how many windows it holds.

    A browser on a busy machine drops or repeats buffers of its microphone, by 10 ms or far more.
    ``slips`` is how far each window of a second lies from where the first one would have it.
    ``correlation`` is that of the windows with no such seam in or beside them, which are ``whole``
    of all. Whether the recorder itself loses anything is not seen here but in ``heard_by``.
    """

    correlation: float
    slips: tuple[int, ...]
    whole: float


def likeness(source: np.ndarray, stored: np.ndarray) -> Likeness:
    """Lay each second that was stored over what was spoken where it fits best."""
    lag = _best_lag(source, stored[: FIRST * WINDOW])
    first = slice(max(0, lag), min(len(source) + lag, len(stored), FIRST * WINDOW))
    spoken = source[first.start - lag : first.stop - lag]
    source = _delayed(source, _fraction(stored[first], spoken))
    places, windows, fits = [], [], []
    slip = 0
    for at in range(first.start, len(stored) - WINDOW, WINDOW):
        window = stored[at : at + WINDOW]
        if np.sqrt(np.mean(window**2)) <= QUIET:
            continue
        slipped = _slipped(source, window, at - lag + slip)
        slip += slipped or 0
        place = at - lag + slip
        if 0 <= place <= len(source) - WINDOW:
            places.append(place)
            windows.append(window)
            fits.append(slipped is not None)
    slips = [place - round(place / WINDOW) * WINDOW for place in places]
    around = zip([*slips[:1], *slips], slips, [*slips[1:], *slips[-1:]], strict=False)
    whole = [n for n, (a, own, b) in enumerate(around) if a == own == b and fits[n]]
    return Likeness(
        correlation=_correlation(
            [windows[n] for n in whole],
            [source[places[n] : places[n] + WINDOW] for n in whole],
        ),
        slips=tuple(slips),
        whole=len(whole) / max(1, len(places)),
    )


class NotAlike(AssertionError):
    """What arrived isn't what was spoken.

    Not always the product's doing: on a busy machine Chromium's fake microphone repeats and drops
    buffers before anybody hears them. So such a test, and for no other reason, is tried again.
    """


TRIED_AGAIN = pytest.mark.flaky(reruns=2, only_rerun="NotAlike")


def assert_same(source: np.ndarray, stored: np.ndarray, whole: float = MOST_WHOLE) -> None:
    """Assert that a recording is what was spoken but for seams of the browser's.

    ``whole`` is the share of the seconds that have none.
    """
    found = likeness(source, stored)
    if found.correlation < SAME or found.whole < whole:
        raise NotAlike(found)


def _correlation(ours: list[np.ndarray], theirs: list[np.ndarray]) -> float:
    if not ours:
        return 0.0
    return float(np.corrcoef(np.concatenate(ours), np.concatenate(theirs))[0, 1])


def _slipped(source: np.ndarray, window: np.ndarray, place: int) -> int | None:
    """Return how far from its place a window fits best, None where it fits nowhere near."""
    start = max(0, place - FARTHEST)
    near = source[start : place + WINDOW + FARTHEST]
    if len(near) < WINDOW:
        return None
    products = correlate(near, window, mode="valid", method="fft")
    fits = products / np.sqrt(_energies(near) * (window @ window) + 1e-9)
    at = int(np.argmax(fits))
    return start + at - place if fits[at] > SURELY else None


def _energies(samples: np.ndarray) -> np.ndarray:
    """Return the energy of every window of a second."""
    summed = np.concatenate([[0.0], np.cumsum(samples**2)])
    return np.maximum(summed[WINDOW:] - summed[:-WINDOW], 0.0)


def _best_lag(source: np.ndarray, stored: np.ndarray) -> int:
    """Return how many frames later the source begins in what was stored."""
    products = correlate(stored, source, mode="full", method="fft")
    return int(np.argmax(products)) - (len(source) - 1)


def _fraction(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Return the rest of the lag, within a frame, from the slope of the phases."""
    tries = np.linspace(-1, 1, 41)
    part = slice(0, min(len(ours), 20 * SAMPLE_RATE))
    fits = [float(ours[part] @ _delayed(theirs[part], one)) for one in tries]
    return float(tries[int(np.argmax(fits))])


def _delayed(samples: np.ndarray, frames: float) -> np.ndarray:
    turn = np.exp(-2j * np.pi * np.fft.rfftfreq(len(samples)) * frames)
    return np.fft.irfft(np.fft.rfft(samples) * turn, len(samples))
