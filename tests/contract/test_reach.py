"""What people are shown of many calls is what they reach of them, on every database.

The same calls are filtered in Python, one by one, and by each query.
"""

from dataclasses import dataclass, replace
from itertools import combinations, product

import pytest
from sqlalchemy import Engine

from services.access.authority import may_reach
from services.access.rights import readable
from services.domain.calls import Call, CallDetails
from services.domain.errors import NotAudio
from services.domain.people import EVERY_CALL, Reach, Right, Role, User
from services.domain.rules import Phrase, Rule
from services.domain.searching import read_query
from services.domain.together import AnalyticsFilter
from services.domain.topics import Topic
from services.reading_rules import read_by_book
from services.storage.analytics import Analytics
from services.storage.call_pages import CallPages
from services.storage.call_rows import CallFilter
from services.storage.calls import CallStore
from services.storage.categories import CategoryStore
from services.storage.rollups import RollupStore
from services.storage.run_overview import RunOverview
from services.storage.runs import RunStore
from services.storage.search import SearchIndex
from services.storage.swept_calls import SweptCalls
from services.storage.topic_analytics import TopicAnalytics
from services.storage.transcripts import TranscriptStore
from services.sweeping.sweeper import Sweeper
from tests.builders import transcript
from tests.contract.stores import ORG, OTHER, add, analysed

AGENTS, QUEUES, PEOPLE = ("Ann", "Bob", None), ("Billing", "Sales", None), ("me", "you")
REACHES = [
    EVERY_CALL,
    *(
        Reach(queues=frozenset(queues), agent_name=agent)
        for size in (0, 1, 2)
        for queues in combinations(("Billing", "Sales", "Nowhere"), size)
        for agent in ("Ann", None)
    ),
]
BILL = read_query("bill")
RULE = Rule(id="bill", name="Bill", condition=Phrase(any_of=("bill",)))
READS_ALL = frozenset(Right)
REDACTED_ONLY = frozenset(Right) - {Right.SEE_UNREDACTED}


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A call as it was put there."""

    call: Call
    duration_ms: int
    redacted: bool
    failed: bool


@pytest.fixture
def stored(engine: Engine) -> list[Stored]:
    """One call of each agent, queue and person, a third of them failed; some of others."""
    calls, runs, kept = CallStore(engine), RunStore(engine), []
    transcripts = TranscriptStore(engine, read_by_book)
    whose = [(ORG, *one) for one in product(AGENTS, QUEUES, PEOPLE)] + [
        (OTHER, "Ann", "Billing", "me")
    ]
    for number, (org_id, agent, queue, added_by) in enumerate(whose):
        if number == len(whose) // 2:
            RollupStore(engine).fold()
        made = add(
            calls,
            org_id=org_id,
            added_by=added_by,
            details=CallDetails(agent_name=agent, queue=queue),
        )
        runs.begin(made.id, 1)
        spoken = replace(
            transcript(),
            id=f"t{number}",
            duration_ms=10_000 + number,
            redacted=number % 2 == 0,
            topics=(Topic(id="refund", confidence=0.5),),
        )
        transcripts.save(org_id, made.id, 1, analysed(spoken))
        failed = number % 3 == 0
        if failed:
            runs.fail(made.id, 1, NotAudio())
        else:
            runs.finish(made.id, 1, spoken.id)
        kept.append(
            Stored(
                call=made, duration_ms=spoken.duration_ms, redacted=spoken.redacted, failed=failed
            )
        )
    return kept


def people() -> list[User]:
    """Return a person for each reach, who may read every call or redacted ones only."""
    return [
        User(id="me", name="Me", org_id=ORG, role=Role.VIEWER, reach=reach, rights=rights)
        for reach in REACHES
        for rights in (READS_ALL, REDACTED_ONLY)
    ]


def ids(found: list[Stored]) -> set[str]:
    return {one.call.id for one in found}


def test_lists_and_searches(engine: Engine, stored: list[Stored]) -> None:
    calls, pages, index = CallStore(engine), CallPages(engine), SearchIndex(engine)
    overview, sweeper = RunOverview(engine), Sweeper(SweptCalls(engine))
    for user in people():
        reached = [one for one in stored if may_reach(user, one.call)]
        read = [one for one in reached if one.redacted or user.may(Right.SEE_UNREDACTED)]
        within, wanted = user.within, CallFilter(within=user.within)
        assert {row.call.id for row in calls.list(ORG, wanted)} == ids(reached)
        assert {row.call.id for row in pages.page(ORG, wanted, None, 100)} == ids(reached)
        assert calls.count(ORG, wanted) == len(reached)
        assert calls.has_any(ORG, within) == bool(reached)
        for names, of in ((calls.agents, "agent_name"), (calls.queues, "queue")):
            there = {getattr(one.call.details, of) for one in reached}
            assert names(ORG, within) == tuple(sorted(there - {None}))
        asked = [one.call.id for one in stored]
        assert set(calls.among(ORG, asked, within)) == ids(reached)

        among = readable(user, None)
        for lines in (
            index.newest(ORG, BILL, among),
            index.best(ORG, BILL, among, 100),
            index.latest(ORG, among, 100),
            list(index.every(ORG, BILL, among)),
        ):
            assert {line.call_id for line in lines} == ids(read)
        assert index.count(ORG, BILL, among).lines == len(read)

        failed = [one for one in reached if one.failed]
        listed, count = overview.failed(ORG, within)
        assert ({run.call_id for run in listed}, count) == (ids(failed), len(failed))
        assert set(overview.failed_calls(ORG, within)) == ids(failed)
        only = not user.may(Right.SEE_UNREDACTED)
        looked_at, _ = sweeper.try_out(ORG, RULE, 100, within, redacted_only=only)
        assert looked_at == len(read)


def test_figures(engine: Engine, stored: list[Stored]) -> None:
    """They come from rollups and, for one's own calls beyond the reach, from their rows."""
    categories = CategoryStore(engine)
    for user, from_rows in product(people()[::2], (False, True)):
        analytics = Analytics(engine, from_rows=from_rows)
        topics = TopicAnalytics(engine, from_rows=from_rows)
        reached = [one for one in stored if may_reach(user, one.call)]
        wanted = AnalyticsFilter(within=user.within)
        team = analytics.team(ORG, wanted)
        assert (team.calls, team.transcribed) == (len(reached), len(reached))
        assert team.duration_ms == sum(one.duration_ms for one in reached)
        assert team.failed == sum(one.failed for one in reached)
        for groups, of in ((analytics.by_agent, "agent_name"), (analytics.by_queue, "queue")):
            there = [getattr(one.call.details, of) for one in reached]
            assert {g.name: g.calls for g in groups(ORG, wanted)} == {
                name: there.count(name) for name in there
            }
        ann = replace(wanted, agents=("Ann",))
        of_ann = [one for one in reached if one.call.details.agent_name == "Ann"]
        assert analytics.team(ORG, ann).calls == len(of_ann)
        silences = analytics.longest_silences(ORG, wanted, limit=100)
        assert {row.call.id for row in silences} <= ids(reached)
        assert sum(one.calls for one in topics.by_topic(ORG, wanted)) == len(reached)
        assert categories.counts_among(ORG, wanted)[0] == len(reached)


def test_only_failed_calls_in_reach_are_dismissed(engine: Engine, stored: list[Stored]) -> None:
    overview, failed = RunOverview(engine), [one for one in stored if one.failed]
    reach = Reach(queues=frozenset({"Billing"}))
    user = User(id="me", name="Me", org_id=ORG, role=Role.SUPERVISOR, reach=reach)
    reached = [one for one in failed if may_reach(user, one.call)]
    assert 0 < len(reached) < len(failed)
    assert overview.dismiss(ORG, [one.call.id for one in failed], user.within) == len(reached)
    left = [one for one in failed if one.call.org_id == ORG and one not in reached]
    assert set(overview.failed_calls(ORG)) == ids(left)
