"""Packing speech into windows and finding the way back to the recording."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.audio.pcm import ArrayPcm
from services.domain.intervals import covered_ms, union
from services.engine.heard import HeardWord
from services.engine.unheard import gaps_without_words, only_in, windows_for
from services.engine.windows import PADDING_MS, WINDOW_MS, Window, pack


def packed(*speech: tuple[int, int], duration_ms: int = 600_000, longest_ms: int = WINDOW_MS):
    return pack(speech, channel=0, duration_ms=duration_ms, longest_ms=longest_ms)


def test_speech_is_padded_and_silence_left_out():
    (window,) = packed((1_000, 3_000), (9_000, 10_000))
    assert window.pieces == ((800, 3_200), (8_800, 10_200))
    assert window.duration_ms == 3_800


def test_padding_stays_inside_the_recording():
    (window,) = packed((100, 900), duration_ms=1_000)
    assert window.pieces == ((0, 1_000),)


def test_windows_end_at_the_longest_late_pause():
    #  0         11      16  18      25        34
    #  ##########  #####....##  ######  ########
    windows = packed(
        (0, 11_000), (11_300, 16_000), (18_000, 18_600), (18_900, 25_000), (25_300, 34_000)
    )
    assert [w.pieces[-1][1] for w in windows] == [16_200, 34_200]


def test_windows_come_out_alike_in_length():
    #  0         20 22
    #  ########## ##     not 20 s and 2 s
    windows = packed(*((at, at + 1_900) for at in range(0, 24_000, 2_000)))
    assert len(windows) == 2
    assert min(w.duration_ms for w in windows) >= 9_000


def test_speech_without_pause_is_cut_to_fit():
    windows = packed((0, 70_000))
    assert len(windows) == 4
    assert all(w.duration_ms <= WINDOW_MS for w in windows)


speech_lists = st.lists(
    st.tuples(st.integers(0, 3_000), st.integers(60, 40_000)), min_size=1, max_size=40
)


@given(speech_lists)
def test_every_voiced_moment_lies_in_exactly_one_window(steps):
    speech, at = [], 0
    for gap, length in steps:
        speech.append((at + gap, at + gap + length))
        at += gap + length
    windows = pack(speech, channel=None, duration_ms=at + 500)
    pieces = [p for w in windows for p in w.pieces]
    assert pieces == sorted(pieces)
    assert all(a[1] <= b[0] for a, b in pairwise(pieces))
    assert all(w.duration_ms <= WINDOW_MS for w in windows)
    disjoint = union(pieces)
    assert all(covered_ms(s, disjoint) == s[1] - s[0] for s in speech)
    assert sum(w.duration_ms for w in windows) <= sum(
        e - s + 2 * PADDING_MS for s, e in union(speech)
    )


def test_times_find_their_way_back():
    window = Window(channel=None, pieces=((1_000, 2_000), (5_000, 6_000)))
    assert window.source_ms(0) == 1_000
    assert window.source_ms(999) == 1_999
    assert window.source_ms(1_000) == 5_000
    assert window.source_ms(1_000, is_end=True) == 2_000
    assert window.source_ms(1_500) == 5_500
    assert window.source_ms(9_000) == 6_000


def test_muted_intervals_are_silent_in_the_window():
    pcm = ArrayPcm(np.ones((8 * 16_000, 1), np.float32))
    window = Window(channel=0, pieces=((1_000, 2_000), (5_000, 6_000)))
    sound = window.read(pcm, muted=[(1_500, 5_500)])
    assert len(sound) == 32_000
    assert sound[:7_900].min() == pytest.approx(1.0)
    assert sound[8_100:23_900].max() == pytest.approx(0.0, abs=1e-6)
    assert sound[24_100:].min() == pytest.approx(1.0)


def word(start_ms: int, end_ms: int, text: str = " a") -> HeardWord:
    return HeardWord(text=text, start_ms=start_ms, end_ms=end_ms, confidence=0.9)


def test_speech_without_words_is_noticed():
    #  seconds   0123456789
    #  voiced    ####...###
    #  words     #........#
    words = [word(0, 1_000), word(9_000, 10_000)]
    voiced = [(0, 4_000), (7_000, 10_000)]
    gaps = gaps_without_words(words, voiced, 10_000)
    assert gaps == [(1_000, 9_000)]
    (window,) = windows_for(gaps, voiced, channel=1, duration_ms=10_000, attempt=1)
    assert window.pieces == ((800, 4_200), (6_800, 9_200))
    assert only_in([word(800, 1_000), word(2_000, 2_400), word(9_050, 9_200)], gaps) == [
        word(2_000, 2_400)
    ]


def test_silence_between_words_is_no_gap():
    words = [word(0, 1_000), word(9_000, 10_000)]
    assert gaps_without_words(words, [(0, 2_000), (8_800, 10_000)], 10_000) == []
