"""Chunks in order: what is new, what is missing, and how much time a gap stands for."""

import random

import pytest

from services.domain.errors import InvalidRequest
from services.live.sound_sequence import (
    MOST_CHUNK_FRAMES,
    CallClock,
    SoundMissing,
    SoundSequence,
)

FRAMES_PER_S = 16_000


def sound(first: int, last: int) -> bytes:
    return b"".join((frame % 65_536).to_bytes(2, "little") for frame in range(first, last))


def test_only_what_is_new_is_taken() -> None:
    order = SoundSequence(channels=1)
    assert order.new_of(0, sound(0, 10)) == sound(0, 10)
    order.taken(sound(0, 10))
    assert order.next_frame == 10
    assert order.new_of(5, sound(5, 15)) == sound(10, 15)
    assert order.new_of(0, sound(0, 10)) == b""
    assert order.new_of(3, b"") == b""


def test_a_hole_is_noticed() -> None:
    order = SoundSequence(channels=1, next_frame=10)
    with pytest.raises(SoundMissing):
        order.new_of(11, sound(11, 12))


@pytest.mark.parametrize(
    ("frame", "pcm"), [(-1, b"ab"), (0, b"abc"), (0, bytes(2 * MOST_CHUNK_FRAMES + 2))]
)
def test_what_is_no_chunk_is_refused(frame: int, pcm: bytes) -> None:
    with pytest.raises(InvalidRequest):
        SoundSequence(channels=1).new_of(frame, pcm)


def test_two_channels_make_one_frame() -> None:
    order = SoundSequence(channels=2)
    order.taken(b"llrrllrr")
    assert order.next_frame == 2
    assert order.new_of(1, b"llrrLLRR") == b"LLRR"
    with pytest.raises(InvalidRequest):
        order.new_of(2, b"ll")


def test_nothing_is_taken_beyond_the_end() -> None:
    order = SoundSequence(channels=1)
    order.taken(sound(0, 10))
    order.end_at(15)
    assert not order.is_complete
    new = order.new_of(8, sound(8, 20))
    assert new == sound(10, 15)
    order.taken(new)
    assert order.is_complete
    assert order.new_of(30, sound(30, 40)) == b""


def test_an_end_before_what_has_come_keeps_it_and_the_first_end_counts() -> None:
    order = SoundSequence(channels=1, next_frame=10)
    order.end_at(3)
    order.end_at(50)
    assert order.is_complete


def test_any_order_of_sending_gives_the_same_sound() -> None:
    dice = random.Random(3)
    for _ in range(200):
        order, stored, whole = SoundSequence(channels=1), b"", sound(0, 300)
        while len(stored) < len(whole):
            first = dice.randrange(0, 300)
            piece = sound(first, min(300, first + dice.randrange(1, 60)))
            try:
                new = order.new_of(first, piece)
            except SoundMissing:
                assert first > order.next_frame
                continue
            order.taken(new)
            stored += new
        assert stored == whole


# One character is a second: what was spoken, and when it came.


def test_a_gap_is_the_time_since_the_last_sound_was_spoken() -> None:
    clock = CallClock()
    clock.heard(10 * FRAMES_PER_S, 110.0)
    assert clock.missing_frames(10 * FRAMES_PER_S, 117.0, 600_000) == 7 * FRAMES_PER_S


def test_sound_that_came_late_does_not_make_the_gap_shorter() -> None:
    clock = CallClock()
    clock.heard(5 * FRAMES_PER_S, 105.0)
    clock.heard(10 * FRAMES_PER_S, 116.0)
    assert clock.missing_frames(10 * FRAMES_PER_S, 117.0, 600_000) == 7 * FRAMES_PER_S


def test_pauses_are_no_gap() -> None:
    clock = CallClock()
    clock.heard(10 * FRAMES_PER_S, 110.0)
    clock.pause(110.0)
    assert clock.missing_frames(10 * FRAMES_PER_S, 150.0, 600_000) == 0
    clock.resume(150.0)
    clock.heard(12 * FRAMES_PER_S, 152.0)
    assert clock.missing_frames(12 * FRAMES_PER_S, 155.0, 600_000) == 3 * FRAMES_PER_S


def test_a_gap_has_an_end_and_the_clock_goes_on_from_there() -> None:
    clock = CallClock()
    clock.heard(0, 100.0)
    assert clock.missing_frames(0, 5000.0, 600_000) == 600 * FRAMES_PER_S
    assert clock.missing_frames(600 * FRAMES_PER_S, 5002.0, 600_000) == 2 * FRAMES_PER_S


def test_before_any_sound_nothing_is_missing() -> None:
    assert CallClock().missing_frames(0, 50.0, 600_000) == 0


def test_sound_is_late_that_was_spoken_a_while_before_it_came() -> None:
    """Late counts from the chunk that came soonest after it was spoken."""
    clock = CallClock()
    assert not clock.is_late(0, 7.0)
    clock.heard(16_000, 101.0)
    assert not clock.is_late(32_000, 102.3)
    assert clock.is_late(32_000, 103.0)
