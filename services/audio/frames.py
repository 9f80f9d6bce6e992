"""Sound as the encoders of FFmpeg's libraries take it: frame after frame."""

from typing import TYPE_CHECKING

import numpy as np

from services.audio.recording import SAMPLE_RATE, PcmReader
from services.audio.samples import to_int16

if TYPE_CHECKING:
    from av import AudioStream
    from av.container import OutputContainer

BLOCK_FRAMES = 10 * SAMPLE_RATE


def encode_block(
    output: "OutputContainer", stream: "AudioStream", pcm: PcmReader, start: int, *, at: int
) -> None:
    """Encode the next block of all channels from frame ``start``, as what is heard from ``at``."""
    import av

    tracks = [pcm.read(start, start + BLOCK_FRAMES, channel) for channel in range(pcm.channels)]
    interleaved = to_int16(np.stack(tracks, axis=1)).reshape(1, -1)
    layout = "mono" if pcm.channels == 1 else "stereo"
    frame = av.AudioFrame.from_ndarray(interleaved, format="s16", layout=layout)
    frame.sample_rate = SAMPLE_RATE
    frame.pts = at
    output.mux(stream.encode(frame))
