"""Where somebody speaks: Silero's voice activity model, frame by frame."""

import threading
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from services.audio.recording import FRAMES_PER_MS, PcmReader, Samples

VOICE_FRAME_MS = 32
BLOCK_MS = 300_000 - 300_000 % VOICE_FRAME_MS
# Each block is entered a little earlier, so that the model's memory has warmed up.
LEAD_MS = 50 * VOICE_FRAME_MS

Probabilities = NDArray[np.float32]

_FRAME = VOICE_FRAME_MS * FRAMES_PER_MS


class _Model(Protocol):
    def __call__(self, audio: Samples) -> NDArray[np.float32]: ...


class VoiceActivity:
    """Speech probability of every 32 ms; the model is loaded at first use, once per process."""

    def __init__(self) -> None:
        """Load nothing yet."""
        self._model: _Model | None = None
        self._lock = threading.Lock()

    def probabilities(self, pcm: PcmReader, channel: int | None = None) -> Probabilities:
        """Return one probability in 0..1 for every started 32 ms of a channel (or the mix)."""
        model = self._loaded()
        block, lead = BLOCK_MS * FRAMES_PER_MS, LEAD_MS * FRAMES_PER_MS
        parts: list[Probabilities] = []
        for start in range(0, pcm.frames, block):
            entered = max(0, start - lead)
            samples = pcm.read(entered, min(start + block, pcm.frames), channel)
            padded = np.pad(samples, (0, -len(samples) % _FRAME))
            parts.append(np.ravel(model(padded))[(start - entered) // _FRAME :])
        return np.concatenate(parts).astype(np.float32) if parts else np.zeros(0, np.float32)

    def _loaded(self) -> _Model:
        with self._lock:
            if self._model is None:
                from faster_whisper.vad import get_vad_model

                self._model = get_vad_model()
            return self._model
