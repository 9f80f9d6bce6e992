"""Voices: their grouping, their activity over windows, and the words given to them."""

import numpy as np
import pytest

from services.engine.heard import HeardWord
from services.engine.speakers.activity import (
    HOP_FRAMES,
    STEP_MS,
    LocalVoices,
    step_ms,
    whole_activity,
    window_starts,
)
from services.engine.speakers.attribution import attribute
from services.engine.speakers.clustering import (
    VoiceCount,
    group_voices,
    link_groups,
    nearest,
)
from services.engine.speakers.models import POWERSET, SEGMENT_FRAMES, unit
from services.engine.speakers.onnx_wire import _entry, _fields, with_outputs


def prints(*groups: tuple[int, int], spread: float = 0.03, seed: int = 1):
    """Voiceprints around one random direction per group: (voice, how many)."""
    rng = np.random.default_rng(seed)
    voices = unit(rng.normal(size=(8, 256)).astype(np.float32))
    rows = [
        unit(voices[voice] + spread * rng.normal(size=256)) for voice, n in groups for _ in range(n)
    ]
    return np.stack(rows).astype(np.float32)


def seconds(count: int, each: float = 2.0):
    return np.full(count, each)


def test_two_voices_are_found():
    points = prints((0, 12), (1, 7))
    centres = group_voices(points, seconds(19), VoiceCount())
    assert len(centres) == 2
    labels = nearest(points, centres)
    assert len(set(labels[:12])) == len(set(labels[12:])) == 1
    assert labels[0] != labels[12]


def test_one_voice_stays_one():
    assert len(group_voices(prints((0, 15)), seconds(15), VoiceCount())) == 1


def test_a_third_voice_has_to_earn_it():
    assert len(group_voices(prints((0, 12), (1, 12), (2, 1)), seconds(25), VoiceCount())) == 2
    assert len(group_voices(prints((0, 12), (1, 12), (2, 9)), seconds(33), VoiceCount())) == 3


def test_an_odd_print_does_not_take_the_place_of_a_voice():
    points = prints((0, 12), (1, 12), (5, 1))
    centres = group_voices(points, seconds(25), VoiceCount())
    labels = nearest(points, centres)
    assert labels[0] != labels[12]


@pytest.mark.parametrize("expected", [1, 2, 3, 5])
def test_the_expected_number_is_kept_when_there_are_as_many(expected):
    points = prints(*((voice, 6) for voice in range(5)))
    known = VoiceCount(least=expected, most=expected)
    assert len(group_voices(points, seconds(30), known)) == expected


def test_nobody_and_a_single_print():
    assert len(group_voices(np.zeros((0, 256), np.float32), seconds(0), VoiceCount())) == 0
    assert len(group_voices(prints((0, 1)), seconds(1), VoiceCount())) == 1


def test_parts_are_linked_by_voice():
    first, second = prints((0, 1), (1, 1)), prints((1, 1), (0, 1), seed=1)
    labels = link_groups([first, second], [seconds(2, 60), seconds(2, 60)], VoiceCount())
    assert labels[0][0] == labels[1][1]
    assert labels[0][1] == labels[1][0]
    assert labels[0][0] != labels[0][1]


def test_nobody_is_cut_in_two_to_make_up_the_number_over_parts():
    part = VoiceCount(least=2, most=2).in_a_part()
    assert (part.least, part.most) == (1, 2)
    count = VoiceCount(least=2, most=2).over_parts(1)
    parts = [prints((0, 1)), prints((0, 1), seed=1)]
    labels = link_groups(parts, [seconds(1, 60), seconds(1, 60)], count)
    assert labels[0][0] == labels[1][0]


def test_more_than_two_are_sought_for_in_each_part():
    assert VoiceCount(least=3, most=3).in_a_part() == VoiceCount(least=3, most=3)
    parts = [prints((0, 1), (1, 1), (2, 1)), prints((0, 1), (2, 1), (1, 1), seed=1)]
    labels = link_groups(parts, [seconds(3, 60)] * 2, VoiceCount(least=3, most=3))
    assert [labels[0][i] for i in (0, 2, 1)] == list(labels[1])


def test_windows_cover_everything():
    assert window_starts(1).tolist() == [0]
    assert window_starts(160_000).tolist() == [0]
    assert window_starts(160_001).tolist() == [0, HOP_FRAMES]


def local(*rulers: str) -> LocalVoices:
    """Windows drawn with a character a second: the local voice that is active (``+``: 0 and 1)."""
    classes = {".": 0, "0": 1, "1": 2, "2": 3, "+": 4}
    hard = np.stack(
        [
            np.repeat(POWERSET[[classes[c] for c in ruler]], SEGMENT_FRAMES // 10 + 1, axis=0)[
                :SEGMENT_FRAMES
            ]
            for ruler in rulers
        ]
    )
    starts = np.arange(len(rulers)) * HOP_FRAMES * 4
    return LocalVoices(starts=starts, soft=hard, hard=hard)


def test_activity_follows_each_windows_own_numbering():
    heard = local("0000....11", "1111..0000")
    active = whole_activity(heard, np.array([[0, 1, -1], [1, 0, -1]]), 2)
    at = [int(s * 1000 / STEP_MS) for s in (2.0, 6.0, 9.0, 12.0, 15.0, 18.0)]
    assert active[at].tolist() == [
        [True, False],
        [False, False],
        [False, True],
        [True, False],
        [False, False],
        [False, True],
    ]


def test_overlapping_speech_stays_two_voices():
    active = whole_activity(local("00++++11.."), np.array([[0, 1, -1]]), 2)
    assert active[int(4_000 / STEP_MS)].tolist() == [True, True]
    assert active[int(1_000 / STEP_MS)].tolist() == [True, False]


def test_local_voices_of_one_speaker_count_once():
    active = whole_activity(local("00++++11.."), np.array([[0, 0, -1]]), 1)
    assert active[int(4_000 / STEP_MS)].tolist() == [True]


def test_steps_are_placed_at_the_middle_of_their_field():
    assert step_ms(0) == pytest.approx(22, abs=1)
    assert step_ms(100) == pytest.approx(22 + 1687, abs=2)


def word(start_ms: int, end_ms: int) -> HeardWord:
    return HeardWord(text=" a", start_ms=start_ms, end_ms=end_ms, confidence=0.9)


def test_words_go_to_the_voice_that_says_them():
    #  voice 0  ####......##
    #  voice 1  ...#####....
    voices = [[(0, 400), (1_000, 1_200)], [(300, 800)]]
    words = [word(50, 150), word(250, 380), word(390, 700), word(820, 900), word(1_010, 1_100)]
    assert attribute(words, voices) == (0, 0, 1, 1, 0)


def test_words_far_from_any_voice_belong_to_nobody():
    assert attribute([word(5_000, 5_200)], [[(0, 400)]]) == (None,)
    assert attribute([word(0, 100)], []) == (None,)


def test_a_word_as_near_to_two_voices_belongs_to_nobody():
    #  voice 0  ####..........
    #  voice 1  .........#####
    #  words    .....w.....
    voices = [[(0, 400)], [(900, 1_400)]]
    assert attribute([word(600, 700)], voices) == (None,)
    # ... unless it follows right on a word of one of them
    assert attribute([word(300, 400), word(600, 700)], voices) == (0, 0)


def test_a_stretch_that_could_be_anybodys_keeps_its_words_from_all():
    #  voice 0  ####..####
    #  nobody   ....##....
    voices = [[(0, 400), (600, 1_000)], [(2_000, 3_000)]]
    words = [word(300, 400), word(420, 580), word(620, 800)]
    assert attribute(words, voices, [(400, 600)]) == (0, None, 0)


def test_where_both_talk_the_sentence_goes_on():
    voices = [[(0, 1_000)], [(500, 1_500)]]
    assert attribute([word(300, 480), word(520, 700), word(1_100, 1_300)], voices) == (0, 0, 1)
    assert attribute([word(1_200, 1_300), word(700, 900)], voices) == (1, 1)


def test_further_outputs_are_added_to_a_model():
    inner = _entry(1, _entry(4, b"Identity"))
    node = _entry(4, b"If") + _entry(5, _entry(1, b"then_branch") + _entry(6, inner))
    model = b"\x08\x07" + _entry(7, _entry(1, node) + _entry(2, b"main"))
    changed = with_outputs(model, ["deep/inside"])
    (graph,) = [c for n, _, c in _fields(changed) if n == 7]
    fields = [(n, c) for n, _, c in _fields(graph)]
    assert (12, _entry(1, b"deep/inside")) in fields
    assert (2, b"main") in fields
    (rewritten,) = [c for n, c in fields if n == 1]
    assert b"inner" in rewritten
    assert with_outputs(changed, []) == changed
