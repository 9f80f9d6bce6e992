"""A decoded call, ready for any provider: 16 kHz samples read by range, never all at once."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from services.domain.calls import AudioFacts

SAMPLE_RATE = 16_000
FRAMES_PER_MS = SAMPLE_RATE // 1000

Samples = NDArray[np.float32]


class ChannelLayout(StrEnum):
    """Whether each party can be heard alone."""

    SEPARATE = "separate"
    MIXED = "mixed"


class PcmReader(Protocol):
    """Random access to decoded sound at 16 kHz."""

    @property
    def frames(self) -> int:
        """Number of sample frames."""

    @property
    def channels(self) -> int:
        """Number of channels kept (1 or 2)."""

    def read(self, start: int, stop: int, channel: int | None = None) -> Samples:
        """Return frames [start, stop) clipped to what exists, float32 in -1..1, shape [n].

        ``channel`` None gives the mean of all channels.
        """


@dataclass(frozen=True, kw_only=True)
class Recording:
    """A call's sound as a provider gets it.

    ``open_source`` opens the file as it was uploaded (a seekable binary stream), for providers
    that decode for themselves.
    """

    facts: AudioFacts
    layout: ChannelLayout
    pcm: PcmReader
    open_source: Callable[[], BinaryIO]

    @property
    def duration_ms(self) -> int:
        """Length of the decoded sound in milliseconds."""
        return self.pcm.frames // FRAMES_PER_MS

    def read_ms(self, start_ms: int, end_ms: int, channel: int | None = None) -> Samples:
        """Return the samples of [start_ms, end_ms), float32 in -1..1, shape [n]."""
        return self.pcm.read(start_ms * FRAMES_PER_MS, end_ms * FRAMES_PER_MS, channel)
