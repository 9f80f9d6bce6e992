"""The running figures of a call agree with those of its analysis."""

import pytest

from services.analysis.metrics import analyse
from services.domain.metrics import AnalysedTranscript
from services.live.known.figures import Course, figures_of, final_figures
from tests.unit.live.rulers import begin, drawn, mood, said, so_far

ROWS = (
    "aaaaaa....aaaaaa.........aaaaaaa..",
    "....cccccc......cc.......ccc......",
)


def test_figures_at_the_end_are_those_of_the_analysis():
    call, at_ms = so_far(*drawn(*ROWS)), 34_000
    running = figures_of(call.voiced(at_ms), at_ms)
    whole = call.whole(at_ms)
    final = final_figures(AnalysedTranscript(transcript=whole, analysis=analyse(whole)))
    assert running == final
    assert {one.id: one.talk_ms for one in running.speakers} == {"a": 19_000, "c": 11_000}
    assert (running.overlap_ms, running.silence_ms) == (5_000, 7_000)


def test_shares_add_up_to_one():
    figures = figures_of(so_far(*drawn(*ROWS)).voiced(34_000), 34_000)
    assert sum(one.share_of_speech for one in figures.speakers) == pytest.approx(1)


def test_an_unfinished_line_counts_as_spoken():
    call = so_far(said("a", 0, 2))
    begin(call, said("c", 3, 7))
    figures = figures_of(call.voiced(7_000), 7_000)
    assert {one.id: one.talk_ms for one in figures.speakers} == {"a": 2_000, "c": 4_000}


def test_a_silence_that_lasts_counts_once_it_is_over_three_seconds():
    call = so_far(said("a", 0, 2))
    assert figures_of(call.voiced(5_000), 5_000).silence_ms == 0
    assert figures_of(call.voiced(6_000), 6_000).silence_ms == 4_000


def test_nobody_has_a_share_before_anybody_speaks():
    figures = figures_of({}, 1_000)
    assert (figures.speakers, figures.overlap_ms) == ((), 0)


def test_each_point_of_the_course_is_given_once():
    lines = drawn(*ROWS)
    call, course = so_far(*lines), Course()
    mood(call, lines[0], 0.4)
    (point,) = course.new(call.whole(34_000))
    assert (point.at_ms, point.score, point.speaker) == (3_000, 0.4, "a")
    assert not course.new(call.whole(34_000))
    mood(call, lines[1], -0.6)
    assert [one.score for one in course.new(call.whole(34_000))] == [-0.6]
    mood(call, lines[0], 0.1)
    assert [one.score for one in course.new(call.whole(34_000))] == [0.1], "told otherwise now"
