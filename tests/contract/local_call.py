"""The beginning of a demo call, played to this machine's own speech models."""

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.audio.recording import FRAMES_PER_MS, Samples
from services.audio.samples import to_int16
from services.domain.errors import WeightsDamaged
from services.domain.running import RunContext
from services.engine.live.wording import Captioner, SoFar, Whole
from services.one_file import open_file
from tests.contract.live_case import CALL_MS

(DEMO,) = (Path(__file__).parents[2] / "demo").glob("*_C-1177_*.ogg")
# What the agent says, then the customer, as the recogniser writes it.
TEXTS = (
    "Good morning, harbor energy. this is Nora Fields.",
    "How can I help?",
    "Good morning, a technician fixed my boiler yesterday, and I just wanted to say thank you.",
)
AGENT_UNTIL_MS, CUSTOMER_UNTIL_MS = 4_300, 9_500


def a_call(channels: int) -> bytes:
    """Return the call with both parties on one channel, or each on one of its own."""
    sound = _sound()
    if channels == 1:
        return sound.astype("<i2").tobytes()
    pair = np.stack([sound, sound], axis=1)
    pair[AGENT_UNTIL_MS * FRAMES_PER_MS :, 0] = 0
    pair[: AGENT_UNTIL_MS * FRAMES_PER_MS, 1] = 0
    return pair.astype("<i2").tobytes()


@cache
def _sound() -> NDArray[np.int16]:
    import tempfile

    with (
        tempfile.TemporaryDirectory() as folder,
        open_file(DEMO, RunContext(), Path(folder), CALL_MS * 10) as recording,
    ):
        samples = recording.read_ms(0, CUSTOMER_UNTIL_MS)
    silence = np.zeros((CALL_MS - CUSTOMER_UNTIL_MS) * FRAMES_PER_MS, np.float32)
    return to_int16(np.concatenate([samples, silence]))


class Failing:
    """Hears as another does until so much sound has come to it, then never again."""

    def __init__(self, captioner: Captioner, after_ms: int) -> None:
        self._captioner = captioner
        self._left = after_ms * FRAMES_PER_MS

    def so_far(self, samples: Samples, before: SoFar) -> SoFar:
        return self._captioner.so_far(samples, before)

    def whole(self, samples: Samples, before: SoFar) -> Whole:
        if self._left <= 0:
            raise WeightsDamaged
        self._left -= len(samples)
        return self._captioner.whole(samples, before)
