"""The figures of one call."""

from dataclasses import replace
from datetime import date

import pytest

from services.analysis.metrics import analyse
from services.domain.calls import CallDetails
from services.domain.speech import SentimentLabel, Span, Speaker, SpeakerRole, Transcript
from services.storage.figures import CallFigures, figures_of, label_of_call, week_of
from tests.builders import call, transcript, utterance


def figures(spoken: Transcript) -> CallFigures:
    return figures_of(call(), spoken, analyse(spoken))


#  0         4_000     6_000     8_000     10_000
#  |  agent  |  both   | customer|  nobody |
def overlapping() -> Transcript:
    spoken = transcript(utterance(1, "s1", 0, "one"), utterance(2, "s2", 4_000, "two", "-"))
    spans = (
        Span(speaker="s1", start_ms=0, end_ms=6_000),
        Span(speaker="s2", start_ms=4_000, end_ms=8_000),
    )
    return replace(spoken, spans=spans, duration_ms=10_000)


def test_shares_have_two_denominators() -> None:
    found = figures(overlapping())
    assert (found.agent_talk_ms, found.customer_talk_ms, found.all_talk_ms) == (6000, 4000, 10_000)
    assert (found.duration_ms, found.speech_ms, found.overlap_ms) == (10_000, 8_000, 2_000)
    assert (found.non_talk_ms, found.longest_silence_ms) == (2_000, 2_000)
    assert (found.agent_share_of_call, found.customer_share_of_call) == (0.6, 0.4)
    assert (found.agent_share_of_speech, found.customer_share_of_speech) == (0.6, 0.4)


def test_talk_of_two_speakers_in_one_role_is_their_union() -> None:
    spoken = overlapping()
    agents = tuple(replace(s, role=SpeakerRole.AGENT) for s in spoken.speakers)
    found = figures(replace(spoken, speakers=agents))
    assert found.agent_talk_ms == 8_000
    assert found.customer_talk_ms is None
    assert found.customer_interruptions is None
    assert found.customer_share_of_call is None


def test_nobodys_role_gives_none_and_not_zero() -> None:
    spoken = overlapping()
    unknown = tuple(Speaker(id=s.id, label=s.label) for s in spoken.speakers)
    found = figures(replace(spoken, speakers=unknown))
    assert found.agent_talk_ms is None
    assert found.agent_share_of_speech is None
    assert found.agent_interruptions is None
    assert found.customer_sentiment_mean is None
    assert found.customer_sentiment_count == 0
    assert found.sentiment_label is SentimentLabel.NEGATIVE


def test_an_empty_call_has_no_rates() -> None:
    spoken = replace(transcript(), utterances=(), spans=(), duration_ms=0)
    found = figures(spoken)
    assert found.agent_talk_ms == 0
    assert found.agent_share_of_call is None
    assert found.agent_share_of_speech is None
    assert found.sentiment_label is None


def test_sums_agree_with_means() -> None:
    found = figures(transcript())
    assert found.sentiment_mean is not None
    assert found.customer_sentiment_mean is not None
    assert found.sentiment_sum == pytest.approx(found.sentiment_mean * found.sentiment_count)
    assert found.customer_sentiment_sum == pytest.approx(
        found.customer_sentiment_mean * found.customer_sentiment_count
    )
    assert (found.sentiment_count, found.customer_sentiment_count) == (4, 2)
    assert found.negative_utterances == 1


@pytest.mark.parametrize(
    ("customer", "everybody", "label"),
    [
        (0.1, -1.0, SentimentLabel.POSITIVE),
        (0.09, 1.0, SentimentLabel.NEUTRAL),
        (-0.1, 1.0, SentimentLabel.NEGATIVE),
        (None, 0.5, SentimentLabel.POSITIVE),
        (None, None, None),
    ],
)
def test_a_calls_label_is_the_customers(
    customer: float | None, everybody: float | None, label: SentimentLabel | None
) -> None:
    assert label_of_call(customer, everybody) is label


def test_a_call_belongs_to_its_day_and_its_weeks_monday() -> None:
    made = call(details=CallDetails(agent_name="Ann", queue="Q"))
    found = figures_of(made, transcript(), analyse(transcript()))
    assert (found.agent_name, found.queue) == ("Ann", "Q")
    assert found.day == made.created_at.date()
    assert found.week == week_of(found.day)
    assert week_of(date(2026, 1, 1)) == date(2025, 12, 29)
    assert week_of(date(2026, 1, 5)) == date(2026, 1, 5)
