"""The conversation figures on drawn calls: one character is 500 ms."""

from dataclasses import replace

import pytest

from services.analysis.metrics import analyse
from services.domain.metrics import Gap, Interruption
from services.domain.speech import Span, Transcript
from tests.unit.analysis.rulers import draw, scored


def test_talk_times_and_shares_of_a_plain_exchange() -> None:
    analysis = analyse(
        draw("""
        agent    ####......####......
        customer .....####......####.
    """)
    )
    metrics = analysis.metrics
    agent = metrics.by_speaker["agent"]
    assert (metrics.duration_ms, metrics.speech_ms, metrics.non_talk_ms) == (10_000, 8_000, 2_000)
    assert agent.talk_ms == 4_000
    assert agent.talk_share_of_call == pytest.approx(0.4)
    assert agent.talk_share_of_speech == pytest.approx(0.5)
    assert agent.talk_listen_ratio == pytest.approx(1.0)
    assert metrics.overlap_ms == 0
    assert metrics.overlap_mean_ms is None
    assert metrics.overlap_first_ms is None
    assert metrics.switches == 3
    assert metrics.switches_per_minute == pytest.approx(18.0)


def test_overlap_counts_once_in_speech_and_for_each_in_talk() -> None:
    metrics = analyse(
        draw("""
        agent    ########....
        customer ....########
    """)
    ).metrics
    assert metrics.speech_ms == 6_000
    assert metrics.non_talk_ms == 0
    assert (metrics.overlap_ms, metrics.overlap_count) == (2_000, 1)
    assert (metrics.overlap_mean_ms, metrics.overlap_first_ms) == (2_000, 2_000)
    assert metrics.overlap_share_of_speech == pytest.approx(1 / 3)
    assert metrics.by_speaker["agent"].talk_share_of_speech == pytest.approx(0.5)
    assert metrics.by_speaker["agent"].talk_share_of_call == pytest.approx(4 / 6)


def test_three_voices_at_once_are_one_overlap() -> None:
    analysis = analyse(
        draw("""
        agent    ######......
        customer ..######....
        third    ...####.....
    """)
    )
    assert analysis.overlaps == (Gap(start_ms=1_000, end_ms=3_500),)


def test_a_speakers_own_doubled_spans_are_no_overlap() -> None:
    drawn = draw("agent ######")
    doubled = replace(drawn, spans=(*drawn.spans, Span(speaker="agent", start_ms=500, end_ms=900)))
    metrics = analyse(doubled).metrics
    assert metrics.overlap_ms == 0
    assert metrics.by_speaker["agent"].talk_ms == 3_000


def test_silences_and_dead_air_have_their_own_thresholds() -> None:
    analysis = analyse(
        draw("""
        agent    ##.......##.............##
        customer ..........................
    """)
    )
    assert analysis.silences == (
        Gap(start_ms=1_000, end_ms=4_500),
        Gap(start_ms=5_500, end_ms=12_000),
    )
    assert analysis.dead_air == (Gap(start_ms=5_500, end_ms=12_000),)
    assert analysis.metrics.longest_silence_ms == 6_500
    assert analysis.metrics.silence_ms == 10_000


def test_a_gap_of_exactly_the_threshold_is_not_longer_than_it() -> None:
    drawn = draw("agent ##..........##")
    assert analyse(drawn).dead_air == ()
    assert analyse(drawn, dead_air_over_ms=4_999).metrics.dead_air_ms == 5_000


def test_hold_is_never_dead_air_but_is_non_talk() -> None:
    analysis = analyse(
        draw("""
        agent    ####....................####
        customer ............................
        hold     .....mmmmmmmmmmmm...........
    """)
    )
    metrics = analysis.metrics
    assert metrics.hold_ms == 6_000
    assert metrics.hold_count == 1
    assert metrics.non_talk_ms == 10_000
    assert analysis.dead_air == ()
    assert analyse(
        draw("""
        agent    ####..........................####
        hold     .....mmmmmmmm.....................
    """)
    ).dead_air == (Gap(start_ms=6_500, end_ms=15_000),)


def test_silence_before_the_first_and_after_the_last_voice_is_no_dead_air() -> None:
    analysis = analyse(draw("agent ............##............."))
    assert analysis.dead_air == ()
    assert analysis.metrics.non_talk_ms == 12_500


@pytest.mark.parametrize(
    ("ruler", "expected"),
    [
        pytest.param(
            """
            agent    ##########..........
            customer ......##########....
            """,
            [("customer", 3_000, 5_000)],
            id="long simultaneous speech",
        ),
        pytest.param(
            """
            agent    ########............
            customer .......########.....
            """,
            [("customer", 3_500, 4_000)],
            id="short overlap, then keeps the floor",
        ),
        pytest.param(
            """
            agent    ########............
            customer ........########....
            """,
            [],
            id="starts as the other stops",
        ),
        pytest.param(
            """
            agent    ################....
            customer ....bb..............
            """,
            [],
            id="a backchannel",
        ),
        pytest.param(
            """
            agent    ########............
            customer .......##...........
            """,
            [],
            id="speaks up at the very end of a finished sentence",
        ),
        pytest.param(
            """
            agent    #######.####........
            customer .......#............
            """,
            [],
            id="fills a breath and gives way",
        ),
    ],
)
def test_interruptions(ruler: str, expected: list[tuple[str, int, int]]) -> None:
    analysis = analyse(draw(ruler))
    assert [(i.by, i.start_ms, i.end_ms) for i in analysis.interruptions] == expected
    for speaker, figures in analysis.metrics.by_speaker.items():
        assert figures.interruptions == sum(by == speaker for by, _, _ in expected)


def test_stopping_the_other_in_mid_sentence_is_an_interruption() -> None:
    analysis = analyse(
        draw(
            """
            agent    ########............
            customer .......##...........
            """,
            {"agent.0": "what normally happens is the system,"},
        )
    )
    assert analysis.interruptions == (Interruption(by="customer", start_ms=3_500, end_ms=4_000),)


def test_longest_monologue_ignores_the_others_backchannels_and_breaks_at_a_hold() -> None:
    analysis = analyse(
        draw("""
        agent    ####....####.......................####..
        customer .....bb........##.......................#
        hold     .........................................
    """)
    )
    assert analysis.metrics.by_speaker["agent"].longest_monologue_ms == 6_000
    broken = analyse(
        draw("""
        agent    ####....####
        customer ............
        hold     .....mm.....
    """)
    )
    assert broken.metrics.by_speaker["agent"].longest_monologue_ms == 2_000


def test_an_own_gap_of_three_seconds_ends_a_monologue() -> None:
    assert (
        analyse(draw("agent ####......##")).metrics.by_speaker["agent"].longest_monologue_ms
        == 2_000
    )
    assert (
        analyse(draw("agent ####.....##")).metrics.by_speaker["agent"].longest_monologue_ms == 5_500
    )


def test_backchannels_and_interjections_are_no_switches() -> None:
    metrics = analyse(
        draw("""
        agent    ################....####
        customer ...bb....##......##.....
    """)
    ).metrics
    assert metrics.switches == 2


def test_patience_and_response_are_medians_of_gaps_outside_holds() -> None:
    metrics = analyse(
        draw("""
        agent    ..####....####.............####..####
        customer ##....####....####......####...##....
        hold     ..................mmmmmm.............
    """)
    ).metrics
    assert (metrics.patience_ms, metrics.patience_n) == (0, 3)
    assert (metrics.response_ms, metrics.response_n) == (0, 3)
    slow = analyse(
        draw("""
        agent    ....####......####....
        customer ##........##..........
    """)
    ).metrics
    assert (slow.patience_ms, slow.patience_n) == (1_000, 2)
    assert (slow.response_ms, slow.response_n) == (1_000, 1)


def test_overlapping_starts_and_unknown_roles_give_no_response_time() -> None:
    metrics = analyse(
        draw("""
        agent    ..########
        customer #####.....
    """)
    ).metrics
    assert metrics.patience_ms is None
    assert metrics.patience_n == 0
    assert (
        analyse(
            draw("""
        one   ###...###
        other ...###...
    """)
        ).metrics.response_ms
        is None
    )


def test_words_questions_and_fillers_per_speaker() -> None:
    figures = analyse(
        draw(
            """
            agent    ####################........
            customer ....................########
            """,
            {
                "agent.0": "How can I help you today?",
                "customer.0": "Um, I was, you know, charged twice.",
            },
        )
    ).metrics.by_speaker
    assert figures["agent"].words == 6
    assert figures["agent"].words_per_minute == pytest.approx(36.0)
    assert figures["agent"].questions == 1
    assert figures["agent"].questions_per_minute == pytest.approx(6.0)
    assert figures["agent"].fillers_per_100_words == 0
    assert figures["customer"].fillers == 2
    assert figures["customer"].fillers_per_100_words == pytest.approx(200 / 7)


def test_sentiment_trend_compares_the_customers_quarters() -> None:
    drawn = draw("""
        agent    ..####....####..
        customer ##....####....##
    """)
    marked = replace(
        drawn,
        utterances=tuple(
            replace(u, sentiment=scored(score))
            for u, score in zip(drawn.utterances, [-0.8, 0.5, -0.4, 0.5, 0.6], strict=True)
        ),
    )
    metrics = analyse(marked).metrics
    assert metrics.sentiment_trend == pytest.approx(1.4)
    assert metrics.sentiment_n == 2
    assert metrics.customer_sentiment_mean == pytest.approx(-0.2)
    assert metrics.negative_utterances == 2


def test_what_cannot_be_known_is_none() -> None:
    empty = Transcript(id="t", provider="p", duration_ms=0, speakers=(), utterances=(), spans=())
    metrics = analyse(empty).metrics
    assert metrics.switches_per_minute is None
    assert metrics.overlap_share_of_speech is None
    assert metrics.sentiment_mean is None
    assert metrics.sentiment_trend is None
    alone = analyse(
        draw("""
        agent    ####
        customer ....
    """)
    ).metrics.by_speaker
    assert alone["agent"].talk_listen_ratio is None
    assert alone["customer"].words_per_minute is None
    assert alone["customer"].talk_listen_ratio == 0


def test_loudness_passes_through() -> None:
    drawn = replace(draw("agent ####"), loudness_dbfs={"agent": (-20.5, None)})
    assert analyse(drawn).metrics.by_speaker["agent"].loudness_dbfs == (-20.5, None)


def test_spans_beyond_the_end_are_cut() -> None:
    drawn = draw("agent ####")
    beyond = replace(drawn, spans=(Span(speaker="agent", start_ms=1_000, end_ms=9_000),))
    assert analyse(beyond).metrics.by_speaker["agent"].talk_ms == 1_000


def test_three_speakers_share_the_speech() -> None:
    by_speaker = analyse(
        draw("""
        agent    ########............
        customer ......########......
        third    ................####
    """)
    ).metrics.by_speaker
    assert by_speaker["agent"].talk_listen_ratio == pytest.approx(8 / 12)
    assert by_speaker["third"].talk_listen_ratio == pytest.approx(4 / 16)
    assert sum(f.talk_share_of_speech or 0 for f in by_speaker.values()) == pytest.approx(1.0)


def test_a_backchannel_is_talk_but_takes_no_floor() -> None:
    metrics = analyse(
        draw("""
        agent    ####################
        customer .....bb.......bb....
    """)
    ).metrics
    assert metrics.by_speaker["customer"].talk_ms == 2_000
    assert metrics.by_speaker["customer"].words == 2
    assert metrics.by_speaker["customer"].longest_monologue_ms == 0
    assert (metrics.overlap_ms, metrics.overlap_count) == (2_000, 2)
    assert (metrics.switches, metrics.switches_per_minute) == (0, 0.0)
    assert metrics.by_speaker["agent"].longest_monologue_ms == 10_000


def test_holds_that_overlap_count_their_time_once() -> None:
    drawn = draw("""
        agent    ##................##
        hold     ...mmmmmmm..........
        hold     .....sssssssss......
    """)
    metrics = analyse(drawn).metrics
    assert (metrics.hold_ms, metrics.hold_count) == (5_500, 1)


def test_silence_holds_the_hold_and_dead_air_what_is_left_on_either_side() -> None:
    analysis = analyse(
        draw("""
        agent    ##......................................##
        customer ..........................................
        hold     ..............mmmmmmmmmm..................
    """)
    )
    assert analysis.metrics.silence_ms == 19_000
    assert analysis.metrics.longest_silence_ms == 19_000
    assert analysis.metrics.non_talk_ms == 19_000
    assert analysis.dead_air == (
        Gap(start_ms=1_000, end_ms=7_000),
        Gap(start_ms=12_000, end_ms=20_000),
    )
    assert analysis.metrics.dead_air_count == 2


def test_speech_during_a_hold_stays_speech() -> None:
    metrics = analyse(
        draw("""
        agent    ####............####
        customer ........##..........
        hold     .....mmmmmmmmm......
    """)
    ).metrics
    assert metrics.hold_ms == 4_500
    assert metrics.by_speaker["customer"].talk_ms == 1_000
    assert metrics.patience_ms is None


def test_a_trend_needs_both_quarters() -> None:
    drawn = draw("""
        agent    ....####............
        customer ##......####........
    """)
    marked = replace(
        drawn, utterances=tuple(replace(u, sentiment=scored(0.4)) for u in drawn.utterances)
    )
    metrics = analyse(marked).metrics
    assert (metrics.sentiment_trend, metrics.sentiment_n) == (None, 1)
    assert metrics.sentiment_mean == pytest.approx(0.4)


def test_questions_in_backchannels_and_words_of_nobody_count_for_nobody() -> None:
    drawn = draw(
        """
        agent    ########....####
        customer ...bb...........
        """,
        {"agent.0": "Is it on?", "agent.1": "Are you there?"},
    )
    nobodys = replace(drawn.utterances[-1], id="x", speaker=None, text="And who is this?")
    figures = analyse(replace(drawn, utterances=(*drawn.utterances, nobodys))).metrics.by_speaker
    assert figures["agent"].questions == 2
    assert figures["customer"].questions == 0
    assert set(figures) == {"agent", "customer"}
