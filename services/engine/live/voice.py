"""Silero's voice activity as the sound comes, its memory carried on from frame to frame."""

from typing import Any

import numpy as np

from services.audio.recording import Samples

CONTEXT = 64
MEMORY = (1, 1, 128)
# After a longer silence the model takes a second, or several, to hear a soft voice again, unless
# it begins anew: so it may whenever nobody has spoken for so many frames. It then hears more of
# the other party's echo, too: captions have more errors by it, measured on five calls.
FORGETS_AFTER_FRAMES = 20
SILENT_BELOW = 0.35


class VoiceStream:
    """The probability of voice in every 32 ms of one channel; used by one thread at a time."""

    _short: Samples
    _long: Samples

    def __init__(self, *, forgets: bool = False) -> None:
        """Begin with nothing heard; the model is loaded at the first frame, once per process.

        ``forgets``: a soft voice is heard at once after a long silence, an echo rather, too.
        """
        self._forgets = forgets
        self._context = np.zeros(CONTEXT, np.float32)
        self._session: Any = None
        self._silent_frames = 0
        self._short = np.zeros(MEMORY, np.float32)
        self._long = np.zeros(MEMORY, np.float32)

    def hear(self, frame: Samples) -> float:
        """Take the next 512 samples at 16 kHz; return a probability in 0..1."""
        if self._session is None:
            from faster_whisper.vad import get_vad_model

            self._session = get_vad_model().session
        heard = np.concatenate([self._context, frame]).astype(np.float32, copy=False)
        self._context = heard[-CONTEXT:]
        likely, self._short, self._long = self._session.run(
            None, {"input": heard[None], "h": self._short, "c": self._long}
        )
        probability = float(np.ravel(likely)[0])
        self._silent_frames = self._silent_frames + 1 if probability < SILENT_BELOW else 0
        if self._forgets and self._silent_frames == FORGETS_AFTER_FRAMES:
            self._silent_frames = 0
            self._forget()
        return probability

    def _forget(self) -> None:
        self._short = np.zeros(MEMORY, np.float32)
        self._long = np.zeros(MEMORY, np.float32)
