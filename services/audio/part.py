"""A part of a recording as a recording of its own, for providers that know nothing of parts."""

import io
from dataclasses import replace
from typing import BinaryIO, cast

from services.audio.recording import FRAMES_PER_MS, SAMPLE_RATE, PcmReader, Recording, Samples
from services.audio.wav import WavStream
from services.domain.part import Part


class PartPcm:
    """What lies in a part of another reader; its first frame is the part's first."""

    def __init__(self, pcm: PcmReader, part: Part) -> None:
        """Show only ``part`` of ``pcm``."""
        self._pcm = pcm
        self._first = min(part.start_ms * FRAMES_PER_MS, pcm.frames)
        self._frames = min(part.end_ms * FRAMES_PER_MS, pcm.frames) - self._first

    @property
    def frames(self) -> int:
        """Number of sample frames."""
        return self._frames

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self._pcm.channels

    def read(self, start: int, stop: int, channel: int | None = None) -> Samples:
        """Return frames [start, stop) of the part, clipped to what lies in it."""
        start, stop = max(0, start), max(0, min(stop, self._frames))
        return self._pcm.read(self._first + start, self._first + max(start, stop), channel)


def recording_of(recording: Recording, part: Part) -> Recording:
    """Return the part as a recording: nothing outside of it can be recognised or sent anywhere.

    Its source is the decoded sound of the part as a WAV file of 16 kHz. Layout and findings are
    those of the whole recording, where more could be heard.
    """
    pcm = PartPcm(recording.pcm, part)

    def open_source() -> BinaryIO:
        return cast(BinaryIO, io.BufferedReader(WavStream(pcm)))

    facts = replace(
        recording.facts,
        duration_ms=part.duration_ms,
        channels=pcm.channels,
        sample_rate=SAMPLE_RATE,
        codec="pcm_s16le",
        container="wav",
    )
    return replace(recording, facts=facts, pcm=pcm, open_source=open_source)
