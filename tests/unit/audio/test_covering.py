"""Stretches of sound covered by a tone or by silence."""

import io

import numpy as np
import pytest

from services.audio.covering import PITCH_HZ, Cover, CoveredPcm
from services.audio.pcm import ArrayPcm
from services.audio.recording import FRAMES_PER_MS, SAMPLE_RATE
from services.audio.render import render_playback

SECONDS = 4
COVERED = [(1000, 1500), (2500, 3000)]


def noise(level: float = 0.1, channels: int = 2) -> np.ndarray:
    dice = np.random.default_rng(5)
    return dice.normal(0, level, (SECONDS * SAMPLE_RATE, channels)).astype(np.float32)


def whole(pcm: CoveredPcm, channel: int | None) -> np.ndarray:
    return pcm.read(0, pcm.frames, channel)


def part(samples: np.ndarray, start_ms: int, end_ms: int) -> np.ndarray:
    return samples[start_ms * FRAMES_PER_MS : end_ms * FRAMES_PER_MS]


@pytest.mark.parametrize("cover", list(Cover))
@pytest.mark.parametrize("channel", [0, 1, None])
def test_nothing_of_the_sound_is_left_on_any_channel(cover: Cover, channel: int | None) -> None:
    one, other = (
        CoveredPcm(ArrayPcm(level * noise(1.0)), COVERED, cover) for level in (0.05, 0.0501)
    )
    for start, end in COVERED:
        heard = part(whole(one, channel), start, end)
        # What is heard doesn't depend on what was said: only the tone's level does.
        scaled = part(whole(other, channel), start, end)
        assert np.allclose(heard * 1.002, scaled, atol=1e-5)
        spectrum = np.abs(np.fft.rfft(heard)) ** 2
        pitch = round(PITCH_HZ * len(heard) / SAMPLE_RATE)
        near = spectrum[pitch - 5 : pitch + 6].sum()
        assert spectrum.sum() == 0 if cover is Cover.SILENCE else near > 0.99 * spectrum.sum()


def test_everything_else_is_as_it_was() -> None:
    samples = noise()
    covered = CoveredPcm(ArrayPcm(samples), COVERED)
    for channel in (0, 1):
        heard = whole(covered, channel)
        for start, end in ((0, 1000), (1500, 2500), (3000, 4000)):
            assert np.array_equal(part(heard, start, end), part(samples[:, channel], start, end))


def test_blocks_of_any_size_fit_together() -> None:
    covered = CoveredPcm(ArrayPcm(noise()), COVERED)
    at_once = whole(covered, 0)
    pieces = [covered.read(s, s + 1_237, 0) for s in range(0, covered.frames, 1_237)]
    assert np.array_equal(np.concatenate(pieces), at_once)
    assert len(covered.read(covered.frames - 10, covered.frames + 10, 0)) == 10
    assert len(covered.read(covered.frames + 5, covered.frames + 10, 0)) == 0


@pytest.mark.parametrize(("level", "rms"), [(0.0, 0.02), (0.05, 0.05), (0.9, 0.08)])
def test_the_tone_is_about_as_loud_as_the_speech(level: float, rms: float) -> None:
    heard = part(whole(CoveredPcm(ArrayPcm(noise(level)), COVERED), 0), 1100, 1400)
    assert float(np.sqrt(np.mean(heard**2))) == pytest.approx(rms, rel=0.03)


def test_it_begins_and_ends_softly() -> None:
    heard = part(whole(CoveredPcm(ArrayPcm(noise()), COVERED), 0), 1000, 1500)
    assert abs(heard[0]) < 0.001
    assert abs(heard[-1]) < 0.001
    assert np.abs(heard[:16]).max() < 0.2 * np.abs(heard).max()


def test_what_was_never_transcribed_is_silent_not_minutes_of_tone() -> None:
    pcm = ArrayPcm(np.full((70 * SAMPLE_RATE, 1), 0.1, np.float32))
    assert not whole(CoveredPcm(pcm, [(0, 65_000)]), 0)[: 65 * SAMPLE_RATE].any()


def test_stretches_may_overlap_and_go_beyond_the_ends() -> None:
    covered = CoveredPcm(ArrayPcm(noise()), [(3500, 9000), (-300, 200), (100, 400)], Cover.SILENCE)
    heard = whole(covered, 1)
    assert not part(heard, 0, 400).any()
    assert not part(heard, 3500, 4000).any()
    assert part(heard, 400, 3500).all()


def test_no_more_of_the_sound_is_held_than_is_read() -> None:
    class Endless:
        frames, channels = 10 * 3600 * SAMPLE_RATE, 2
        most = 0

        def read(self, start: int, stop: int, channel: int | None = None) -> np.ndarray:
            self.most = max(self.most, stop - start)
            return np.full(min(stop, self.frames) - start, 0.1, np.float32)

    pcm = Endless()
    covered = CoveredPcm(pcm, [(n * 7_000, n * 7_000 + 900) for n in range(5_000)])
    for start in range(0, covered.frames, 600 * SAMPLE_RATE):
        covered.read(start, start + 10 * SAMPLE_RATE, 0)
    assert pcm.most <= 10 * SAMPLE_RATE


def test_the_browsers_file_holds_the_tone_and_not_the_speech() -> None:
    import av

    samples = noise(0.2)
    sink = io.BytesIO()
    render_playback(CoveredPcm(ArrayPcm(samples), COVERED, Cover.SILENCE), sink)
    sink.seek(0)
    with av.open(sink) as container:
        decoded = np.concatenate([f.to_ndarray() for f in container.decode(audio=0)], axis=1)
    for channel in range(2):
        hidden = part(decoded[channel], 1100, 1400)
        heard = part(decoded[channel], 1600, 2400)
        assert np.abs(hidden).max() < 0.02 * np.abs(heard).max()
