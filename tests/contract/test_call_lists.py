"""How lists of calls are filtered and sorted, on every database."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event

from services.domain.calls import CallDetails, CallState
from services.domain.errors import NotFound
from services.domain.speech import SentimentLabel
from services.storage.calls import CallFilter, CallSort, CallStore
from services.storage.runs import RunStore
from services.storage.transcripts import TranscriptStore
from tests.builders import transcript, utterance
from tests.contract.stores import ORG, add, analysed


@pytest.fixture
def three(calls: CallStore, engine: Engine) -> tuple[str, str, str]:
    """Three calls: an unhappy one, a happy one, and one that failed before its transcript."""
    day = datetime(2026, 6, 1, 12, tzinfo=UTC)
    unhappy = add(
        calls,
        source_name="b_100%.wav",
        details=CallDetails(agent_name="Ann", queue="Billing", customer_ref="C-7", started_at=day),
    )
    happy = add(
        calls,
        source_name="A.wav",
        details=CallDetails(agent_name="Bob", queue="Sales", started_at=day + timedelta(days=1)),
    )
    failed = add(
        calls,
        source_name="c.wav",
        audio=None,
        details=CallDetails(started_at=day + timedelta(days=2)),
    )
    store, runs = TranscriptStore(engine), RunStore(engine)
    for made, mood in ((unhappy, "-"), (happy, "+")):
        spoken = transcript(
            utterance(1, "s1", 0, "hello there"), utterance(2, "s2", 2_000, "well well", mood)
        )
        store.save(ORG, made.id, 1, analysed(spoken))
        runs.finish(made.id, 1, spoken.id)
    runs.fail(failed.id, 1, NotFound())
    return unhappy.id, happy.id, failed.id


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (CallFilter(), (2, 1, 0)),
        (CallFilter(descending=False), (0, 1, 2)),
        (CallFilter(limit=1, offset=1), (1,)),
        (CallFilter(text="100%"), (0,)),
        (CallFilter(text="a.WAV"), (1,)),
        (CallFilter(text="c-7"), (0,)),
        (CallFilter(text="%"), (0,)),
        (CallFilter(text="aNN"), (0,)),
        (CallFilter(states=(CallState.FAILED,)), (2,)),
        (CallFilter(states=(CallState.FAILED, CallState.READY)), (2, 1, 0)),
        (CallFilter(agents=("Ann",)), (0,)),
        (CallFilter(queues=("Sales", "Billing")), (1, 0)),
        (CallFilter(first_day=date(2026, 6, 2)), (2, 1)),
        (CallFilter(last_day=date(2026, 6, 2)), (1, 0)),
        (CallFilter(sentiments=(SentimentLabel.NEGATIVE,)), (0,)),
        (CallFilter(sort=CallSort.SENTIMENT, descending=False), (0, 1, 2)),
        (CallFilter(sort=CallSort.SENTIMENT), (1, 0, 2)),
        (CallFilter(sort=CallSort.AGENT), (1, 0, 2)),
        (CallFilter(sort=CallSort.NAME, descending=False), (1, 0, 2)),
        (CallFilter(sort=CallSort.STATE, descending=False, states=(CallState.FAILED,)), (2,)),
    ],
)
def test_lists_are_filtered_and_sorted(
    calls: CallStore,
    three: tuple[str, str, str],
    wanted: CallFilter,
    expected: tuple[int, ...],
) -> None:
    found = [row.call.id for row in calls.list(ORG, wanted)]
    assert found == [three[i] for i in expected]
    uncut = replace(wanted, limit=None, offset=0)
    assert calls.count(ORG, wanted) == len(calls.list(ORG, uncut))


@pytest.mark.parametrize("sort", CallSort)
def test_every_order_works(calls: CallStore, three: tuple[str, str, str], sort: CallSort) -> None:
    assert {row.call.id for row in calls.list(ORG, CallFilter(sort=sort))} == set(three)


def test_rows_carry_figures_and_names_are_gathered(
    calls: CallStore, three: tuple[str, str, str]
) -> None:
    by_id = {row.call.id: row for row in calls.list(ORG)}
    assert by_id[three[0]].figures is not None
    assert by_id[three[0]].call.state is CallState.READY
    assert by_id[three[2]].figures is None
    assert calls.agents(ORG) == ("Ann", "Bob")
    assert calls.queues(ORG) == ("Billing", "Sales")


def test_names_are_read_from_name_to_name(engine: Engine, calls: CallStore) -> None:
    """What a name costs doesn't grow with its calls: an index gives the next one."""
    for number in range(12):
        details = CallDetails(agent_name=f"Ann {number % 3}", queue="Sales" if number % 2 else None)
        add(calls, details=details)
    add(calls, org_id="other", details=CallDetails(agent_name="Zoe", queue="Other"))
    asked: list[tuple[str, Any]] = []

    @event.listens_for(engine, "before_cursor_execute")
    def note(_c: object, _u: object, statement: str, parameters: Any, *_: object) -> None:
        asked.append((statement, parameters))

    assert calls.agents(ORG) == ("Ann 0", "Ann 1", "Ann 2")
    assert calls.queues(ORG) == ("Sales",)
    assert (calls.agents("nobody"), calls.has_any("nobody"), calls.has_any(ORG)) == (
        (),
        False,
        True,
    )
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            for statement, parameters in [a for a in asked if "min" in a[0]]:
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                told = [row[-1] for row in plan if "calls" in row[-1]]
                assert len(told) == 2
                assert all("SEARCH calls USING COVERING INDEX" in step for step in told)
