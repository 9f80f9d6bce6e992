"""Live calls at AssemblyAI itself; costs about two minutes of sound, told in real time.

Run it with ASSEMBLYAI_API_KEY set, without ``-p tests.loopback_only``.
"""

import os
import time

import numpy as np
import pytest

from services.audio.recording import Recording
from services.domain.calls import ProcessingOptions
from services.domain.errors import ProviderRefusedKey
from services.domain.live import Ended, Final, Gap, LiveEvent, Partial, SpeakerTold
from services.providers.assemblyai.access import AssemblyAIAccess
from services.providers.assemblyai.provider import AssemblyAIProvider
from services.providers.live import LiveFormat
from tests.contract import test_provider as contract

KEY = os.environ.get("ASSEMBLYAI_API_KEY", "")
HOST = os.environ.get("ASSEMBLYAI_STREAMING_HOST")
LENGTH_MS, CHUNK_MS = 40_000, 50

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not KEY, reason="needs ASSEMBLYAI_API_KEY"),
]

recording = contract.recording


def provider(key: str = KEY) -> AssemblyAIProvider:
    return AssemblyAIProvider(AssemblyAIAccess(key=key, streaming_host=HOST))


def held(recording: Recording, channels: int, **options: str) -> list[LiveEvent]:
    """Hold the beginning of the demo call in real time."""
    told: list[LiveEvent] = []
    run = ProcessingOptions(language="en", provider_options=tuple(options.items()))
    session = provider().open_live(LiveFormat(channels=channels), run, told.append)
    began = time.monotonic()
    for start_ms in range(0, LENGTH_MS, CHUNK_MS):
        parts = [
            recording.read_ms(start_ms, start_ms + CHUNK_MS, channel if channels > 1 else None)
            for channel in range(channels)
        ]
        frames = np.stack(parts, axis=1).clip(-1, 1) * 32_767
        session.send(frames.astype("<i2").tobytes())
        due = began + (start_ms + CHUNK_MS) / 1000
        time.sleep(max(0.0, due - time.monotonic()))
    session.finish()
    return told


@pytest.mark.parametrize(
    ("channels", "options"),
    [(1, {}), (2, {"live_turns": "quick"}), (1, {"live_model": "u3-rt-pro"})],
)
def test_a_call_is_told_while_it_is_held(
    recording: Recording, channels: int, options: dict[str, str]
) -> None:
    told = held(recording, channels, **options)
    assert told[-1] == Ended(at_ms=LENGTH_MS)
    finals = [event.line for event in told if isinstance(event, Final)]
    assert len(finals) >= 4
    assert any(isinstance(event, Partial) for event in told)
    assert not [event for event in told if isinstance(event, Gap)]
    assert len({line.id for line in finals}) == len(finals)
    said = " ".join(line.text for line in finals).casefold()
    assert "harbor" in said
    assert "bill" in said
    for line in finals:
        assert 0 <= line.start_ms < line.end_ms <= LENGTH_MS + CHUNK_MS
        assert line.words
    speakers = {event.speaker.channel for event in told if isinstance(event, SpeakerTold)}
    assert speakers == ({0, 1} if channels > 1 else {None})


def test_a_wrong_key_is_refused_before_anything_is_sent() -> None:
    told: list[LiveEvent] = []
    with pytest.raises(ProviderRefusedKey):
        provider("a-wrong-key").open_live(LiveFormat(), ProcessingOptions(), told.append)
    assert told == []
