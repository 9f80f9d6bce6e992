"""A part of a recording as a recording, and its sound as a file."""

import io
import wave

import numpy as np
import pytest

from services.audio.part import PartPcm, recording_of
from services.audio.pcm import ArrayPcm, ChannelPcm
from services.audio.recording import ChannelLayout, Recording
from services.audio.samples import to_int16
from services.audio.wav import WavStream
from services.domain.calls import AudioFacts
from services.domain.part import Part
from tests.unit.audio.sounds import noise

PART = Part(start_ms=250, end_ms=1_250)
FIRST, FRAMES = 4_000, 16_000


@pytest.fixture(params=[1, 2])
def pcm(request):
    tracks = [noise(2.0, seed=n) for n in range(request.param)]
    return ArrayPcm(np.stack(tracks, axis=1))


def test_only_the_part_can_be_read(pcm):
    part = PartPcm(pcm, PART)
    assert (part.frames, part.channels) == (FRAMES, pcm.channels)
    for channel in (None, 0):
        whole = pcm.read(FIRST, FIRST + FRAMES, channel)
        assert np.array_equal(part.read(0, FRAMES, channel), whole)
        assert np.array_equal(part.read(-50, 10 * FRAMES, channel), whole)
        assert np.array_equal(part.read(100, 200, channel), whole[100:200])
        assert len(part.read(FRAMES, FRAMES + 10, channel)) == 0
        assert len(part.read(200, 100, channel)) == 0


def test_a_part_that_reaches_over_the_end_is_shorter(pcm):
    assert PartPcm(pcm, Part(start_ms=1_500, end_ms=9_000)).frames == 8_000
    assert PartPcm(pcm, Part(start_ms=5_000, end_ms=9_000)).frames == 0


def test_the_part_as_a_recording(pcm):
    facts = AudioFacts(
        duration_ms=2_000, channels=2, sample_rate=8_000, codec="opus", container="ogg"
    )
    whole = Recording(
        facts=facts, layout=ChannelLayout.SEPARATE, pcm=pcm, open_source=lambda: io.BytesIO(b"all")
    )
    part = recording_of(whole, PART)
    assert (part.duration_ms, part.facts.duration_ms) == (1_000, 1_000)
    assert part.layout is ChannelLayout.SEPARATE
    with part.open_source() as source, wave.open(source) as file:
        assert (file.getnchannels(), file.getframerate()) == (pcm.channels, 16_000)
        assert file.getnframes() == FRAMES
        sound = np.frombuffer(file.readframes(FRAMES), "<i2").reshape(-1, pcm.channels)
    for channel in range(pcm.channels):
        assert np.array_equal(sound[:, channel], to_int16(part.pcm.read(0, FRAMES, channel)))


def test_a_file_made_while_it_is_read_is_the_same_however_it_is_read(pcm):
    def opened() -> WavStream:
        return WavStream(ChannelPcm(pcm, 0))

    whole = opened().readall()
    assert whole[:4] == b"RIFF"
    assert len(whole) == 44 + 2 * 32_000
    pieces = opened()
    assert b"".join(iter(lambda: pieces.read(777), b"")) == whole
    jumping = opened()
    for at in (0, 3, 43, 44, 45, 1_001, len(whole) - 1, len(whole), len(whole) + 9):
        assert jumping.seek(at) == at == jumping.tell()
        assert jumping.read(5) == whole[at : at + 5]
    assert jumping.seek(-4, io.SEEK_END) == len(whole) - 4
    assert jumping.seek(2, io.SEEK_CUR) == len(whole) - 2
    assert jumping.readable()
    assert jumping.seekable()
