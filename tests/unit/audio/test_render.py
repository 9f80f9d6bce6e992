"""The playback rendition: small, seekable, and in time with the decoded sound."""

import io

import numpy as np
import pytest

from services.audio.decode import decode
from services.audio.pcm import ArrayPcm, FilePcm
from services.audio.render import BIT_RATES, PLAYBACK_MEDIA_TYPE, render_playback
from services.domain.running import RunContext
from tests.unit.audio.sounds import RATE

CLICKS_S = (0.5, 7.25, 25.0)


class AppendOnly(io.RawIOBase):
    """A sink such as encrypted storage gives: it can't go back."""

    def __init__(self) -> None:
        super().__init__()
        self.content = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, content) -> int:
        self.content += content
        return len(content)


def clicks(channels: int) -> np.ndarray:
    samples = np.zeros((26 * RATE, channels), np.float32)
    burst = 0.8 * np.sin(np.arange(160) * 2 * np.pi * 1000 / RATE)
    for at in CLICKS_S:
        samples[int(at * RATE) : int(at * RATE) + 160, 0] = burst
    return samples


@pytest.mark.parametrize("channels", [1, 2])
def test_times_in_the_rendition_agree_with_the_sound(channels):
    sink = AppendOnly()
    render_playback(ArrayPcm(clicks(channels)), sink)
    back = io.BytesIO()
    found = decode(io.BytesIO(bytes(sink.content)), back, RunContext(), max_duration_ms=60_000)
    assert (found.channels, found.facts.codec) == (channels, "mp3float")
    pcm = FilePcm(back, channels=channels, frames=found.frames)
    for at in CLICKS_S:
        around = np.abs(pcm.read(int((at - 0.2) * RATE), int((at + 0.2) * RATE), 0))
        first = int(np.flatnonzero(around > 0.2)[0]) / RATE - 0.2
        assert abs(first) < 0.010
    if channels == 2:
        assert np.abs(pcm.read(0, found.frames, 1)).max() < 0.02


def test_the_bit_rate_is_constant_so_that_seeking_is_exact():
    sink = AppendOnly()
    render_playback(ArrayPcm(clicks(1)), sink)
    assert len(sink.content) * 8 / 26 == pytest.approx(BIT_RATES[1], rel=0.02)
    assert sink.content[:2] in (b"\xff\xf3", b"\xff\xf2")
    assert PLAYBACK_MEDIA_TYPE == "audio/mpeg"
