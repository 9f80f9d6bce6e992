"""Diarization errors, on drawn rulers: one character is 500 ms."""

import pytest

from bench.scoring.speakers import (
    COLLAR_MS,
    DiarizationErrors,
    diarization_errors,
    overlap_ms,
    pair_speakers,
    stretches,
    talk_ms,
)
from services.domain.speech import Span
from tests.unit.bench.rulers import spans

TALK = """
    agent     ####....####....
    customer  ....####....####
"""


def errors(true: str, heard: str, collar_ms: int = 0) -> DiarizationErrors:
    return diarization_errors(stretches(spans(true), spans(heard), collar_ms=collar_ms))


class TestErrors:
    def test_other_names_are_no_error(self) -> None:
        heard = """
            s2        ####....####....
            s1        ....####....####
        """
        assert errors(TALK, heard) == DiarizationErrors(
            speech_ms=8_000, missed_ms=0, false_alarm_ms=0, confusion_ms=0
        )

    def test_missed_false_alarm_and_confusion_are_told_apart(self) -> None:
        heard = """
            x         ##......##......
            y         ....#####...####
            z         ..............##
        """
        # missed:       ##         ##....        agent unheard at 1 s and at 5.5 s
        # confusion:            #                y where the agent speaks
        # false alarm:                    ##     z beside the customer
        found = errors(TALK, heard)
        assert found.missed_ms == 1_000 + 1_000
        assert found.false_alarm_ms == 500 + 1_000
        assert found.confusion_ms == 0

    def test_the_wrong_voice_is_confusion_not_a_miss(self) -> None:
        heard = """
            x         ####....##......
            y         ....####..######
        """
        found = errors(TALK, heard)
        assert (found.missed_ms, found.false_alarm_ms, found.confusion_ms) == (0, 0, 1_000)
        assert found.rate == pytest.approx(1_000 / 8_000)

    def test_speech_at_once_counts_for_each_speaker(self) -> None:
        true = """
            agent     ######..
            customer  ....####
        """
        heard = "x    ######.."
        found = errors(true, heard)
        assert found.speech_ms == 5_000
        assert found.missed_ms == 2_000

    def test_one_voice_for_two_speakers_confuses_the_lesser(self) -> None:
        found = errors(TALK.replace("....####....####", "....####........"), "x  ############....")
        assert (found.missed_ms, found.confusion_ms) == (0, 2_000)

    def test_without_true_speech_there_is_no_rate(self) -> None:
        found = errors("", "x  ##")
        assert (found.false_alarm_ms, found.rate) == (1_000, None)

    def test_nothing_heard_is_all_missed(self) -> None:
        assert errors(TALK, "").rate == 1.0


class TestCollar:
    def test_edges_within_the_collar_cost_nothing(self) -> None:
        true = (Span(speaker="agent", start_ms=2_000, end_ms=6_000),)
        heard = (Span(speaker="x", start_ms=1_750, end_ms=6_250),)
        found = diarization_errors(stretches(true, heard, collar_ms=COLLAR_MS))
        assert found.rate == 0.0
        assert found.speech_ms == 4_000 - 2 * COLLAR_MS

    def test_what_is_beyond_the_collar_costs_the_rest(self) -> None:
        found = errors("agent  ....########", "x      .....#######", collar_ms=COLLAR_MS)
        # true    |....########|   the start is heard one character, 500 ms, late:
        # heard   |.....#######|   250 ms of it lie within the collar
        assert found.missed_ms == 250
        assert found.speech_ms == 4_000 - 2 * COLLAR_MS

    def test_short_speech_can_vanish_in_collars(self) -> None:
        found = errors("agent  ....#...", "x      ........", collar_ms=COLLAR_MS)
        assert (found.speech_ms, found.rate) == (0, None)


class TestPairs:
    def test_the_best_pairing_is_not_the_greedy_one(self) -> None:
        true = """
            agent     #####...
            customer  .....##.
        """
        heard = """
            x         ###..##.
            y         ...##...
        """
        # greedy: agent = x (1.5 s), customer has nobody left; together best: agent = y, 1 s more
        pairs = pair_speakers(stretches(spans(true), spans(heard)))
        assert pairs == {"agent": "y", "customer": "x"}

    def test_who_never_speaks_together_is_no_pair(self) -> None:
        scene = stretches(spans("agent  ##.."), spans("x  ..##"))
        assert pair_speakers(scene) == {}


def test_overlap_is_of_the_truth_and_talk_counts_own_overlaps_once() -> None:
    true = """
        agent     ####....
        customer  ..####..
    """
    assert overlap_ms(stretches(spans(true), spans("x  ########"))) == 1_000
    twice = (*spans("agent  ####...."), *spans("agent  ..####.."))
    assert talk_ms(twice) == {"agent": 3_000}
