"""The sound that was uploaded: how long it is, whether anything is heard, and a covered copy."""

import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

AUDIBLE = 0.003
BEEP_HZ = 1_000
BEEP_LEVEL = 0.2
COPY_RATE = 16_000


class NotSound(Exception):
    """There is no sound in this file."""


@dataclass(frozen=True, kw_only=True)
class Sound:
    """What is known about an uploaded recording."""

    duration_ms: int
    channels: int
    is_audible: bool


def examine(file: Path) -> Sound:
    """Decode a recording once. Raises NotSound."""
    frames, channels, peak = 0, 1, 0.0
    for samples in _decoded(file):
        channels = samples.shape[0]
        frames += samples.shape[1]
        peak = max(peak, float(np.abs(samples).max(initial=0.0)))
    if not frames:
        raise NotSound
    return Sound(
        duration_ms=frames * 1000 // COPY_RATE, channels=channels, is_audible=peak >= AUDIBLE
    )


def covered_copy(
    file: Path, stretches: Sequence[tuple[int, int]], *, container: str, silent: bool
) -> bytes:
    """Return the recording with stretches (ms) beeped out, or silent, as ``wav`` or ``mp3``."""
    sound = np.concatenate(list(_decoded(file)), axis=1)
    for start_ms, end_ms in stretches:
        start, end = (min(ms * COPY_RATE // 1000, sound.shape[1]) for ms in (start_ms, end_ms))
        moments = np.arange(end - start) / COPY_RATE
        beep = np.sin(2 * math.pi * BEEP_HZ * moments).astype(np.float32) * BEEP_LEVEL
        sound[:, start:end] = 0.0 if silent else beep
    return _encoded(sound, container)


def _decoded(file: Path) -> Iterator[NDArray[np.float32]]:
    """Yield samples in -1..1 at 16 kHz, shape [channels, n]."""
    import av

    try:
        with av.open(str(file), options={"protocol_whitelist": "file"}) as container:
            if not container.streams.audio:
                raise NotSound
            resampler = av.AudioResampler(format="fltp", rate=COPY_RATE)
            for frame in container.decode(audio=0):
                for piece in resampler.resample(frame):
                    yield np.asarray(piece.to_ndarray(), dtype=np.float32)
            for piece in resampler.resample(None):
                yield np.asarray(piece.to_ndarray(), dtype=np.float32)
    except (av.error.FFmpegError, ValueError) as error:
        raise NotSound from error


def _encoded(sound: NDArray[np.float32], container: str) -> bytes:
    import av

    layout = "stereo" if sound.shape[0] == 2 else "mono"
    sink = io.BytesIO()
    with av.open(sink, "w", format=container) as output:
        codec = "pcm_s16le" if container == "wav" else "libmp3lame"
        stream: Any = output.add_stream(codec, rate=COPY_RATE, layout=layout)
        kept = np.ascontiguousarray(sound[: 2 if layout == "stereo" else 1])
        frame = av.AudioFrame.from_ndarray(kept, format="fltp", layout=layout)
        frame.sample_rate = COPY_RATE
        resampler = av.AudioResampler(
            format=stream.format.name, layout=layout, rate=COPY_RATE, frame_size=1152
        )
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            output.mux(stream.encode(piece))
        output.mux(stream.encode(None))
    return sink.getvalue()
