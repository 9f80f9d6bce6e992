"""Topics and entities on the pages: why, where, how often, and the way to the calls."""

from dataclasses import replace
from datetime import UTC, datetime

from components.call_view.subjects import by_kind, entity_label
from components.calls_table import calls_frame
from components.charts import topics as charts
from pages import _review
from services.analysis.entities.finding import EntityContext, entities_of
from services.domain.topics import EntityKind, Topic
from services.storage.topic_analytics import TopicCount
from tests.pages.conftest import texts
from tests.pages.samples import ORG, sample_transcript

LINES = (
    ("s1", "Bluefern Mobile, how can I help you?", 0.1),
    ("s2", "You took <b>twelve pounds fifty</b> from me, on the third of May.", -0.8),
)


def spoken(*topics: str):
    """A short call about these topics."""
    transcript = replace(
        sample_transcript(LINES),
        line_topics=(),
        topics=tuple(
            Topic(id=t, confidence=0.7 - n / 10, utterances=("u1",)) for n, t in enumerate(topics)
        ),
    )
    return replace(transcript, entities=entities_of(transcript, EntityContext()))


def test_call_says_why_and_leads_to_the_line(staged, open_page, monkeypatch):
    """The chip's lines and the named amount seek in the player."""
    call = staged.add_ready(spoken("refund"))
    jumps = []
    monkeypatch.setattr(_review.session, "request_seek", lambda c, ms, **_: jumps.append((c, ms)))
    page = open_page("call", open_call=call.id)
    assert "70 % of what speaks for any topic" in texts(page)
    page.button(key="why_refund_0").click().run()
    (entity, *_) = spoken("refund").entities
    page.button(key="named_amount_0").click().run()
    assert [at for _, at in jumps] == [spoken().utterances[1].start_ms, entity.start_ms]


def test_call_without_topic_says_so(staged, open_page):
    """Unsure and other languages read differently."""
    unsure = staged.add_ready(spoken())
    french = staged.add_ready(replace(spoken(), language="fr"), source_name="fr.wav")
    assert "No topic was" in texts(open_page("call", open_call=unsure.id))
    assert "in English calls only" in texts(open_page("call", open_call=french.id))


def test_entities_by_kind_with_their_meaning():
    """The value stands in brackets where it says more than the words."""
    kinds = dict(by_kind(spoken().entities))
    assert list(kinds) == [EntityKind.AMOUNT, EntityKind.DATE]
    assert entity_label(kinds[EntityKind.AMOUNT][0]) == "twelve pounds fifty (12.50 GBP)"
    assert entity_label(kinds[EntityKind.DATE][0]) == "the third of May"


def test_calls_list_shows_and_filters(staged, open_page):
    """The column names the topics, the filter takes one."""
    staged.add_ready(spoken("refund", "fraud"))
    staged.add_ready(spoken(), source_name="other.wav")
    frame = calls_frame(staged.calls.list(ORG), None)
    assert "Refund, Fraud" in list(frame["topics"])
    page = open_page("calls")
    page.multiselect(key="calls_topics").set_value(["fraud"]).run()
    assert "1 call · Fraud" in texts(page)


def test_reasons_for_calling(staged, open_page):
    """Counts with their n; few calls are said to be few."""
    staged.add_ready(spoken("refund"))
    staged.add_ready(spoken("refund", "fraud"), created_at=datetime(2026, 11, 13, tzinfo=UTC))
    staged.add_ready(spoken())
    shown = texts(open_page("analytics"))
    assert "A reason was recognised in 2 calls of 3 (67 %). Most often: Refund, n = 2." in shown
    assert "With fewer than 5 calls" in shown
    assert "Calls by topic in this selection: Refund: 2, Fraud: 1." in shown


def test_no_reason_recognised(staged, open_page):
    """An empty state instead of an empty chart."""
    staged.add_ready(spoken())
    assert "No reason for calling was recognised" in texts(open_page("analytics"))


def test_trend_pools_the_rest_and_fills_zeros():
    """Five topics have lines of their own; a day without calls about one counts 0."""
    first, second = (datetime(2026, 11, d, tzinfo=UTC).date() for d in (2, 3))
    names = ("refund", "fraud", "payment", "booking", "warranty", "cancellation", "appointment")
    counts = [
        TopicCount(day=first, topic=topic, calls=9 - at) for at, topic in enumerate(names)
    ] + [TopicCount(day=second, topic="refund", calls=1)]
    rows = charts.trend_rows(counts)
    assert list(rows)[-1] == charts.OTHERS
    assert [calls for _, calls in rows[charts.OTHERS]] == [4 + 3, 0]
    assert [calls for _, calls in rows["Refund"]] == [9, 1]
    assert len(rows) == charts.MOST_TOPICS + 1
