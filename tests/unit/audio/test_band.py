"""Cutting sound down to a band of frequencies."""

import numpy as np
import pytest

from services.audio.band import within_band
from tests.unit.audio.sounds import RATE


def tone(hertz: int, seconds: float = 1.0):
    return np.sin(2 * np.pi * hertz * np.arange(int(seconds * RATE)) / RATE).astype(np.float32)


def test_what_lies_in_the_band_stays_and_the_rest_goes():
    heard = within_band(tone(100) + tone(1_000) + tone(5_000), low_hz=250, high_hz=3_400)
    assert heard.dtype == np.float32
    assert heard == pytest.approx(tone(1_000), abs=1e-4)


def test_without_a_lower_edge_everything_below_stays():
    below = tone(100) + 0.1
    assert within_band(below + tone(5_000), high_hz=3_400) == pytest.approx(below, abs=1e-4)


@pytest.mark.parametrize("frames", [0, 1, 2, 15_999])
def test_the_length_stays(frames):
    assert len(within_band(np.ones(frames, np.float32), high_hz=3_400)) == frames
