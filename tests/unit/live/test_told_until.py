"""Where a session begins that stands in for a lost one; two parties on channels of their own."""

import numpy as np

from services.live.told_until import ToldUntil
from tests.unit.live.feeding_stand_ins import FRAMES_PER_MS, line


def on(channel: int | None, kind: str, name: str, start_ms: int, end_ms: int, text: str = "so"):
    return {**line(kind, name, start_ms, end_ms, text), "channel": channel}


def begins(until: ToldUntil, given_ms: int) -> tuple[int, int]:
    """Return from where on words may be missing, and where the next session begins."""
    return until.unheard_ms(given_ms), until.resumes_at(given_ms, given_ms)


def test_on_one_channel_it_goes_on_after_the_last_line() -> None:
    until = ToldUntil(1)
    until.take(on(None, "final", "u1", 0, 10_000))
    assert begins(until, 20_000) == (10_000, 10_000)
    until.take(on(None, "partial", "u2", 14_000, 16_000))
    assert begins(until, 20_000) == (10_000, 10_000)


def test_a_line_under_way_on_the_other_channel_is_heard_again() -> None:
    until = ToldUntil(2)
    until.take(on(1, "final", "u1", 30_000, 44_000))
    until.take(on(1, "partial", "u2", 45_000, 58_000))
    until.take(on(0, "final", "u3", 55_000, 60_000))
    assert begins(until, 61_000) == (45_000, 45_000)
    until.take(on(1, "final", "u2", 45_000, 59_000))
    assert begins(until, 61_000) == (60_000, 59_000)


def test_a_line_that_was_taken_back_is_none() -> None:
    until = ToldUntil(2)
    until.take(on(1, "partial", "u2", 45_000, 58_000))
    until.take(on(1, "partial", "u2", 45_000, 58_000, ""))
    until.take(on(0, "final", "u3", 55_000, 60_000))
    assert begins(until, 61_000) == (60_000, 57_000)


def test_what_is_told_of_one_channel_is_silence_when_the_other_is_heard_again() -> None:
    until = ToldUntil(2)
    until.take(on(1, "partial", "u2", 45, 58))
    until.take(on(0, "final", "u3", 55, 60))
    until.begin_again(45, 61)
    sound = np.ones((20 * FRAMES_PER_MS, 2), "<i2")
    again = until.hushed(sound.tobytes(), 45 * FRAMES_PER_MS, 2)
    heard = np.frombuffer(again, "<i2").reshape(-1, 2)
    assert heard[:, 0].tolist() == [0] * 15 * FRAMES_PER_MS + [1] * 5 * FRAMES_PER_MS
    assert heard[:, 1].all()
    later = until.hushed(sound.tobytes(), 60 * FRAMES_PER_MS, 2)
    assert later == sound.tobytes()
    mono = ToldUntil(1)
    mono.take(on(None, "final", "u1", 0, 100))
    mono.begin_again(50, 100)
    assert mono.hushed(sound.tobytes(), 0, 2) == sound.tobytes()


def test_a_session_that_dies_over_what_it_hears_again_leaves_that_to_the_next() -> None:
    until = ToldUntil(2)
    until.take(on(1, "partial", "u2", 45_000, 58_000))
    until.take(on(0, "final", "u3", 55_000, 60_000))
    until.begin_again(45_000, 61_000)
    assert begins(until, 52_000) == (45_000, 45_000)
    assert begins(until, 61_500) == (45_000, 45_000)
    until.take(on(1, "final", "2-u1", 45_000, 52_000))
    assert begins(until, 61_500) == (60_000, 57_000)
    assert until.unheard_ms(200_000) == 140_000


def test_gaps_are_told_once_and_for_all_and_older_silence_is_silence() -> None:
    until = ToldUntil(2)
    assert until.take({"type": "warning", "kind": "gap", "channel": None, "end_ms": 9_000})
    assert not until.take({"type": "warning", "kind": "silence", "end_ms": 50_000})
    assert begins(until, 20_000) == (9_000, 9_000)
    assert until.resumes_at(20_000, 100_000) == 40_000
