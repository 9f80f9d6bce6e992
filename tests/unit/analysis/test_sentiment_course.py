"""Sentiment over equal parts of a call."""

from dataclasses import replace

import pytest

from services.analysis.sentiment_course import sentiment_course
from services.domain.speech import SpeakerRole, Transcript
from tests.unit.analysis.rulers import draw, scored


def _call() -> Transcript:
    drawn = draw("""
        agent    ..####....####..
        customer ##....bbbb....##
    """)
    scores = [-0.8, 0.5, 1.0, 0.5, 0.6]
    return replace(
        drawn,
        utterances=tuple(
            replace(u, sentiment=scored(s)) for u, s in zip(drawn.utterances, scores, strict=True)
        ),
    )


def test_parts_are_means_and_none_where_nobody_spoke() -> None:
    course = sentiment_course(_call(), SpeakerRole.CUSTOMER, 4)
    assert course == (pytest.approx(-0.8), None, None, pytest.approx(0.6))


def test_everybody_and_backchannels_left_out() -> None:
    assert sentiment_course(_call(), None, 2) == (
        pytest.approx(-0.15),
        pytest.approx(0.55),
    )


def test_less_than_one_part_is_refused() -> None:
    with pytest.raises(ValueError, match="points"):
        sentiment_course(_call(), None, 0)
