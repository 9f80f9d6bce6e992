"""What is played into live calls: recordings with truth, one alone or several in a row."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.scoring.corpus import Example
from bench.scoring.spoken import SpokenWord
from bench.scoring.truth import Truth
from services.audio.recording import FRAMES_PER_MS, ChannelLayout, PcmReader, Recording
from services.audio.samples import to_int16
from services.domain.running import RunContext
from services.live.recording.pacing import CHUNK_MS
from services.one_file import open_file

# Between two recordings in a row, so that no word of one runs into the other's.
PAUSE_MS = 1_000
# A recording that is cut ends so long after its last utterance, and in so much silence.
AFTER_CUT_MS = 200
SILENCE_MS = 2_000


@dataclass(frozen=True, kw_only=True)
class Playable:
    """A recording as it is streamed: int16 samples [frames, channels], with its truth."""

    name: str
    samples: NDArray[np.int16]
    truth: Truth
    words: Sequence[SpokenWord]

    @property
    def duration_ms(self) -> int:
        """Length in ms."""
        return len(self.samples) // FRAMES_PER_MS

    @property
    def channels(self) -> int:
        """How many channels are streamed."""
        return int(self.samples.shape[1])

    def cut(self, length_s: float) -> "Playable":
        """Return the beginning, up to the last utterance that fits, and silence after it."""
        known = [u for u in self.truth.utterances or () if u.end_ms <= length_s * 1000]
        end_ms = max((u.end_ms for u in known), default=0) + AFTER_CUT_MS
        silence = np.zeros((SILENCE_MS * FRAMES_PER_MS, self.channels), np.int16)
        truth = replace(self.truth, utterances=tuple(known), spans=None)
        return Playable(
            name=self.name,
            samples=np.concatenate([self.samples[: end_ms * FRAMES_PER_MS], silence]),
            truth=truth,
            words=[word for word in self.words if word.utterance < len(known)],
        )


@dataclass(frozen=True, kw_only=True)
class Take:
    """A recording inside a longer call, which it begins at ``offset_ms``."""

    playable: Playable
    offset_ms: int = 0

    @property
    def end_ms(self) -> int:
        """Where it ends in the call."""
        return self.offset_ms + self.playable.duration_ms


def in_a_row(playables: Sequence[Playable], first: int, length_ms: int) -> list[Take]:
    """Return recordings back to back, beginning with one of them, until so much is filled."""
    takes: list[Take] = []
    at_ms = 0
    while at_ms < length_ms:
        take = Take(playable=playables[(first + len(takes)) % len(playables)], offset_ms=at_ms)
        takes.append(take)
        at_ms = take.end_ms + PAUSE_MS
    return takes


def chunks_of_takes(takes: Sequence[Take]) -> Iterator[bytes]:
    """Yield the sound of takes in chunks of 50 ms, with digital silence between them."""
    step = CHUNK_MS * FRAMES_PER_MS
    left = takes[0].playable.samples[:0]
    for number, take in enumerate(takes):
        pause = np.zeros((PAUSE_MS * FRAMES_PER_MS if number else 0, left.shape[1]), np.int16)
        left = np.concatenate([left, pause, take.playable.samples])
        whole = len(left) // step * step
        for first in range(0, whole, step):
            yield left[first : first + step].astype("<i2").tobytes()
        left = left[whole:]
    if len(left):
        yield left.astype("<i2").tobytes()


def samples_of(recording: Recording, channels: int) -> NDArray[np.int16] | None:
    """Return the samples for so many channels, None where the parties can't be heard alone.

    For one channel, the channels of a recording are mixed.
    """
    if channels > 1 and recording.layout is not ChannelLayout.SEPARATE:
        return None
    tracks = [None] if channels == 1 else list(range(channels))
    rows = [recording.pcm.read(0, recording.pcm.frames, track) for track in tracks]
    return to_int16(np.stack(rows, axis=1))


WordsOf = Callable[[Truth, PcmReader], Sequence[SpokenWord]]


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Reads recordings for live calls of so many channels; ``words_of`` says when words end."""

    channels: int
    words_of: WordsOf
    folder: Path
    longest_ms: int

    def read(self, example: Example) -> Playable | None:
        """Decode one; None where it has no such sound, or nobody wrote down what is said in it.

        Raises BadAudio.
        """
        if not example.truth.utterances:
            return None
        with open_file(example.audio, RunContext(), self.folder, self.longest_ms) as recording:
            samples = samples_of(recording, self.channels)
            if samples is None:
                return None
            return Playable(
                name=example.audio.name,
                samples=samples,
                truth=example.truth,
                words=self.words_of(example.truth, recording.pcm),
            )
