"""Decoded sound as a small file to send away: lossless FLAC, or Opus where that is too large."""

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, BinaryIO, cast

from services.audio.frames import BLOCK_FRAMES, encode_block
from services.audio.recording import SAMPLE_RATE, PcmReader

if TYPE_CHECKING:
    from av import AudioStream

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
            encode_block(output, stream, pcm, start, at=start)
        output.mux(stream.encode(None))
