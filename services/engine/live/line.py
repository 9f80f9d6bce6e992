"""One line of a live call: its sound and what is heard of it, while it is said and after that."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from services.audio.recording import FRAMES_PER_MS, Samples
from services.engine.live.crew import Task
from services.engine.live.wording import NOTHING, Captioner, CaptionWord, SoFar
from services.engine.voice_activity import VOICE_FRAME_MS

AIR_MS = 200


@dataclass(frozen=True, kw_only=True)
class LineSound:
    """Samples at 16 kHz that begin at ``begins_ms`` of the call."""

    begins_ms: int
    samples: Samples

    def around(self, start_ms: int, end_ms: int) -> "LineSound":
        """Return [start_ms, end_ms) with up to 0.2 s on either side, as far as there is any."""
        begins_ms = max(self.begins_ms, start_ms - AIR_MS)
        first = (begins_ms - self.begins_ms) * FRAMES_PER_MS
        last = (end_ms + AIR_MS - self.begins_ms) * FRAMES_PER_MS
        return LineSound(begins_ms=begins_ms, samples=self.samples[first:last])


@dataclass(eq=False)
class Line:
    """A line of a channel, while it is said and until it is told.

    ``frames`` hold the sound from ``BEFORE_FRAMES`` before the voice on, as far as there was any;
    ``voiced`` says of each frame of the line whether it has voice.
    """

    id: str
    channel: int
    first: int
    last: int
    captioner: Captioner
    begins: int
    frames: list[Samples]
    voiced: list[bool] = field(default_factory=list)
    heard: SoFar = NOTHING
    next_partial: int = 0
    partial: Task | None = None
    whole: Task | None = None
    whole_last: int = -1
    words: tuple[CaptionWord, ...] | None = None
    is_over: bool = False

    @property
    def start_ms(self) -> int:
        """Where its voice begins."""
        return self.first * VOICE_FRAME_MS

    @property
    def end_ms(self) -> int:
        """Where its voice ends, so far."""
        return self.last * VOICE_FRAME_MS

    def voice_frames(self, count: int) -> Sequence[int]:
        """Return the numbers of the frames with voice among the line's first ones."""
        return [self.first + at for at, has in enumerate(self.voiced[:count]) if has]

    @property
    def voice(self) -> Samples:
        """Its sound from where the voice begins to where it ends."""
        return np.concatenate(self.frames[self.first - self.begins : self.last - self.begins])

    @property
    def sound(self) -> LineSound:
        """All that is kept of its sound, with the air before and after the voice."""
        return LineSound(
            begins_ms=self.begins * VOICE_FRAME_MS, samples=np.concatenate(self.frames)
        )

    def cut_after(self, last: int) -> None:
        """Let go of the sound from a frame on: it is the next line's."""
        del self.frames[last - self.begins :]

    def samples(self, last: int) -> Samples:
        """Return its sound up to a frame, with the air before it."""
        return np.concatenate(self.frames[: last - self.begins])
