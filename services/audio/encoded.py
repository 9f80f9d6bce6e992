"""Decoded sound as a small file to send away: lossless FLAC, or Opus where that is too large."""

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, BinaryIO, cast

import numpy as np

from services.audio.recording import SAMPLE_RATE, PcmReader
from services.audio.samples import to_int16

if TYPE_CHECKING:
    from av import AudioStream
    from av.container import OutputContainer

BLOCK_FRAMES = 30 * SAMPLE_RATE
# Speech of 16 kHz loses nothing that a recogniser would miss.
OPUS_BIT_RATE = 32_000


class Coding(StrEnum):
    """How sound is written."""

    FLAC = "flac"
    OPUS = "opus"

    @property
    def suffix(self) -> str:
        """The ending of a file's name."""
        return "flac" if self is Coding.FLAC else "ogg"

    @property
    def media_type(self) -> str:
        """What the file is called on the way."""
        return f"audio/{self.suffix}"


def encode(pcm: PcmReader, sink: BinaryIO, coding: Coding, *, between: Callable[[], None]) -> None:
    """Write all channels to a seekable ``sink``; ``between`` is called now and then.

    Whatever ``between`` raises ends the work.
    """
    import av

    layout = "mono" if pcm.channels == 1 else "stereo"
    form = "flac" if coding is Coding.FLAC else "ogg"
    codec = "flac" if coding is Coding.FLAC else "libopus"
    with av.open(sink, mode="w", format=form) as output:
        stream = cast("AudioStream", output.add_stream(codec, rate=SAMPLE_RATE, layout=layout))
        if coding is Coding.OPUS:
            stream.bit_rate = OPUS_BIT_RATE * pcm.channels
        for start in range(0, pcm.frames, BLOCK_FRAMES):
            between()
            _encode(output, stream, pcm, start, layout)
        output.mux(stream.encode(None))


def _encode(
    output: "OutputContainer", stream: "AudioStream", pcm: PcmReader, start: int, layout: str
) -> None:
    import av

    tracks = [pcm.read(start, start + BLOCK_FRAMES, channel) for channel in range(pcm.channels)]
    interleaved = to_int16(np.stack(tracks, axis=1)).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(interleaved, format="s16", layout=layout)
    frame.sample_rate = SAMPLE_RATE
    frame.pts = start
    output.mux(stream.encode(frame))
