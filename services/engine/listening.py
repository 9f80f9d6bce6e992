"""First listening to a channel: levels, speech, echo of the other party, music."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from services.audio.levels import LEVEL_FRAME_MS, Levels, frame_levels
from services.audio.recording import PcmReader
from services.domain.intervals import Interval
from services.engine.echo import echo_frames
from services.engine.holds import music_intervals
from services.engine.voice_activity import Probabilities, VoiceActivity
from services.engine.voiced import (
    Mask,
    likely_speech,
    noise_level,
    on_level_grid,
    runs,
    voiced_spans,
)


@dataclass(frozen=True, kw_only=True)
class Listened:
    """What a channel (None: the mix) holds, in frames of 10 ms and in intervals.

    ``speech`` leaves out music and the other party's ``echo``; ``spans`` are exact.
    """

    channel: int | None
    levels: Levels
    speech: Mask
    spans: tuple[Interval, ...]
    music: tuple[Interval, ...]
    echo: tuple[Interval, ...] = ()


def listen(pcm: PcmReader, activity: VoiceActivity, channel: int | None = None) -> Listened:
    """Listen to one channel by itself, or to the mix."""
    levels, probabilities = hear(pcm, activity, channel)
    return _listened(channel, levels, probabilities, np.zeros(len(levels), bool))


def listen_to_pair(
    pcm: PcmReader, activity: VoiceActivity, leaks_db: Sequence[float | None]
) -> tuple[Listened, Listened]:
    """Listen to two channels, each against the other: echo is neither speech nor music.

    ``leaks_db`` holds the echo's level on each channel against its origin where it was measured.
    """
    with ThreadPoolExecutor(2) as pool:
        heard = list(pool.map(lambda channel: hear(pcm, activity, channel), (0, 1)))
    first, second = (
        _listened(
            channel,
            *heard[channel],
            echo_frames(heard[channel][0], heard[1 - channel][0], leaks_db[channel]),
        )
        for channel in (0, 1)
    )
    return first, second


def hear(
    pcm: PcmReader, activity: VoiceActivity, channel: int | None
) -> tuple[Levels, Probabilities]:
    """Return levels and speech probabilities of a channel, one each per 10 ms."""
    levels = frame_levels(pcm, channel)
    return levels, on_level_grid(activity.probabilities(pcm, channel), len(levels))


def mask_of(intervals: Sequence[Interval], frames: int) -> Mask:
    """Return a mask of 10 ms frames that lie in the intervals."""
    mask = np.zeros(frames, bool)
    for start, end in intervals:
        mask[start // LEVEL_FRAME_MS : -(-end // LEVEL_FRAME_MS)] = True
    return mask


def _listened(
    channel: int | None, levels: Levels, probabilities: Probabilities, echo: Mask
) -> Listened:
    speech = likely_speech(np.where(echo, np.float32(0.0), probabilities))
    music = music_intervals(np.where(echo, levels.min(initial=0.0), levels), speech)
    speech &= ~mask_of(music, len(speech))
    playing = mask_of(music, len(speech))
    noise = noise_level(levels, speech | playing)
    spans = voiced_spans(speech, levels, barred=echo | playing, noise_dbfs=noise)
    return Listened(
        channel=channel,
        levels=levels,
        speech=speech,
        spans=tuple(spans),
        music=tuple(music),
        echo=tuple((s * LEVEL_FRAME_MS, e * LEVEL_FRAME_MS) for s, e in runs(echo)),
    )
