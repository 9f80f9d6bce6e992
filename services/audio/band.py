"""Cutting sound down to a band of frequencies."""

import numpy as np

from services.audio.recording import SAMPLE_RATE, Samples


def within_band(samples: Samples, *, low_hz: float = 0.0, high_hz: float) -> Samples:
    """Return samples [t] at 16 kHz with all that lies outside of the band taken out."""
    if not len(samples):
        return samples
    spectrum = np.fft.rfft(samples)
    hertz = np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE)
    spectrum[(hertz < low_hz) | (hertz > high_hz)] = 0.0
    return np.fft.irfft(spectrum, len(samples)).astype(np.float32)
