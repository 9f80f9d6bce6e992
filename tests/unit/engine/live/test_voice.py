"""A voice is heard as soon after a long silence as after a short one."""

from pathlib import Path

import numpy as np
import pytest

from services.audio.recording import FRAMES_PER_MS, Samples
from services.domain.running import RunContext
from services.engine.live.endpoints import FRAME, ONSET
from services.engine.live.voice import VoiceStream
from services.engine.voice_activity import VOICE_FRAME_MS
from services.one_file import open_file

DEMO = (
    Path(__file__).parents[4]
    / "demo"
    / "Harbor-Energy_AGENT_Marcus-Bell_CUST_C-2087_QUEUE_Deliveries_2026-11-13T14-05-00.wav"
)
PAUSE_AT_MS, VOICE_AT_MS, UNTIL_MS = 30_480, 30_660, 33_000
"""The agent has asked, the customer answers in a low voice."""


@pytest.fixture(scope="module")
def call(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    with open_file(DEMO, RunContext(), tmp_path_factory.mktemp("call"), 600_000) as recording:
        return recording.pcm.read(0, UNTIL_MS * FRAMES_PER_MS)


@pytest.mark.parametrize("pause_ms", [640, 2_048, 9_024])
@pytest.mark.parametrize("noise", [0.0, 1e-4], ids=["digital silence", "faint noise"])
def test_an_answer_after_a_long_silence_is_heard_from_its_beginning(
    call: Samples, pause_ms: int, noise: float
) -> None:
    at = PAUSE_AT_MS * FRAMES_PER_MS
    sound = np.concatenate([call[:at], np.zeros(pause_ms * FRAMES_PER_MS, np.float32), call[at:]])
    sound += np.random.default_rng(7).normal(0.0, noise, len(sound)).astype(np.float32)
    stream = VoiceStream(forgets=True)
    frames = range(0, len(sound) - FRAME + 1, FRAME)
    likely = [stream.hear(sound[first : first + FRAME]) for first in frames]
    silence = slice(
        (PAUSE_AT_MS + 200) // VOICE_FRAME_MS, (VOICE_AT_MS + pause_ms) // VOICE_FRAME_MS
    )
    assert max(likely[silence]) < ONSET
    answer = likely[(VOICE_AT_MS + pause_ms) // VOICE_FRAME_MS :]
    first_ms = next(n for n, one in enumerate(answer) if one >= ONSET) * VOICE_FRAME_MS
    assert first_ms < 400
