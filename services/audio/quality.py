"""Findings about the quality of a recording: overdriven, too quiet, telephone bandwidth."""

from collections.abc import Sequence

import numpy as np

from services.audio.levels import Levels
from services.audio.recording import FRAMES_PER_MS, SAMPLE_RATE, PcmReader, Samples
from services.domain.findings import Finding, FindingKind

BLOCK_MS = 10_000
MOST_BLOCKS = 60
# Overdriven sound sticks to the largest values for several samples in a row.
FULL_SCALE = 0.995
STUCK_SAMPLES = 4
CLIPPED_SHARE = 0.0005
LOW_DBFS = -45.0
SILENT_DBFS = -75.0
LOUD_PERCENTILE = 95.0
# Telephone sound ends at 4 kHz; a wider recording of speech has this much above it at least.
PHONE_RATE_HZ = 8_000
PHONE_EDGE_HZ = 4_200
SPEECH_FLOOR_HZ = 300
ABOVE_EDGE_DB = -42.0
SPECTRUM_FRAMES = 512


def quality_findings(
    pcm: PcmReader, levels: Sequence[Levels], *, source_rate: int
) -> tuple[Finding, ...]:
    """Return what is noticeable about clipping, level and bandwidth.

    ``levels`` holds each channel's 10 ms levels. At most 60 stretches of 10 s, spread evenly, are
    looked at.
    """
    clipped: list[float] = []
    spectrum = np.zeros(SPECTRUM_FRAMES // 2 + 1)
    for start in _starts(pcm.frames):
        for channel in range(pcm.channels):
            samples = pcm.read(start, start + BLOCK_MS * FRAMES_PER_MS, channel)
            clipped.append(_clipped_share(samples))
            spectrum += _power_spectrum(samples)
    found = (
        _clipping(max(clipped, default=0.0)),
        _low_level(levels),
        _narrowband(spectrum) if source_rate > PHONE_RATE_HZ else None,
    )
    return tuple(finding for finding in found if finding is not None)


def _starts(frames: int) -> range:
    block = BLOCK_MS * FRAMES_PER_MS
    step = block * max(1, -(-frames // (block * MOST_BLOCKS)))
    return range(0, frames, step)


def _clipped_share(samples: Samples) -> float:
    if len(samples) < STUCK_SAMPLES:
        return 0.0
    full = np.abs(samples) >= max(FULL_SCALE * float(np.abs(samples).max()), 0.5)
    stuck = np.convolve(full, np.ones(STUCK_SAMPLES, np.int64), mode="valid") == STUCK_SAMPLES
    return float(stuck.mean())


def _clipping(share: float) -> Finding | None:
    if share < CLIPPED_SHARE:
        return None
    return Finding(kind=FindingKind.CLIPPING, measured={"clipped_share": round(share, 5)})


def _low_level(levels: Sequence[Levels]) -> Finding | None:
    loud = max(
        (float(np.percentile(row, LOUD_PERCENTILE)) for row in levels if len(row)), default=0.0
    )
    if not SILENT_DBFS < loud < LOW_DBFS:
        return None
    return Finding(kind=FindingKind.LOW_LEVEL, measured={"level_dbfs": round(loud, 1)})


def _power_spectrum(samples: Samples) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    whole = samples[: len(samples) - len(samples) % SPECTRUM_FRAMES]
    frames = whole.reshape(-1, SPECTRUM_FRAMES) * np.hanning(SPECTRUM_FRAMES)
    return np.asarray((np.abs(np.fft.rfft(frames, axis=1)) ** 2).sum(axis=0), dtype=np.float64)


def _narrowband(spectrum: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Finding | None:
    edge = PHONE_EDGE_HZ * SPECTRUM_FRAMES // SAMPLE_RATE
    floor = SPEECH_FLOOR_HZ * SPECTRUM_FRAMES // SAMPLE_RATE
    below, above = float(spectrum[floor:edge].sum()), float(spectrum[edge:].sum())
    if below <= 0.0:
        return None
    ratio_db = 10.0 * float(np.log10(max(above, 1e-12) / below))
    if ratio_db > ABOVE_EDGE_DB:
        return None
    return Finding(kind=FindingKind.NARROWBAND, measured={"above_4khz_db": round(ratio_db, 1)})
