"""A transcript of a part on the clock of its recording, and the figures of such a call."""

from dataclasses import replace

from services.analysis.metrics import analyse
from services.analysis.parts import placed_in_recording
from services.analysis.sentiment_course import sentiment_course
from services.domain.metrics import Gap
from services.domain.part import Part
from services.domain.speech import Hold, HoldKind, Span, Word
from tests.builders import transcript, utterance
from tests.unit.analysis.rulers import draw, scored

PART = Part(start_ms=60_000, end_ms=80_000)
WHOLE_MS = 200_000


def test_everything_moves_to_its_place():
    given = replace(
        transcript(utterance(1, "s1", 0, "hello there"), utterance(2, "s2", 5_000, "hi")),
        holds=(Hold(start_ms=8_000, end_ms=12_000, kind=HoldKind.MUSIC),),
        loudness_dbfs={"s1": (-20.0,)},
    )
    placed = placed_in_recording(given, PART, WHOLE_MS)
    assert (placed.part, placed.duration_ms, placed.covered) == (PART, WHOLE_MS, (60_000, 80_000))
    assert [(u.start_ms, u.end_ms) for u in placed.utterances] == [
        (60_000, 60_750),
        (65_000, 65_350),
    ]
    assert placed.utterances[0].words == (
        Word(text="hello", start_ms=60_000, end_ms=60_350),
        Word(text="there", start_ms=60_400, end_ms=60_750),
    )
    assert placed.spans[1] == Span(speaker="s2", start_ms=65_000, end_ms=65_350)
    assert placed.holds == (Hold(start_ms=68_000, end_ms=72_000, kind=HoldKind.MUSIC),)
    assert placed.loudness_dbfs == {}


def test_what_reaches_out_of_the_part_is_cut_and_what_lies_outside_goes():
    given = replace(
        transcript(
            utterance(1, "s1", 19_500, "one two three"),
            utterance(2, "s2", 20_000, "outside"),
        ),
        holds=(Hold(start_ms=19_000, end_ms=30_000, kind=HoldKind.SILENCE),),
    )
    placed = placed_in_recording(given, PART, WHOLE_MS)
    [line] = placed.utterances
    assert (line.start_ms, line.end_ms) == (79_500, 80_000)
    assert [(w.text, w.start_ms, w.end_ms) for w in line.words] == [
        ("one", 79_500, 79_850),
        ("two", 79_900, 80_000),
        ("three", 79_999, 80_000),
    ]
    assert placed.spans == (Span(speaker="s1", start_ms=79_500, end_ms=80_000),)
    assert [(h.start_ms, h.end_ms) for h in placed.holds] == [(79_000, 80_000)]


def drawn():
    """Ten seconds of talk from 60 s to 70 s of a long recording; one character is 500 ms."""
    return placed_in_recording(
        draw("""
        agent    ....####............
        customer ............####....
    """),
        Part(start_ms=60_000, end_ms=70_000),
        WHOLE_MS,
    )


def test_figures_are_those_of_the_part():
    metrics = analyse(drawn()).metrics
    assert (metrics.duration_ms, metrics.speech_ms, metrics.non_talk_ms) == (10_000, 4_000, 6_000)
    assert metrics.by_speaker["agent"].talk_share_of_call == 0.2
    assert metrics.switches_per_minute == 6.0
    assert metrics.longest_silence_ms == 2_000


def test_nothing_outside_counts_as_silence_or_dead_air():
    analysis = analyse(drawn(), silence_over_ms=1_000, dead_air_over_ms=1_000)
    assert analysis.dead_air == (Gap(start_ms=64_000, end_ms=66_000),)
    assert [(g.start_ms, g.end_ms) for g in analysis.silences] == [
        (60_000, 62_000),
        (64_000, 66_000),
        (68_000, 70_000),
    ]


def test_quarters_are_those_of_the_part():
    placed = drawn()
    lines = tuple(
        replace(u, sentiment=scored(score))
        for u, score in zip(placed.utterances, (-0.5, 0.5), strict=True)
    )
    scored_lines = replace(placed, utterances=lines)
    assert sentiment_course(scored_lines, None, 4) == (None, -0.5, 0.5, None)


def test_figures_without_fillers_know_none():
    spoken = replace(drawn(), without_fillers=True)
    for figures in analyse(spoken).metrics.by_speaker.values():
        assert figures.fillers is None
        assert figures.fillers_per_100_words is None
