"""Whether two channels carry the same sound: correlation over delays, block by block."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.audio.band import within_band
from services.audio.levels import SILENCE_DBFS, rms_dbfs
from services.audio.recording import FRAMES_PER_MS, PcmReader, Samples

BLOCK_MS = 1_000
MOST_BLOCKS = 400
LONGEST_DELAY_MS = 60
AUDIBLE_DBFS = -60.0
# Hum lies below this band, most of the hiss and all that codecs invent above it.
BAND_HZ = (250, 3_400)


@dataclass(frozen=True, kw_only=True)
class BlockLikeness:
    """Two channels over one second: their levels, and how well one is the other, moved.

    All in the band of the voice, in which codecs keep a waveform and noise disturbs least.
    ``correlation`` in 0..1 is the largest absolute one over delays up to 60 ms, ``delay_ms`` how
    much later the second channel has it.
    """

    first_dbfs: float
    second_dbfs: float
    correlation: float
    delay_ms: float

    @property
    def difference_db(self) -> float:
        """Level of the second channel against the first."""
        return self.second_dbfs - self.first_dbfs


def compare_channels(pcm: PcmReader) -> list[BlockLikeness]:
    """Compare both channels over at most 400 seconds spread evenly over the recording.

    Seconds in which neither channel is audible are left out.
    """
    block = BLOCK_MS * FRAMES_PER_MS
    count = max(1, pcm.frames // block)
    step = -(-count // MOST_BLOCKS)
    found = (_compare(pcm, number * block, block) for number in range(0, count, step))
    return [likeness for likeness in found if likeness is not None]


def _compare(pcm: PcmReader, start: int, length: int) -> BlockLikeness | None:
    low_hz, high_hz = BAND_HZ
    first, second = (
        within_band(pcm.read(start, start + length, channel), low_hz=low_hz, high_hz=high_hz)
        for channel in (0, 1)
    )
    levels = rms_dbfs(first), rms_dbfs(second)
    if max(levels) < AUDIBLE_DBFS or len(first) < length // 2:
        return None
    if min(levels) <= SILENCE_DBFS:
        return BlockLikeness(
            first_dbfs=levels[0], second_dbfs=levels[1], correlation=0.0, delay_ms=0.0
        )
    delay, correlation = _best_delay(first, second)
    return BlockLikeness(
        first_dbfs=levels[0],
        second_dbfs=levels[1],
        correlation=correlation,
        delay_ms=delay / FRAMES_PER_MS,
    )


def _best_delay(first: Samples, second: Samples) -> tuple[int, float]:
    """Return the delay of the second channel in samples, and the correlation there.

    The correlation is set against the energy of the parts that overlap at that delay.
    """
    reach = LONGEST_DELAY_MS * FRAMES_PER_MS
    size = 1 << (len(first) + len(second) - 1).bit_length()
    spectrum = np.conj(np.fft.rfft(first, size)) * np.fft.rfft(second, size)
    around = np.fft.irfft(spectrum, size)
    products = np.concatenate((around[-reach:], around[: reach + 1]))
    best = int(np.abs(products).argmax())
    delay = best - reach
    energy = _overlapping_energy(first, second, delay)
    return delay, float(min(1.0, abs(products[best]) / energy)) if energy > 0 else 0.0


def _overlapping_energy(first: Samples, second: Samples, delay: int) -> float:
    length = len(first) - abs(delay)
    a: NDArray[np.float32] = first[:length] if delay >= 0 else first[-length:]
    b: NDArray[np.float32] = second[-length:] if delay >= 0 else second[:length]
    return float(np.sqrt(np.dot(a, a).astype(np.float64) * np.dot(b, b).astype(np.float64)))
