"""Who speaks in a live call: guesses, second thoughts, and numbers that stay."""

from itertools import pairwise

import numpy as np
import pytest

from services.engine.live.voices import LiveVoices, VoicePiece
from services.engine.speakers.clustering import VoiceCount
from tests.unit.engine.live.voice_sounds import AXES, OVERLAP, VoiceModels, said, voice

FAR = 11_000
"""So far apart that the window of 10 s holds one stretch only."""


def alike(cosine: float):
    """Two voices with this cosine to each other."""
    return [AXES[0], cosine * AXES[0] + np.sqrt(1 - cosine**2) * AXES[1]]


def speakers(pieces) -> list[int]:
    return [piece.speaker for piece in pieces]


def pieces(*rows: tuple[int, int, int]) -> tuple[VoicePiece, ...]:
    return tuple(VoicePiece(start_ms=a, end_ms=b, speaker=s) for a, b, s in rows)


def near(found, wanted, *, within_ms: int = 60) -> bool:
    return speakers(found) == speakers(wanted) and all(
        abs(a.start_ms - b.start_ms) <= within_ms and abs(a.end_ms - b.end_ms) <= within_ms
        for a, b in zip(found, wanted, strict=True)
    )


def test_voices_are_numbered_as_they_are_first_heard():
    voices = LiveVoices(VoiceModels())
    heard = [
        voices.hear("l1", 0, voice(3, 2_000)),
        voices.hear("l2", 2_500, voice(1, 2_000)),
        voices.hear("l3", 5_000, voice(3, 1_500)),
        voices.hear("l4", 30_000, voice(1, 1_500)),
    ]
    assert [speakers(found) for found in heard] == [[0], [1], [0], [1]]
    assert heard[1] == pieces((2_500, 4_500, 1))


def test_an_exchange_without_a_pause_is_cut_where_the_voice_changes():
    #  ms      1_000 ... 3_000 ... 4_500 ... 7_000
    #  voice   0000000000 11111111 000000000
    voices = LiveVoices(VoiceModels())
    found = voices.hear("l1", 1_000, said((0, 2_000), (1, 1_500), (0, 2_500)))
    assert near(found, pieces((1_000, 3_000, 0), (3_000, 4_500, 1), (4_500, 7_000, 0)))
    assert found[0].start_ms == 1_000
    assert found[-1].end_ms == 7_000
    assert all(a.end_ms == b.start_ms for a, b in pairwise(found))


@pytest.mark.parametrize("parts", [((0, 3_000), (1, 3_000)), ((1, 2_000), (0, 4_500))])
def test_a_change_that_the_network_does_not_hear_is_found_by_the_voices(parts):
    voices = LiveVoices(VoiceModels(is_deaf_to_changes=True))
    voices.hear("l1", 0, voice(0, 4_000))
    voices.hear("l2", FAR, voice(1, 4_000))
    found = voices.hear("l3", 2 * FAR, said(*parts))
    (first, first_ms), (second, _) = parts
    end_ms = 2 * FAR + sum(ms for _, ms in parts)
    change_ms = 2 * FAR + first_ms
    wanted = pieces((2 * FAR, change_ms, first), (change_ms, end_ms, second))
    assert near(found, wanted, within_ms=1_000)


def test_one_voice_is_not_cut_where_it_sounds_a_little_like_another():
    models = VoiceModels([AXES[0], AXES[1], 0.75 * AXES[0] + 0.66 * AXES[1]])
    models.is_deaf_to_changes = True
    voices = LiveVoices(models)
    voices.hear("l1", 0, voice(0, 4_000))
    voices.hear("l2", FAR, voice(1, 4_000))
    assert len(voices.hear("l3", 2 * FAR, said((2, 2_500), (1, 2_500)))) == 1


def test_a_slip_of_the_network_does_not_cut_a_line():
    voices = LiveVoices(VoiceModels())
    found = voices.hear("l1", 0, said((0, 2_000), (1, 150), (0, 2_000)))
    assert found == pieces((0, 4_150, 0))


def test_who_talks_into_a_line_does_not_get_it():
    voices = LiveVoices(VoiceModels())
    voices.hear("l1", 0, said((0, 1_500), (1, 1_500)))
    found = voices.hear("l2", 3_200, said((1, 1_500), (OVERLAP, 600), (1, 1_000)))
    assert found == pieces((3_200, 6_300, 1))


def test_a_stretch_longer_than_the_window_is_heard_whole():
    voices = LiveVoices(VoiceModels())
    found = voices.hear("l1", 500, said((0, 13_000), (1, 12_000)))
    assert near(found, pieces((500, 13_500, 0), (13_500, 25_500, 1)))


def test_a_breath_too_short_for_a_voiceprint_stays_with_the_voice_before_it():
    voices = LiveVoices(VoiceModels())
    voices.hear("l1", 0, voice(0, 2_000))
    voices.hear("l2", 2_500, voice(1, 2_000))
    assert speakers(voices.hear("l3", 20_000, voice(0, 100))) == [1]


def test_a_click_at_the_very_start_is_somebody_and_does_no_harm():
    voices = LiveVoices(VoiceModels())
    assert voices.hear("l1", 100, voice(3, 20)) == pieces((100, 120, 0))
    assert voices.regroup() == ()
    assert speakers(voices.hear("l2", 1_000, voice(1, 2_000))) == [0]


def test_alike_voices_that_the_window_knows_apart_are_two():
    voices = LiveVoices(VoiceModels(alike(0.55)))
    voices.hear("l1", 0, voice(0, 3_000))
    assert speakers(voices.hear("l2", 3_500, voice(1, 3_000))) == [1]


def test_what_got_stuck_at_one_speaker_is_told_apart_when_all_is_grouped_anew():
    voices = LiveVoices(VoiceModels(alike(0.5)))
    stuck = [voices.hear(f"l{n}", n * FAR, voice(n % 2, 3_000)) for n in range(6)]
    assert {s for found in stuck for s in speakers(found)} == {0}
    changed = voices.regroup()
    assert [c.stretch for c in changed] == ["l1", "l3", "l5"]
    assert changed[0].pieces == pieces((FAR, FAR + 3_000, 1))
    assert voices.regroup() == ()
    assert speakers(voices.hear("l6", 6 * FAR, voice(1, 2_000))) == [1]
    assert speakers(voices.hear("l7", 7 * FAR, voice(0, 2_000))) == [0]


def test_a_part_of_a_line_can_change_hands():
    models = VoiceModels(alike(0.5))
    voices = LiveVoices(models)
    for n in range(4):
        voices.hear(f"l{n}", n * FAR, voice(0, 3_000))
    voices.hear("l4", 4 * FAR, voice(1, 4_000))
    voices.hear("mixed", 5 * FAR, said((0, 3_000), (1, 3_000)))
    changed = {c.stretch: c.pieces for c in voices.regroup()}
    start = 5 * FAR
    wanted = pieces((start, start + 3_000, 0), (start + 3_000, start + 6_000, 1))
    assert speakers(changed["l4"]) == [1]
    assert near(changed.get("mixed", wanted), wanted)


def test_numbers_stay_when_everything_is_grouped_anew():
    voices = LiveVoices(VoiceModels())
    order = [4, 2, 4, 4, 2, 2, 4]
    for n, number in enumerate(order):
        voices.hear(f"l{n}", n * 4_000, voice(number, 3_000))
    assert voices.regroup() == ()
    assert speakers(voices.hear("x", 60_000, voice(2, 2_000))) == [1]


def test_one_voice_stays_one_though_two_are_expected():
    voices = LiveVoices(VoiceModels())
    found = [voices.hear(f"l{n}", n * 3_000, voice(0, 2_000)) for n in range(8)]
    assert {s for pieces_ in found for s in speakers(pieces_)} == {0}
    assert voices.regroup() == ()


def test_a_third_voice_gets_a_number_when_it_has_earned_it():
    voices = LiveVoices(VoiceModels())
    for n, number in enumerate([0, 1, 0, 1, 2, 2, 2, 2]):
        voices.hear(f"l{n}", n * FAR, voice(number, 4_000))
    changed = voices.regroup()
    assert [c.stretch for c in changed] == ["l4", "l5", "l6", "l7"]
    assert {s for c in changed for s in speakers(c.pieces)} == {2}
    assert speakers(voices.hear("x", 200_000, voice(2, 2_000))) == [2]


@pytest.mark.parametrize(
    ("count", "wanted"),
    [
        (VoiceCount(least=1, most=1), {0}),
        (VoiceCount(least=1, most=2), {0, 1}),
        (VoiceCount(least=3, most=3), {0, 1, 2}),
    ],
)
def test_as_many_speakers_as_the_options_let_there_be(count, wanted):
    voices = LiveVoices(VoiceModels(), count)
    told: dict[str, list[int]] = {}
    for n in range(9):
        told[f"l{n}"] = speakers(voices.hear(f"l{n}", n * FAR, voice(n % 3, 3_000)))
    assert {s for found in told.values() for s in found} == wanted
    told |= {c.stretch: speakers(c.pieces) for c in voices.regroup()}
    assert {s for found in told.values() for s in found} == wanted


def test_grouping_anew_is_due_after_enough_new_speech():
    voices = LiveVoices(VoiceModels())
    voices.hear("l1", 0, voice(0, 8_000))
    assert not voices.is_due
    voices.hear("l2", 8_500, voice(1, 5_000))
    assert voices.is_due
    voices.regroup()
    assert not voices.is_due


def test_nothing_heard_yet():
    assert LiveVoices(VoiceModels()).regroup() == ()


def test_of_a_long_line_only_some_is_heard():
    models = VoiceModels()
    LiveVoices(models).hear("l1", 0, voice(0, 9_000))
    assert models.rows_heard * 80 < 4_000
