"""A line's sound, with the air around it and without what is the next line's."""

import numpy as np
import pytest

from services.audio.recording import FRAMES_PER_MS
from services.engine.live.endpoints import FRAME
from services.engine.live.line import AIR_MS, Line, LineSound
from services.engine.live.quick import QuickCaptioner


def line(frames: int = 10) -> Line:
    """Voice in frames 102 to 107 of the call, sound from 100 on; samples are frame numbers."""
    return Line(
        id="one",
        channel=0,
        first=102,
        last=108,
        captioner=QuickCaptioner.__new__(QuickCaptioner),
        begins=100,
        frames=[np.full(FRAME, 100 + n, np.float32) for n in range(frames)],
    )


def numbers(samples: np.ndarray) -> list[int]:
    return sorted({int(one) for one in samples})


def test_the_sound_of_a_line_begins_before_its_voice_and_goes_on_after_it() -> None:
    sound = line().sound
    assert sound.begins_ms == 3_200
    assert numbers(sound.samples) == list(range(100, 110))
    assert numbers(line().voice) == list(range(102, 108))


def test_what_follows_a_cut_is_the_next_line_s() -> None:
    one = line()
    one.cut_after(one.last)
    assert numbers(one.sound.samples) == list(range(100, 108))
    assert numbers(one.voice) == list(range(102, 108))


@pytest.mark.parametrize(
    ("start_ms", "end_ms", "begins_ms", "ends_ms"),
    [
        (1_500, 1_800, 1_500 - AIR_MS, 1_800 + AIR_MS),
        (1_100, 1_800, 1_000, 1_800 + AIR_MS),
        (1_500, 1_950, 1_500 - AIR_MS, 2_000),
    ],
)
def test_a_part_has_so_much_air_as_there_is(
    start_ms: int, end_ms: int, begins_ms: int, ends_ms: int
) -> None:
    """Sound from 1,000 to 2,000 ms; each sample is its own millisecond."""
    at = np.repeat(np.arange(1_000, 2_000, dtype=np.float32), FRAMES_PER_MS)
    part = LineSound(begins_ms=1_000, samples=at).around(start_ms, end_ms)
    assert part.begins_ms == begins_ms
    assert part.samples[0] == begins_ms
    assert part.samples[-1] == ends_ms - 1
