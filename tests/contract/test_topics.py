"""What calls are about, in the database: counted, filtered, gone with calls."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from services.domain.calls import Call, CallDetails
from services.domain.together import AnalyticsFilter, Period
from services.domain.topics import Topic
from services.storage.calls import CallFilter, CallStore
from services.storage.topic_analytics import TopicAnalytics
from services.storage.topics import CALL_TOPICS
from services.storage.transcripts import TranscriptStore
from tests.contract.stores import ORG, OTHER, add, analysed

MONDAY = datetime(2026, 4, 27, 9, tzinfo=UTC)


@pytest.fixture
def figures(engine: Engine) -> TopicAnalytics:
    """What is asked about many calls."""
    return TopicAnalytics(engine)


@pytest.fixture
def about(engine: Engine, calls: CallStore):
    """Adds a call with these topics."""

    def made(*topics: str, at: datetime = MONDAY, org_id: str = ORG, **details: str) -> Call:
        known = CallDetails(agent_name=details.get("agent", "Ann"), queue="Q", started_at=at)
        call = add(calls, org_id=org_id, details=known)
        found = tuple(Topic(id=t, confidence=0.9 - n / 10) for n, t in enumerate(topics))
        TranscriptStore(engine).save(org_id, call.id, 1, analysed(topics=found))
        return call

    return made


def test_counts_and_reach(about, figures):
    """A call counts for each of its topics, once among those that have any."""
    about("fraud", "card_blocked")
    about("fraud")
    about()
    about("refund", org_id=OTHER)
    assert [(t.topic, t.calls) for t in figures.by_topic(ORG)] == [
        ("fraud", 2),
        ("card_blocked", 1),
    ]
    reach = figures.reach(ORG)
    assert (reach.transcribed, reach.with_topic) == (3, 2)


def test_figures_of_a_topic(about, figures):
    """Handle time is the mean length, sentiment averages as everywhere."""
    about("fraud")
    (fraud,) = figures.by_topic(ORG)
    metrics = analysed().analysis.metrics
    assert fraud.handle_ms == metrics.duration_ms
    assert fraud.customer_sentiment.n == 1
    assert fraud.customer_sentiment.mean == pytest.approx(metrics.customer_sentiment_mean)


def test_trend_and_filter(about, figures):
    """Days and weeks are those of the call; agents and days narrow all of it."""
    about("fraud", agent="Bob")
    about("fraud", at=MONDAY.replace(day=29))
    assert [(c.day, c.calls) for c in figures.per_day(ORG)] == [
        (date(2026, 4, 27), 1),
        (date(2026, 4, 29), 1),
    ]
    assert [(c.day, c.calls) for c in figures.per_day(ORG, by=Period.WEEK)] == [
        (date(2026, 4, 27), 2)
    ]
    only_bob = AnalyticsFilter(agents=("Bob",), last_day=date(2026, 4, 28))
    assert [t.calls for t in figures.by_topic(ORG, only_bob)] == [1]
    assert figures.reach(ORG, only_bob).with_topic == 1


def test_lists_show_and_filter_topics(about, calls):
    """Topics stand surest first; the filter takes calls about any of those named."""
    both, fraud = about("refund", "fraud"), about("fraud")
    about()
    rows = {row.call.id: row.topics for row in calls.list(ORG)}
    assert rows[both.id] == ("refund", "fraud")
    wanted = CallFilter(topics=("refund", "payment"))
    assert [row.call.id for row in calls.list(ORG, wanted)] == [both.id]
    assert calls.count(ORG, CallFilter(topics=("fraud",))) == 2
    assert rows[fraud.id] == ("fraud",)


def test_topics_follow_what_is_shown(engine, about, calls, figures):
    """New topics replace old ones in the same step; details and deletion reach them."""
    call = about("fraud")
    transcripts = TranscriptStore(engine)
    active = transcripts.active(ORG, call.id)
    shown = analysed(replace(active, topics=(Topic(id="payment", confidence=0.8),)))
    transcripts.save_edits(ORG, call.id, transcripts.edits(ORG, call.id), shown=shown)
    assert [t.topic for t in figures.by_topic(ORG)] == ["payment"]
    moved = CallDetails(agent_name="Zoe", started_at=MONDAY.replace(day=30))
    calls.update_details(ORG, call.id, moved)
    assert figures.by_topic(ORG, AnalyticsFilter(agents=("Zoe",), first_day=date(2026, 4, 30)))
    calls.delete(ORG, call.id)
    assert figures.by_topic(ORG) == []


def test_the_table_is_one_for_postgresql():
    """Its definition is understood there too."""
    written = str(CreateTable(CALL_TOPICS).compile(dialect=postgresql.dialect()))
    assert "ON DELETE CASCADE" in written
    assert "PRIMARY KEY (call_id, topic)" in written
