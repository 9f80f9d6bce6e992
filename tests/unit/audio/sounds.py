"""Small sounds for tests: made by arithmetic, encoded by PyAV into any container."""

import io

import av
import numpy as np
from numpy.typing import NDArray

RATE = 16_000

Samples = NDArray[np.float32]


def tone(seconds: float, *, hz: float = 440.0, level: float = 0.3, rate: int = RATE) -> Samples:
    """A sine tone, shape [n]."""
    at = np.arange(int(seconds * rate)) / rate
    return (level * np.sin(2 * np.pi * hz * at)).astype(np.float32)


def noise(seconds: float, *, level: float = 0.1, seed: int = 1) -> Samples:
    """White noise, shape [n]."""
    return np.random.default_rng(seed).normal(0, level, int(seconds * RATE)).astype(np.float32)


def babble(seconds: float, *, seed: int = 1, level: float = 0.2) -> Samples:
    """Noise that swells and pauses like somebody talking, shape [n]."""
    rng = np.random.default_rng(seed)
    count = int(seconds * 4) + 1
    swells = np.repeat(rng.uniform(0, 1, count) * (rng.uniform(0, 1, count) > 0.4), RATE // 4)
    return (noise(seconds, seed=seed + 100, level=level) * swells[: int(seconds * RATE)]).astype(
        np.float32
    )


def chords(seconds: float, *, level: float = 0.1, pauses: bool = False) -> Samples:
    """Hold music: a chord of four notes a second, swelling, RMS ``level``, shape [n].

    With ``pauses`` every chord fades to silence before the next.
    """
    at = np.arange(int(seconds * RATE)) / RATE
    beat = at.astype(int)
    roots = np.array([220.0, 174.6, 261.6, 196.0])[beat % 4]
    phase = np.cumsum(roots) / RATE
    notes = sum(
        np.sin(2 * np.pi * phase * ratio) / n for n, ratio in ((1, 1), (2, 1.25), (3, 1.5), (4, 2))
    )
    within = at - beat
    swell = np.exp(-4 * within) if pauses else 0.7 + 0.3 * np.sin(2 * np.pi * 0.5 * at)
    music = notes * swell
    return (level * music / np.sqrt(np.mean(music**2))).astype(np.float32)


def encoded(
    samples: Samples,
    container: str,
    codec: str,
    *,
    rate: int = RATE,
    layout: str | None = None,
    bit_rate: int | None = None,
    sample_format: str | None = None,
) -> bytes:
    """Samples [n] or [n, channels] at ``rate`` as a file's bytes."""
    columns = samples if samples.ndim == 2 else samples[:, None]
    layout = layout or {1: "mono", 2: "stereo", 6: "5.1"}[columns.shape[1]]
    target = io.BytesIO()
    with av.open(target, "w", format=container) as output:
        stream = output.add_stream(codec, rate=rate, layout=layout)
        if sample_format:
            stream.format = sample_format
        if bit_rate:
            stream.bit_rate = bit_rate
        feed(output, stream, columns, rate, layout)
    return target.getvalue()


def feed(output, stream, columns: Samples, rate: int, layout: str) -> None:
    """Encode all samples into a stream of an open container."""
    whole = np.ascontiguousarray(columns.reshape(1, -1), dtype=np.float32)
    frame = av.AudioFrame.from_ndarray(whole, format="flt", layout=layout)
    frame.sample_rate = rate
    frame.pts = 0
    resampler = av.AudioResampler(
        format=stream.codec_context.format,
        layout=layout,
        rate=rate,
        frame_size=stream.codec_context.frame_size or None,
    )
    for piece in [*resampler.resample(frame), *resampler.resample(None)]:
        output.mux(stream.encode(piece))
    output.mux(stream.encode(None))


def video(*, seconds: float = 1.0, sound: Samples | None = None) -> bytes:
    """A tiny grey video as MP4, with or without a sound track."""
    target = io.BytesIO()
    with av.open(target, "w", format="mp4") as output:
        picture = output.add_stream("mpeg4", rate=10)
        picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        track = output.add_stream("aac", rate=RATE, layout="mono") if sound is not None else None
        for number in range(int(seconds * 10)):
            grey = np.full((48, 64, 3), 90 + number, np.uint8)
            frame = av.VideoFrame.from_ndarray(grey, format="rgb24")
            frame.pts = number
            output.mux(picture.encode(frame))
        output.mux(picture.encode(None))
        if track is not None and sound is not None:
            feed(output, track, sound[:, None], RATE, "mono")
    return target.getvalue()
