"""Reading decoded sound by range, levels and loudness."""

import io

import numpy as np
import pytest

from services.audio.levels import SILENCE_DBFS, frame_levels, rms_dbfs
from services.audio.loudness import loudness_by_speaker
from services.audio.pcm import ArrayPcm, ChannelPcm, FilePcm
from services.audio.samples import ToSixteenKilohertz, to_int16
from services.domain.speech import Span
from tests.unit.audio.sounds import RATE, tone


def stereo() -> np.ndarray:
    return np.stack([tone(3.0, level=0.5), tone(3.0, level=0.1, hz=700)], axis=1)


def file_pcm() -> FilePcm:
    samples = stereo()
    return FilePcm(io.BytesIO(to_int16(samples).tobytes()), channels=2, frames=len(samples))


@pytest.mark.parametrize("pcm", [file_pcm(), ArrayPcm(stereo())], ids=["file", "array"])
def test_ranges_and_channels(pcm):
    samples = stereo()
    assert (pcm.frames, pcm.channels) == (3 * RATE, 2)
    for channel in (0, 1):
        assert np.allclose(pcm.read(100, 200, channel), samples[100:200, channel], atol=1e-4)
    assert np.allclose(pcm.read(100, 200), samples[100:200].mean(axis=1), atol=1e-4)
    assert len(pcm.read(3 * RATE - 10, 3 * RATE + 10)) == 10
    assert len(pcm.read(-5, 5)) == 5
    assert len(pcm.read(4 * RATE, 5 * RATE)) == 0


def test_one_channel_alone():
    alone = ChannelPcm(ArrayPcm(stereo()), 1)
    assert (alone.frames, alone.channels) == (3 * RATE, 1)
    assert np.allclose(alone.read(0, 50), stereo()[:50, 1])


def test_levels_are_dbfs_and_silence_has_a_floor():
    assert rms_dbfs(tone(1.0, level=1.0)) == pytest.approx(-3.01, abs=0.05)
    assert rms_dbfs(np.zeros(10, np.float32)) == SILENCE_DBFS
    levels = frame_levels(ArrayPcm(np.concatenate([tone(1.0, level=1.0), np.zeros(RATE, "f")])))
    assert len(levels) == 200
    assert levels[50] == pytest.approx(-3, abs=0.3)
    assert levels[150] <= -60


@pytest.mark.parametrize("rate", [8_000, 11_025, 44_100, 96_000])
def test_resampling_keeps_length_and_pitch(rate):
    resampler = ToSixteenKilohertz(1)
    samples = tone(2.0, hz=1_000, rate=rate)[:, None]
    parts = [resampler.feed(samples[i : i + 1000], rate) for i in range(0, len(samples), 1000)]
    whole = np.concatenate([*parts, resampler.flush()])
    assert len(whole) == pytest.approx(2 * RATE, abs=2)
    assert np.allclose(whole[RATE : RATE + 500, 0], tone(2.0, hz=1_000)[RATE:][:500], atol=0.01)


def test_a_change_of_rate_midway_is_taken():
    resampler = ToSixteenKilohertz(1)
    parts = [
        resampler.feed(tone(1.0, rate=8_000)[:, None], 8_000),
        resampler.feed(tone(1.0, rate=48_000)[:, None], 48_000),
        resampler.flush(),
    ]
    assert sum(map(len, parts)) == pytest.approx(2 * RATE, abs=4)


def test_loudness_counts_voiced_parts_by_second():
    #  seconds   0    1    2
    #  s1       ###  #-----------   channel 0
    #  s2       ---  ---  ###       channel 1
    spans = [
        Span(speaker="s1", start_ms=0, end_ms=1_250),
        Span(speaker="s2", start_ms=2_000, end_ms=3_000),
    ]
    courses = loudness_by_speaker(ArrayPcm(stereo()), spans, {"s1": 0, "s2": 1})
    assert courses["s1"] == (pytest.approx(-9.0, abs=0.1), pytest.approx(-9.0, abs=0.1), None)
    assert courses["s2"] == (None, None, pytest.approx(-23.0, abs=0.1))


def test_loudness_of_a_short_last_second_and_of_a_breath():
    spans = [Span(speaker="s1", start_ms=2_950, end_ms=3_000)]
    courses = loudness_by_speaker(ArrayPcm(stereo()), spans, {"s1": None})
    assert courses == {"s1": (None, None, None)}
