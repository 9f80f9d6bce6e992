"""Which file is sent, and what is refused before anything is."""

import io

import numpy as np
import pytest

from services.audio.decode import decode
from services.audio.pcm import ArrayPcm
from services.audio.wav import WavStream
from services.domain.calls import Stage
from services.domain.errors import Cancelled, ProviderRejected
from services.domain.findings import Finding, FindingKind
from services.domain.running import RunContext
from services.providers.azure_speech import sending
from services.providers.azure_speech.sending import check_length, sound_to_send
from tests.unit.providers.azure_speech.sounds import demo_recording, recording_of, tones

FORM = {"container": "wav", "codec": "pcm_s16le"}


def sent(recording):
    return sound_to_send(recording, between=lambda: None)


def decoded(sound):
    """Return channels and samples of what was sent."""
    sink = io.BytesIO()
    found = decode(io.BytesIO(sound.content), sink, RunContext(), max_duration_ms=100_000)
    samples = np.frombuffer(sink.getvalue(), "<i2").reshape(-1, found.channels)
    return found.channels, samples / 32_768


@pytest.mark.parametrize(
    ("pattern", "name", "media_type"),
    [("*C-1042*.ogg", "call.ogg", "audio/ogg"), ("*C-2087*.wav", "call.wav", "audio/wav")],
)
def test_the_uploaded_file_goes_as_it_is_without_its_name(pattern, name, media_type):
    recording = demo_recording(pattern)
    sound = sent(recording)
    assert (sound.name, sound.media_type) == (name, media_type)
    with recording.open_source() as source:
        assert sound.content == source.read()


def test_what_the_service_may_not_read_is_written_anew_without_loss():
    recording = recording_of(tones(3, channels=2), separate=True)
    sound = sent(recording)
    assert (sound.name, sound.media_type) == ("call.flac", "audio/flac")
    channels, samples = decoded(sound)
    assert channels == 2
    assert np.allclose(samples, tones(3, channels=2), atol=2 / 32_768)


def test_a_long_recording_is_written_small(monkeypatch):
    monkeypatch.setattr(sending, "MOST_PCM_BYTES_LOSSLESS", 1_000)
    sound = sent(recording_of(tones(20)))
    assert (sound.name, sound.media_type) == ("call.ogg", "audio/ogg")
    assert len(sound.content) < 20 * 6_000
    channels, samples = decoded(sound)
    assert channels == 1
    assert len(samples) / 16_000 == pytest.approx(20, abs=0.05)
    assert np.sqrt(np.mean(samples**2)) == pytest.approx(0.3 / np.sqrt(2), rel=0.1)


def test_a_large_file_is_not_sent_as_it_is(monkeypatch):
    monkeypatch.setattr(sending, "MOST_BYTES_AS_IT_IS", 1_000)
    assert sent(recording_of(tones(3), **FORM)).name == "call.flac"


@pytest.mark.parametrize(
    "finding",
    [
        Finding(kind=FindingKind.TRUNCATED),
        Finding(kind=FindingKind.SILENT_CHANNEL, channel=1),
    ],
)
def test_a_file_that_is_not_wholly_used_is_written_anew(finding):
    sound = sent(recording_of(tones(3, channels=2), findings=(finding,), **FORM))
    assert sound.name == "call.flac"
    channels, samples = decoded(sound)
    assert channels == 1
    first = tones(3, channels=2)[:, :1]
    expected = first if finding.channel else tones(3, channels=2).mean(axis=1, keepdims=True)
    assert np.allclose(samples, expected, atol=2 / 32_768)


class InPieces(io.BytesIO):
    """A stream that gives as much as it likes, as encrypted recordings do."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(min(size or -1, 1_000))


def test_a_stream_that_gives_little_at_a_time_is_sent_whole():
    wav = WavStream(ArrayPcm(tones(3))).read()
    sound = sent(recording_of(tones(3), source=lambda: InPieces(wav), **FORM))
    assert (sound.name, sound.content) == ("call.wav", wav)


def test_an_empty_source_is_written_anew():
    recording = recording_of(tones(1), source=io.BytesIO, **FORM)
    assert sent(recording).name == "call.flac"


def test_writing_anew_ends_when_the_call_is_not_wanted_any_more():
    context = RunContext(is_cancelled=lambda: True)
    with pytest.raises(Cancelled):
        sound_to_send(recording_of(tones(1)), between=lambda: context.report(Stage.RECOGNISE, 0.0))


def test_too_long_and_too_large_are_told_plainly(monkeypatch):
    check_length(recording_of(tones(3)))
    monkeypatch.setattr(sending, "MOST_DURATION_MS", 2_000)
    with pytest.raises(ProviderRejected, match=r"up to 2 hours.*0:03"):
        check_length(recording_of(tones(3)))
    monkeypatch.setattr(sending, "MOST_BYTES", 100)
    with pytest.raises(ProviderRejected, match="250 MB"):
        sent(recording_of(tones(3)))
