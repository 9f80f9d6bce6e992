"""Where lines begin and end.

One character is a frame of 32 ms: # voice, . silence, + half a voice.
"""

import numpy as np
import pytest

from services.engine.live.endpoints import (
    END_FRAMES,
    END_FRAMES_OF_SENTENCE,
    FRAME,
    LONG_FRAMES,
    MOST_FRAMES,
    SETTLING_FRAMES,
    Change,
    Ears,
    Endpoints,
    Gate,
    Stretch,
)

PROBABILITY = {"#": 0.9, ".": 0.05, "+": 0.4}


def changes(endpoints: Endpoints, ruler: str) -> list[tuple[int, Stretch]]:
    taken = [(at, endpoints.take(PROBABILITY[mark])) for at, mark in enumerate(ruler)]
    return [(at, stretch) for at, stretch in taken if stretch is not None]


def over(found: list[tuple[int, Stretch]]) -> list[tuple[int, int, int]]:
    return [(s.first, s.last, at) for at, s in found if s.change is Change.OVER]


def test_a_line_begins_with_voice_and_is_over_after_silence() -> None:
    found = changes(Endpoints(), "...####" + "." * 20)
    begun = next(s for _, s in found if s.change is Change.BEGUN)
    assert (begun.first, begun.start_ms) == (3, 96)
    assert over(found) == [(3, 7, 7 + END_FRAMES - 1)]


def test_a_click_is_no_line() -> None:
    assert changes(Endpoints(), "..#..#..+++..") == []


def test_a_weaker_voice_keeps_a_line_but_begins_none() -> None:
    found = changes(Endpoints(), "++##++++" + "." * 20)
    assert over(found)[0][:2] == (2, 8)


def test_silence_settles_a_line_before_it_ends_it() -> None:
    found = changes(Endpoints(), "####" + "." * SETTLING_FRAMES + "##" + "." * 20)
    told = [s.change for _, s in found if s.change is not Change.GOES_ON]
    assert told == [
        Change.BEGUN,
        Change.SETTLING,
        Change.RESUMED,
        Change.SETTLING,
        Change.OVER,
    ]
    assert over(found)[0][:2] == (0, 4 + SETTLING_FRAMES + 2)


def test_a_whole_sentence_ends_sooner_where_both_parties_share_the_channel() -> None:
    ends = []
    for is_shared in (True, False):
        endpoints = Endpoints(is_shared=is_shared)
        for mark in "####" + "." * SETTLING_FRAMES:
            endpoints.take(PROBABILITY[mark])
        endpoints.sentence_ended()
        rest = [endpoints.take(PROBABILITY["."]) for _ in range(END_FRAMES)]
        at = next(n for n, s in enumerate(rest, 1) if s and s.change is Change.OVER)
        ends.append(SETTLING_FRAMES + at)
    assert ends == [END_FRAMES_OF_SENTENCE, END_FRAMES]


def test_a_long_line_ends_at_a_short_pause() -> None:
    found = changes(Endpoints(), "#" * LONG_FRAMES + "." * 6 + "#" * 10)
    assert over(found) == [(0, LONG_FRAMES, LONG_FRAMES + 5)]


def test_a_line_without_pause_is_cut_where_it_is_least_voiced() -> None:
    weakest = MOST_FRAMES - 10
    ruler = "#" * weakest + "+" + "#" * 100
    endpoints = Endpoints()
    found = changes(endpoints, ruler)
    ((first, last, at),) = over(found)
    assert (first, last, at) == (0, weakest + 1, MOST_FRAMES - 1)
    assert endpoints.going_on == weakest + 1


def test_the_end_of_the_sound_ends_a_line() -> None:
    endpoints = Endpoints()
    changes(endpoints, "..####..")
    ended = endpoints.end()
    assert ended is not None
    assert (ended.first, ended.last) == (2, 6)
    assert endpoints.end() is None


@pytest.mark.parametrize(
    ("own", "other", "passes"),
    [(-20.0, -60.0, True), (-60.0, -20.0, False), (-40.0, -20.0, True), (-56.0, -21.0, False)],
)
def test_the_gate_holds_back_what_is_far_below_the_other_party(
    own: float, other: float, passes: bool
) -> None:
    assert Gate().lets_through(own, other) is passes


def test_the_gate_remembers_the_other_party_for_a_moment() -> None:
    gate = Gate()
    gate.lets_through(-60.0, -20.0)
    late = [gate.lets_through(-60.0, -80.0) for _ in range(8)]
    assert late[:4] == [False] * 4
    assert late[-1]


def test_silence_has_no_voice_on_any_channel() -> None:
    ears = Ears(2)
    heard = [ears.hear(np.zeros((FRAME, 2), np.float32)) for _ in range(5)]
    assert all(likely < 0.3 for row in heard for likely in row)
