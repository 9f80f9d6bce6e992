"""Decoding: every container and codec, and every file that is no recording."""

import io
import tracemalloc
import wave

import numpy as np
import pytest

from services.audio.decode import DecodedAudio, decode
from services.audio.pcm import FilePcm
from services.audio.probe import probe
from services.domain.calls import Stage
from services.domain.errors import (
    BadAudio,
    Cancelled,
    DamagedAudio,
    EmptyFile,
    NoSound,
    NotAudio,
    TooLong,
    TooShort,
)
from services.domain.findings import FindingKind
from services.domain.running import RunContext
from tests.unit.audio.sounds import RATE, encoded, noise, tone, video

HOUR_MS = 3_600_000


def decoded(
    content: bytes, *, max_duration_ms: int = HOUR_MS, suffix: str | None = None
) -> tuple[DecodedAudio, FilePcm]:
    sink = io.BytesIO()
    found = decode(
        io.BytesIO(content), sink, RunContext(), max_duration_ms=max_duration_ms, suffix=suffix
    )
    assert len(sink.getvalue()) == found.frames * found.channels * 2
    return found, FilePcm(sink, channels=found.channels, frames=found.frames)


def kinds(found: DecodedAudio) -> set[FindingKind]:
    return {finding.kind for finding in found.facts.findings}


FORMATS = [
    ("wav", "pcm_s16le", 16_000, None),
    ("wav", "pcm_s16le", 8_000, None),
    ("wav", "pcm_mulaw", 8_000, None),
    ("wav", "pcm_alaw", 8_000, None),
    ("wav", "pcm_u8", 11_025, None),
    ("wav", "pcm_s24le", 96_000, None),
    ("wav", "pcm_f32le", 44_100, None),
    ("wav", "adpcm_ima_wav", 22_050, None),
    ("wav", "g722", 16_000, None),
    ("mp3", "libmp3lame", 44_100, 64_000),
    ("ipod", "aac", 44_100, 64_000),
    ("ogg", "libopus", 48_000, 24_000),
    ("flac", "flac", 48_000, None),
    ("webm", "libopus", 48_000, 24_000),
    ("matroska", "flac", 48_000, None),
    ("amr", "libopencore_amrnb", 8_000, 12_200),
    ("3gp", "libopencore_amrnb", 8_000, 12_200),
    ("aiff", "pcm_s16be", 22_050, None),
    ("au", "pcm_mulaw", 8_000, None),
    ("caf", "pcm_s16le", 16_000, None),
    ("asf", "wmav2", 44_100, 64_000),
]


@pytest.mark.parametrize(("container", "codec", "rate", "bit_rate"), FORMATS)
def test_every_container_and_codec_becomes_the_same_sound(container, codec, rate, bit_rate):
    content = encoded(tone(2.0, hz=500, rate=rate), container, codec, rate=rate, bit_rate=bit_rate)
    found, pcm = decoded(content)
    assert (found.channels, found.facts.sample_rate) == (1, rate)
    assert found.facts.duration_ms == pytest.approx(2000, abs=120)
    assert FindingKind.TRUNCATED not in kinds(found)
    middle = pcm.read(RATE // 2, RATE // 2 + RATE)
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    assert abs(int(spectrum.argmax()) - 500) <= 2
    assert float(np.sqrt(np.mean(middle**2))) == pytest.approx(0.3 / np.sqrt(2), rel=0.25)


def test_stereo_keeps_its_channels_apart():
    both = np.stack([tone(1.0, hz=300), np.zeros(RATE, np.float32)], axis=1)
    found, pcm = decoded(encoded(both, "flac", "flac"))
    assert found.channels == 2
    assert np.abs(pcm.read(0, RATE, 0)).max() > 0.25
    assert np.abs(pcm.read(0, RATE, 1)).max() < 0.001
    assert np.abs(pcm.read(0, RATE)).max() == pytest.approx(0.15, abs=0.01)


def test_six_channels_are_mixed_into_one_and_said_so():
    found, pcm = decoded(encoded(np.stack([tone(1.0)] * 6, axis=1), "wav", "pcm_s16le"))
    assert found.channels == 1
    assert found.facts.channels == 6
    assert kinds(found) == {FindingKind.MANY_CHANNELS}
    assert np.abs(pcm.read(0, RATE)).max() == pytest.approx(0.3, abs=0.01)


def test_video_with_sound_gives_its_sound():
    found, _ = decoded(video(sound=tone(1.0)))
    assert found.facts.codec == "aac"
    assert found.facts.duration_ms == pytest.approx(1000, abs=150)


def test_the_name_does_not_matter_when_the_content_tells():
    found, _ = decoded(
        encoded(tone(1.0, rate=48_000), "ogg", "libopus", rate=48_000), suffix=".wav"
    )
    assert found.facts.codec == "opus"


def test_raw_formats_are_told_by_the_ending_only():
    raw = encoded(tone(1.0), "g722", "g722")
    assert decoded(raw, suffix=".g722")[0].facts.duration_ms == pytest.approx(1000, abs=50)
    with pytest.raises(NotAudio):
        decoded(b"hello there, this is plain text\n" * 500, suffix=".g722")


def test_pure_silence_is_no_error():
    found, pcm = decoded(encoded(np.zeros(RATE, np.float32), "wav", "pcm_s16le"))
    assert found.facts.duration_ms == 1000
    assert not pcm.read(0, RATE).any()


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", EmptyFile),
        (b"Dear all, please find attached the minutes of our meeting.\n" * 40, NotAudio),
        (b"#EXTM3U\n#EXTINF:9,\nhttp://127.0.0.1/a.ts\n", NotAudio),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", NotAudio),
        (b"%PDF-1.7 nothing to hear here" * 30, NotAudio),
        (bytes(range(256)) * 40, NotAudio),
        (b"RIFF\x24\x00\x00\x00WAVE", DamagedAudio),
        (b"OggS" + b"\0" * 2000, DamagedAudio),
        (video(), NoSound),
        (encoded(tone(0.2), "wav", "pcm_s16le"), TooShort),
    ],
    ids=[
        "empty",
        "text",
        "playlist",
        "concat script",
        "pdf",
        "bytes",
        "only a header",
        "damaged ogg",
        "video without sound",
        "a fifth of a second",
    ],
)
def test_what_is_no_recording_is_refused_in_one_sentence(content, error):
    with pytest.raises(error) as caught:
        decoded(content)
    assert isinstance(caught.value, BadAudio)
    assert not caught.value.retryable
    assert caught.value.user_message.endswith(".")


@pytest.mark.parametrize(
    ("container", "codec", "rate"),
    [("mp3", "libmp3lame", 16_000), ("wav", "pcm_s16le", 16_000), ("flac", "flac", 16_000)],
)
def test_a_file_that_breaks_off_is_kept_as_far_as_it_goes(container, codec, rate):
    whole = encoded(noise(6.0), container, codec, rate=rate)
    found, _ = decoded(whole[: len(whole) // 2])
    assert FindingKind.TRUNCATED in kinds(found)
    assert 2000 < found.facts.duration_ms < 4000


def test_damage_in_the_middle_is_skipped():
    content = bytearray(encoded(tone(4.0), "mp3", "libmp3lame"))
    middle = len(content) // 2
    content[middle : middle + 600] = b"\xaa" * 600
    found, _ = decoded(bytes(content))
    assert found.facts.duration_ms == pytest.approx(4000, abs=600)


def test_a_recording_beyond_the_limit_is_stopped_while_decoding():
    content = encoded(tone(3.0), "flac", "flac")
    with pytest.raises(TooLong):
        decoded(content, max_duration_ms=2_000)


@pytest.mark.parametrize("rate", [1, 400_000_000])
def test_a_header_made_to_blow_up_is_refused(rate):
    content = bytearray(encoded(tone(1.0), "wav", "pcm_s16le"))
    content[24:28] = rate.to_bytes(4, "little")
    with pytest.raises(BadAudio):
        decoded(bytes(content))


def test_memory_does_not_grow_with_the_length():
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.writeframes(bytes(2 * 8_000 * 600))

    class Nowhere(io.RawIOBase):
        def write(self, content):
            return len(content)

    tracemalloc.start()
    found = decode(content, Nowhere(), RunContext(), max_duration_ms=HOUR_MS)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.facts.duration_ms == 600_000
    assert peak < 4_000_000


def test_decoding_reports_and_stops_when_told():
    content = encoded(noise(20.0), "wav", "pcm_s16le")
    reports: list[tuple[Stage, float]] = []
    context = RunContext(on_progress=lambda stage, done: reports.append((stage, done)))
    decode(io.BytesIO(content), io.BytesIO(), context, max_duration_ms=HOUR_MS)
    assert {stage for stage, _ in reports} == {Stage.DECODE}
    assert reports[-1][1] == 1.0
    with pytest.raises(Cancelled):
        decode(
            io.BytesIO(content),
            io.BytesIO(),
            RunContext(is_cancelled=lambda: True),
            max_duration_ms=HOUR_MS,
        )


def test_probe_reads_the_headers():
    facts = probe(io.BytesIO(encoded(tone(1.5, rate=8_000), "wav", "pcm_mulaw", rate=8_000)))
    assert (facts.duration_ms, facts.channels, facts.sample_rate) == (1500, 1, 8_000)
    assert (facts.codec, facts.container) == ("pcm_mulaw", "wav")
    with pytest.raises(NoSound):
        probe(io.BytesIO(video()))
