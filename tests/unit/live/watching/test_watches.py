"""What a live call is warned of, on calls drawn as rulers: a character is a second."""

from itertools import pairwise

import pytest

from services.domain.live_warnings import WarningKind
from services.live.watching.options import WatchOptions
from services.live.watching.watches import MonologueWatch, MoodWatch, OverlapWatch, SilenceWatch
from tests.unit.live.rulers import (
    NO_SLACK,
    SECOND_MS,
    begin,
    drawn,
    hear,
    mood,
    said,
    so_far,
    up_to,
)

OPTIONS = WatchOptions(silence_ms=5_000, monologue_ms=20_000, overlap_ms=3_000)


def watched(watch, *rows, until_s=None, slack_ms=NO_SLACK, unrecorded=()):
    """Look once a second as the call goes on; return (second, warning)."""
    lines = drawn(*rows)
    told = []
    for second in range(1, (until_s or len(rows[0])) + 1):
        call = so_far(*up_to(lines, second * SECOND_MS))
        for start_s, end_s in unrecorded:
            call.not_recorded(start_s * SECOND_MS, end_s * SECOND_MS)
        scene = call.scene(second * SECOND_MS, slack_ms)
        told += [(second, warning) for warning in watch.look(scene)]
    return told


class TestLongSilence:
    def test_is_told_once_while_it_lasts(self):
        #          0         1         2
        told = watched(
            SilenceWatch(OPTIONS),
            "aaa..................ccc",
        )
        ((second, warning),) = told
        assert second == 9
        assert warning.kind is WarningKind.SILENCE
        assert (warning.start_ms, warning.end_ms, warning.speaker) == (3_000, 9_000, None)

    def test_of_five_seconds_is_none(self):
        assert not watched(SilenceWatch(OPTIONS), "aaa.....ccc.....aaa.....ccc")

    def test_is_told_again_after_a_voice(self):
        told = watched(SilenceWatch(OPTIONS), "aaa........ccc........aaa")
        assert [second for second, _ in told] == [9, 20]
        assert len({warning.id for _, warning in told}) == 2

    def test_before_the_first_voice_is_none(self):
        assert not watched(SilenceWatch(OPTIONS), "...................aaa")

    def test_waits_for_words_that_may_be_on_their_way(self):
        told = watched(SilenceWatch(OPTIONS), "aaa.............", slack_ms=2_000)
        assert [second for second, _ in told] == [11]

    def test_that_is_over_before_it_is_sure_is_told_once_it_is(self):
        #                                      0         1         2
        told = watched(SilenceWatch(OPTIONS), "aaa......cccccccccc......aaaa", slack_ms=2_000)
        assert [(second, w.start_ms, w.end_ms) for second, w in told] == [
            (11, 3_000, 9_000),
            (27, 19_000, 25_000),
        ]

    def test_that_was_told_while_it_lasted_is_not_told_again(self):
        row = "aaa............ccccccccccccc"
        assert [s for s, _ in watched(SilenceWatch(OPTIONS), row, slack_ms=2_000)] == [11]

    def test_that_was_asked_for_is_a_hold(self):
        call = so_far(said("a", 0, 3, "could you hold for me please"))
        watch = SilenceWatch(OPTIONS)
        assert not [w for s in range(4, 60) for w in watch.look(call.scene(s * SECOND_MS, 0))]

    def test_that_was_not_recorded_is_none(self):
        row = "aaa..................ccc"
        assert not watched(SilenceWatch(OPTIONS), row, unrecorded=[(4, 20)])
        told = watched(SilenceWatch(OPTIONS), row, unrecorded=[(4, 8)])
        assert [second for second, _ in told] == [13]

    def test_goes_on_when_the_last_line_is_refined(self):
        watch = SilenceWatch(OPTIONS)
        before, after = so_far(said("a", 0, 3)), so_far(said("a", 0, 3.4))
        assert watch.look(before.scene(9_000, 0))
        assert not watch.look(after.scene(10_000, 0))

    def test_is_over_while_an_unfinished_line_is_heard(self):
        call = so_far(said("a", 0, 3))
        begin(call, said("c", 6, 9))
        assert not SilenceWatch(OPTIONS).look(call.scene(9_000, 0))


class TestSilenceInTheSound:
    def look(self, watch, call, second, slack_ms=NO_SLACK):
        return list(watch.look(call.scene(second * SECOND_MS, slack_ms)))

    def test_is_none_while_a_voice_is_heard_whose_words_have_not_come(self):
        watch, call = SilenceWatch(OPTIONS), so_far(said("a", 0, 3))
        for second in range(4, 19):
            call.hear_voice([(3_000, second * SECOND_MS)], second * SECOND_MS)
            assert not self.look(watch, call, second)

    def test_is_told_once_the_voice_has_ended(self):
        watch, call, told = SilenceWatch(OPTIONS), so_far(), []
        for second in range(1, 20):
            call.hear_voice([(0, min(second, 8) * SECOND_MS)], second * SECOND_MS)
            told += [(second, w.start_ms) for w in self.look(watch, call, second)]
        assert told == [(14, 8_000)]

    def test_counts_up_to_where_the_sound_was_listened_to(self):
        watch, call = SilenceWatch(OPTIONS), so_far(said("a", 0, 3))
        call.hear_voice([], 7_000)
        assert not self.look(watch, call, 12)
        call.hear_voice([], 9_000)
        assert len(self.look(watch, call, 12)) == 1

    def test_of_words_without_voice_is_none(self):
        call = so_far(said("a", 0, 3), said("c", 5, 12))
        call.hear_voice([(0, 3_000)], 12_000)
        assert not self.look(SilenceWatch(OPTIONS), call, 12)


class TestWarningOfASilence:
    def test_is_taken_back_when_words_come_for_it(self):
        watch, call = SilenceWatch(OPTIONS), so_far(said("a", 0, 3))
        (told,) = watch.look(call.scene(9_000, 0))
        hear(call, said("c", 4, 10))
        (back,) = watch.look(call.scene(10_000, 0))
        assert (told.taken_back, back.taken_back) == (False, True)
        assert (back.id, back.at_ms) == (told.id, 10_000)
        assert not watch.look(call.scene(11_000, 0)), "once"

    def test_is_taken_back_when_it_turns_out_that_somebody_had_asked_to_wait(self):
        watch, call = SilenceWatch(OPTIONS), so_far()
        call.hear_voice([(0, 3_000)], 9_000)
        (told,) = watch.look(call.scene(9_000, 0))
        hear(call, said("a", 0, 3, "could you hold for me please"))
        (back,) = watch.look(call.scene(10_000, 0))
        assert (back.id, back.taken_back) == (told.id, True)

    def test_stays_when_a_voice_follows(self):
        watch, call = SilenceWatch(OPTIONS), so_far(said("a", 0, 3))
        assert watch.look(call.scene(9_000, 0))
        hear(call, said("c", 9, 12))
        assert not watch.look(call.scene(12_000, 0))


class TestMonologue:
    def test_is_told_once_when_it_is_long(self):
        told = watched(
            MonologueWatch(OPTIONS),
            "cc..........................................cc",
            "...aaaaaaaa.aaaaaaaaaaa..aaaaaaaaaaaaaaaaaa...",
        )
        ((second, warning),) = told
        assert second == 26, "at 24 s it pauses after twenty, no more"
        assert (warning.kind, warning.speaker) == (WarningKind.MONOLOGUE, "a")
        assert (warning.start_ms, warning.end_ms) == (3_000, 26_000)

    def test_is_broken_by_the_other(self):
        assert not watched(
            MonologueWatch(OPTIONS),
            "..............cc.............cc............",
            "aaaaaaaaaaaaaa..aaaaaaaaaaaaa..aaaaaaaaaaaa",
        )

    def test_is_not_broken_by_a_hum(self):
        lines = [said("a", 0, 12), said("c", 12.1, 12.6, "uh-huh"), said("a", 12.8, 26)]
        watch = MonologueWatch(OPTIONS)
        told = [w for s in range(1, 27) for w in watch.look(_scene(lines, s))]
        assert [w.start_ms for w in told] == [0]

    def test_is_broken_by_a_pause_of_three_seconds(self):
        assert not watched(MonologueWatch(OPTIONS), "aaaaaaaaaaaaaaa....aaaaaaaaaaaaaaaa")

    def test_a_second_one_is_told_again(self):
        told = watched(
            MonologueWatch(OPTIONS),
            "aaaaaaaaaaaaaaaaaaaaaaaa...aaaaaaaaaaaaaaaaaaaaaaaa",
            ".........................c.........................",
        )
        assert [second for second, _ in told] == [21, 48]

    def test_that_was_over_long_ago_is_not_told(self):
        lines = [said("a", 0, 30)]
        assert not MonologueWatch(OPTIONS).look(_scene(lines, 40))


class TestTalkingOver:
    def test_for_long_at_once_is_told_once(self):
        told = watched(
            OverlapWatch(OPTIONS),
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "..........cccccccc....................",
        )
        ((second, warning),) = told
        assert second == 14
        assert (warning.kind, warning.start_ms, warning.speaker) == (
            WarningKind.OVERLAP, 10_000, None,
        )  # fmt: skip

    def test_often_is_told_once(self):
        told = watched(
            OverlapWatch(OPTIONS),
            "aaaaaaaa......aaaaaaaa......aaaaaaaa......aaaa",
            "......cccccccc......cccccccc......cccccccc....",
        )
        assert len(told) == 1

    def test_a_little_is_none(self):
        assert not watched(
            OverlapWatch(OPTIONS),
            "aaaaaaaaaaaaaaa..............aaaaaaaaaaaaaaaaa",
            "..............cccccccccccccccc................",
        )

    def test_is_told_again_once_it_was_over(self):
        row = "aaaaaaaaaaaaaa" + "a" * 90 + "aaaaaaaaaaaaaa"
        other = "........ccccc." + "." * 90 + "........ccccc."
        assert len(watched(OverlapWatch(OPTIONS), row, other)) == 2


class TestCustomerTurningNegative:
    def told(self, *scores, by="c", roles=True):
        watch = MoodWatch(OPTIONS)
        lines = [said(by, 10 * n, 10 * n + 4) for n in range(len(scores))]
        numbers = []
        for count in range(1, len(lines) + 1):
            call = so_far(*lines[:count], roles=roles)
            for line, score in zip(lines, scores, strict=False):
                mood(call, line, score)
            found = watch.look(call.scene(lines[count - 1].end_ms, 0))
            numbers += [count for _ in found]
        return numbers

    @pytest.mark.parametrize(
        ("scores", "told_at"),
        [
            ((-0.6,), []),
            ((-0.9, -0.8), [2]),
            ((0.0, -0.5, 0.0, -0.5, 0.0), []),
            ((0.5, -0.9, -0.9), [3]),
            ((-0.9, -0.8, -0.9, -0.7, -0.9), [2]),
        ],
    )
    def test_is_told_when_the_running_score_has_fallen(self, scores, told_at):
        assert self.told(*scores) == told_at

    def test_is_told_again_only_after_it_was_over(self):
        #        tells           not over      over             tells
        scores = (-0.9, -0.9,    0.1, -0.9,    0.8, 0.8, 0.5,   -0.9, -0.9, -0.9)  # fmt: skip
        assert self.told(*scores) == [2, 9]

    def test_is_never_the_agent(self):
        assert self.told(-0.9, -0.9, -0.9, by="a") == []

    def test_may_be_somebody_whose_role_is_unknown(self):
        assert self.told(-0.9, -0.9, by="x") == [2]


def test_the_same_call_gives_the_same_warnings():
    rows = ("aaaaaaaaaaaaaaaaaaaaaaaaaaaa........cc", "........cccccc.......................")
    first, second = (watched(MonologueWatch(OPTIONS), *rows) for _ in range(2))
    assert first == second
    assert all(a[0] <= b[0] for a, b in pairwise(first))


def _scene(lines, second):
    return so_far(*up_to(lines, second * SECOND_MS)).scene(second * SECOND_MS, 0)
