"""Sound written to be sent: nothing lost, nothing moved."""

import io

import numpy as np
import pytest

from services.audio.decode import decode
from services.audio.encoded import Coding, encode
from services.audio.pcm import ArrayPcm, ChannelPcm
from services.domain.errors import Cancelled
from services.domain.running import RunContext

SECONDS = 65  # more than two blocks
CLICK_MS = 10


def clicks(channels: int = 1) -> np.ndarray:
    """Return a short burst a second, in the second channel half a second later."""
    sound = np.zeros((SECONDS * 16_000, channels), np.float32)
    burst = 0.5 * np.sin(2 * np.pi * 1_000 * np.arange(800) / 16_000)
    for channel in range(channels):
        for second in range(SECONDS):
            start = second * 16_000 + 2_000 + channel * 8_000
            sound[start : start + len(burst), channel] = burst
    return sound


def written(sound: np.ndarray, coding: Coding) -> tuple[bytes, np.ndarray]:
    """Return the file, and its samples as they are decoded again."""
    sink, pcm = io.BytesIO(), io.BytesIO()
    encode(ArrayPcm(sound), sink, coding, between=lambda: None)
    found = decode(io.BytesIO(sink.getvalue()), pcm, RunContext(), max_duration_ms=100_000)
    samples = np.frombuffer(pcm.getvalue(), "<i2").reshape(-1, found.channels)
    return sink.getvalue(), samples / 32_768


@pytest.mark.parametrize("channels", [1, 2])
def test_flac_loses_nothing(channels):
    sound = clicks(channels)
    _, back = written(sound, Coding.FLAC)
    assert back.shape == sound.shape
    assert np.abs(back - sound).max() < 2 / 32_768


@pytest.mark.parametrize("channels", [1, 2])
def test_opus_is_small_and_moves_nothing(channels):
    sound = clicks(channels)
    content, back = written(sound, Coding.OPUS)
    assert len(content) < SECONDS * channels * 6_000
    assert abs(len(back) - len(sound)) < 320
    for channel in range(channels):
        length = min(len(back), len(sound))
        heard, meant = (np.abs(s[:length, channel]) > 0.2 for s in (back, sound))
        rises = [np.flatnonzero(np.diff(_smooth(x).astype(int)) > 0) for x in (heard, meant)]
        assert len(rises[0]) == len(rises[1])
        assert np.abs(rises[0] - rises[1]).max() < CLICK_MS * 16


def _smooth(loud: np.ndarray) -> np.ndarray:
    return np.convolve(loud, np.ones(160), mode="same") > 0


@pytest.mark.parametrize("coding", list(Coding))
def test_what_is_called_between_can_end_it(coding):
    calls = []

    def between() -> None:
        calls.append(1)
        if len(calls) == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        encode(ArrayPcm(clicks()), io.BytesIO(), coding, between=between)
    assert len(calls) == 2


def test_the_mean_of_both_channels_is_a_mono_recording():
    mixed = ChannelPcm(ArrayPcm(clicks(2)))
    assert (mixed.channels, mixed.frames) == (1, SECONDS * 16_000)
    assert np.allclose(mixed.read(0, 16_000, 0), clicks(2)[:16_000].mean(axis=1))
