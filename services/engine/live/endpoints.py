"""Where lines begin and end on a channel, told as the sound comes."""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from services.audio.levels import rms_dbfs
from services.audio.recording import FRAMES_PER_MS, Samples
from services.engine.echo import AUDIBLE_DBFS, DEFAULT_LEAK_DB, SPREAD_MS
from services.engine.live.voice import VoiceStream
from services.engine.voice_activity import VOICE_FRAME_MS

FRAME = VOICE_FRAME_MS * FRAMES_PER_MS
ONSET = 0.5
OFFSET = 0.35
# So many frames of voice in a row begin a line: a click is shorter.
ONSET_FRAMES = 2
# After so much silence a line may be over, and its words are looked for; then it is over.
SETTLING_FRAMES = 5
END_FRAMES = 13
# Where both parties share a channel, the other answers sooner: a sentence may end like this, and
# much has been said after a shorter while.
END_FRAMES_OF_SENTENCE = 8
LONG_FRAMES_WHEN_SHARED = 3_500 // VOICE_FRAME_MS
# From this length on a short pause ends a line, at the other it is cut wherever it is.
LONG_FRAMES = 8_000 // VOICE_FRAME_MS
END_FRAMES_WHEN_LONG = 6
MOST_FRAMES = 15_000 // VOICE_FRAME_MS
# A line without pause is cut at the least voiced of its last frames.
CUT_WITHIN_FRAMES = 1_500 // VOICE_FRAME_MS
# Air before the first and after the last frame of voice, for the recogniser.
BEFORE_FRAMES = 6
AFTER_FRAMES = 5

Probabilities = NDArray[np.float32]


class Change(StrEnum):
    """What a frame of sound changes on its channel."""

    BEGUN = "begun"
    GOES_ON = "goes_on"
    SETTLING = "settling"
    """Silence since a moment: the line is over unless the voice comes back."""
    RESUMED = "resumed"
    OVER = "over"


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Frames [first, last) of a channel hold a line's voice; ``change`` is what is new."""

    change: Change
    first: int
    last: int

    @property
    def start_ms(self) -> int:
        """Where the voice begins."""
        return self.first * VOICE_FRAME_MS

    @property
    def end_ms(self) -> int:
        """Where the voice ends, so far."""
        return self.last * VOICE_FRAME_MS


class Endpoints:
    """Follows the voice on one channel, frame by frame of 32 ms."""

    def __init__(self, *, is_shared: bool = False) -> None:
        """Begin in silence; ``is_shared``: more than one party is on the channel."""
        self._long_frames = LONG_FRAMES_WHEN_SHARED if is_shared else LONG_FRAMES
        self._is_shared = is_shared
        self._at = 0
        self._first: int | None = None
        self._last = 0
        self._onset = 0
        self._has_ended_sentence = False
        self._recent: deque[float] = deque(maxlen=CUT_WITHIN_FRAMES)

    def take(self, probability: float) -> Stretch | None:
        """Take the next frame's probability of voice; return what it changes, None in silence."""
        at, self._at = self._at, self._at + 1
        if self._first is None:
            return self._wait(at, probability)
        self._recent.append(probability)
        silence = at - self._last
        if probability >= OFFSET:
            self._last, self._has_ended_sentence = at + 1, False
            if at + 1 - self._first >= MOST_FRAMES:
                return self._cut(at)
            return self._now(Change.RESUMED if silence >= SETTLING_FRAMES else Change.GOES_ON)
        silence += 1
        if silence >= self._end_frames:
            return self._over(self._last)
        return self._now(Change.SETTLING if silence == SETTLING_FRAMES else Change.GOES_ON)

    def sentence_ended(self) -> None:
        """Take that what was said before the pause is a whole sentence: less silence ends it."""
        self._has_ended_sentence = True

    def end(self) -> Stretch | None:
        """Take that no more sound comes; return the line that is over by that."""
        return None if self._first is None else self._over(self._last)

    @property
    def going_on(self) -> int | None:
        """The first frame of the line that is being said, None in silence."""
        return self._first

    @property
    def _end_frames(self) -> int:
        assert self._first is not None
        is_long = self._last - self._first >= self._long_frames
        if is_long:
            return END_FRAMES_WHEN_LONG
        is_end = self._is_shared and self._has_ended_sentence
        return END_FRAMES_OF_SENTENCE if is_end else END_FRAMES

    def _wait(self, at: int, probability: float) -> Stretch | None:
        self._onset = self._onset + 1 if probability >= ONSET else 0
        if self._onset < ONSET_FRAMES:
            return None
        self._first, self._last, self._onset = at + 1 - ONSET_FRAMES, at + 1, 0
        self._has_ended_sentence = False
        self._recent.clear()
        return self._now(Change.BEGUN)

    def _now(self, change: Change) -> Stretch:
        assert self._first is not None
        return Stretch(change=change, first=self._first, last=self._last)

    def _over(self, last: int) -> Stretch:
        assert self._first is not None
        over = Stretch(change=Change.OVER, first=self._first, last=last)
        self._first = None
        return over

    def _cut(self, at: int) -> Stretch:
        """End a line that has no pause where it is least voiced; what follows is the next."""
        lowest = min(range(len(self._recent)), key=lambda i: self._recent[i])
        cut = at + 2 - len(self._recent) + lowest
        over = self._over(cut)
        if cut <= at:
            self._first = cut
        return over


class Gate:
    """Tells a channel's own voice from the other party's echo, by how loud both are."""

    def __init__(self) -> None:
        """Begin with nothing heard."""
        self._loud: deque[float] = deque(maxlen=1 + -(-SPREAD_MS // VOICE_FRAME_MS))

    def lets_through(self, own_dbfs: float, other_dbfs: float) -> bool:
        """Take both channels' levels in a frame; say whether the channel's sound is its own."""
        self._loud.append(other_dbfs)
        loudest = max(self._loud)
        return loudest <= AUDIBLE_DBFS or own_dbfs >= loudest + DEFAULT_LEAK_DB


class Ears:
    """Listens to all channels of a call at once: one row of probabilities per frame of 32 ms."""

    def __init__(self, channels: int) -> None:
        """Begin with nothing heard."""
        self._voices = [VoiceStream() for _ in range(channels)]
        self._gates = [Gate() for _ in range(channels)]

    def hear(self, frame: Samples) -> list[float]:
        """Take a frame [512, channels]; return how likely each channel holds a voice of its own."""
        likely = [voice.hear(frame[:, at]) for at, voice in enumerate(self._voices)]
        if len(likely) == 1:
            return likely
        levels = [rms_dbfs(frame[:, at]) for at in range(len(likely))]
        return [
            probability if gate.lets_through(levels[at], levels[1 - at]) else 0.0
            for at, (probability, gate) in enumerate(zip(likely, self._gates, strict=True))
        ]
