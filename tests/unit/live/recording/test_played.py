"""Recordings as the sound of a live call."""

import io
import wave

import numpy as np
import pytest

from services.domain.errors import NotAudio
from services.live.recording.pacing import CHUNK_MS
from services.live.recording.played import PlayedRecording, opener_of
from services.providers.capabilities import Capabilities

RATE = 16_000
TWO = Capabilities(name="two", title="Two", live=True, live_channels=2)
ONE = Capabilities(name="one", title="One", live=True)


def two_parties() -> bytes:
    """Return two seconds of WAV in which the parties speak in turn, each on a channel."""
    seconds = np.arange(2 * RATE) / RATE
    agent = 9_000 * np.sin(2 * np.pi * 220 * seconds) * (seconds % 1 < 0.5)
    customer = 9_000 * np.sin(2 * np.pi * 330 * seconds) * (seconds % 1 >= 0.5)
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setnchannels(2)
        wav.setsampwidth(2)
        wav.setframerate(RATE)
        wav.writeframes(np.stack([agent, customer], axis=1).astype("<i2").tobytes())
    return file.getvalue()


def opened(content: bytes, capabilities: Capabilities, folder) -> PlayedRecording:
    return PlayedRecording(
        opener_of(content),
        "call.wav",
        capabilities,
        working_folder=folder,
        max_duration_ms=60_000,
    )


@pytest.mark.parametrize(("capabilities", "channels"), [(TWO, 2), (ONE, 1)])
def test_each_party_alone_where_both_sides_can(tmp_path, capabilities, channels):
    played = opened(two_parties(), capabilities, tmp_path)
    chunks = list(played)
    played.close()
    assert played.sound.channels == channels
    assert len(chunks) == 2_000 // CHUNK_MS
    pcm = np.frombuffer(b"".join(chunks), "<i2").reshape(-1, channels)
    assert len(pcm) == 2 * RATE
    assert np.abs(pcm[: RATE // 2, 0]).max() > 4_000
    customer_heard = np.abs(pcm[RATE // 2 + 100 : RATE - 100, 0]).max()
    assert customer_heard > 4_000 if channels == 1 else customer_heard < 100


def test_its_samples_are_gone_once_it_is_closed(tmp_path):
    played = opened(two_parties(), TWO, tmp_path)
    next(played)
    played.close()
    played.close()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_what_is_no_recording_leaves_nothing_behind(tmp_path):
    with pytest.raises(NotAudio):
        opened(b"no sound at all " * 100, TWO, tmp_path)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
