"""Renders the demo calls: `python -m demo.render KIT [--only QUEUE]`.

KIT is a folder with the unpacked npm package kokoro-js 1.2.1; README.md says what else a
developer needs. The audio and truth files beside this script are replaced. The noise has a fixed
seed: the same kit gives the same files.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import soxr

from demo.acoustics import (
    at_level,
    babble,
    decibels,
    hiss,
    hold_music,
    rms_of_voice,
    telephone_band,
)
from demo.dialogues import CALLS
from demo.script import CallScript
from demo.stage import Performance, perform, samples_in
from demo.truth import truth_of
from demo.voices import SAMPLE_RATE_HZ, Reader, Samples

HERE = Path(__file__).resolve().parent
NOISE_SEED = 20261112
MUSIC_LEVEL_DBFS = -27.0
HISS_LEVEL_DBFS = -66.0
TELEPHONE_SNR_DB = 25.0
PEAK = 0.9


@dataclass(frozen=True, kw_only=True)
class Format:
    """How a call is stored."""

    rate_hz: int
    codec: str
    bits_per_second: int | None


WIDE_MONO = Format(rate_hz=16_000, codec="libopus", bits_per_second=24_000)
WIDE_STEREO = Format(rate_hz=16_000, codec="libopus", bits_per_second=32_000)
TELEPHONE = Format(rate_hz=8_000, codec="pcm_mulaw", bits_per_second=None)


def format_of(script: CallScript) -> Format:
    """The storage format a script asks for."""
    if script.telephone:
        return TELEPHONE
    return WIDE_STEREO if script.channels == 2 else WIDE_MONO


def mix(performance: Performance, rate_hz: int) -> Samples:
    """The tracks as a call recorder would get them: shape (channels, samples) at `rate_hz`."""
    random = np.random.default_rng(NOISE_SEED)
    sides = [performance.clean_track("agent"), performance.clean_track("customer")]
    for hold in performance.holds:
        start = samples_in(hold.start_ms)
        music = hold_music(hold.end_ms - hold.start_ms, SAMPLE_RATE_HZ, MUSIC_LEVEL_DBFS)
        sides[0][start : start + len(music)] += music
    tracks = sides if performance.script.channels == 2 else [sides[0] + sides[1]]
    if performance.script.telephone:
        tracks = [_over_the_telephone(track, random) for track in tracks]
    else:
        tracks = [track + hiss(len(track), HISS_LEVEL_DBFS, random) for track in tracks]
    mixed = np.stack([soxr.resample(track, SAMPLE_RATE_HZ, rate_hz, "VHQ") for track in tracks])
    return np.asarray(np.clip(mixed, -PEAK, PEAK), dtype=np.float32)


def _over_the_telephone(speech: Samples, random: np.random.Generator) -> Samples:
    """Speech with equal parts of murmur and hiss 25 dB below it, in the telephone band."""
    band = telephone_band(speech, SAMPLE_RATE_HZ)
    spoken_dbfs = decibels(rms_of_voice(band, SAMPLE_RATE_HZ))
    murmur = telephone_band(babble(speech, SAMPLE_RATE_HZ, random), SAMPLE_RATE_HZ)
    steady = telephone_band(hiss(len(speech), HISS_LEVEL_DBFS, random), SAMPLE_RATE_HZ)
    noise = at_level(murmur, 0.0) + at_level(steady, 0.0)
    return band + at_level(noise, spoken_dbfs - TELEPHONE_SNR_DB)


def write_audio(path: Path, mixed: Samples, form: Format) -> None:
    """Encode the tracks; bit-exact flags keep dates and random serial numbers out."""
    layout = "stereo" if mixed.shape[0] == 2 else "mono"
    with av.open(str(path), "w", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream(form.codec, rate=form.rate_hz, layout=layout)
        assert isinstance(stream, av.AudioStream)
        stream.codec_context.flags |= av.codec.context.Flags.bitexact
        if form.bits_per_second is not None:
            stream.bit_rate = form.bits_per_second
        pcm = np.round(mixed * 32767).astype(np.int16)
        interleaved = np.ascontiguousarray(pcm.T).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(interleaved, format="s16", layout=layout)
        frame.sample_rate = form.rate_hz
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)


def render(script: CallScript, reader: Reader) -> Path:
    """Write one call's audio and truth beside this script."""
    form = format_of(script)
    performance = perform(script, reader)
    path = HERE / f"{script.stem}.{script.container}"
    write_audio(path, mix(performance, form.rate_hz), form)
    truth = truth_of(performance, file_name=path.name, sample_rate_hz=form.rate_hz)
    text = json.dumps(truth, indent=1, ensure_ascii=False)
    (HERE / f"{script.stem}.truth.json").write_text(text + "\n", encoding="utf-8")
    return path


def main() -> None:
    """Render all calls, or the one of a queue."""
    parser = argparse.ArgumentParser(description="Render the demo calls.")
    parser.add_argument("kit", type=Path, help="folder with the unpacked kokoro-js package")
    parser.add_argument("--only", metavar="QUEUE", help="render the call of this queue only")
    options = parser.parse_args()
    reader = Reader(options.kit)
    for script in CALLS:
        if options.only in (None, script.queue):
            path = render(script, reader)
            print(f"{path.name}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
