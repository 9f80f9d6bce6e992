"""What every store of rules and of the categories that they give keeps to."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine

from services.domain.calls import CallDetails
from services.domain.errors import RulesChanged
from services.domain.together import AnalyticsFilter
from services.reading_rules import read_by_book
from services.storage.calls import CallFilter, CallStore
from services.storage.categories import CategoryStore
from services.storage.rules import RuleStore, StoredRule
from services.storage.sweeps import SweepState, SweepStore
from services.storage.transcripts import TranscriptStore
from services.understanding.rules.yaml_form import rules_from_yaml, rules_to_yaml
from tests.builders import transcript, utterance
from tests.contract.stores import ORG, OTHER, add, analysed

UPSET = """
rules:
- id: upset
  name: Upset
  kind: event
  alert: true
  when:
    said: really upset
    by: customer
"""


def stored(rule_id: str = "upset", said: str = "really upset", **changes: object) -> StoredRule:
    """A rule as it is kept."""
    (rule,) = rules_from_yaml(UPSET)
    made = replace(rule, id=rule_id, condition=replace(rule.condition, any_of=(said,)))
    return replace(StoredRule(id=rule_id, body=rules_to_yaml([made])), **changes)


@pytest.fixture
def rules(engine: Engine) -> RuleStore:
    return RuleStore(engine)


@pytest.fixture
def categories(engine: Engine) -> CategoryStore:
    return CategoryStore(engine)


@pytest.fixture
def transcripts(engine: Engine) -> TranscriptStore:
    return TranscriptStore(engine, read_by_book)


def store_call(engine: Engine, transcripts: TranscriptStore, **changes: object) -> str:
    """Store a short call in which the customer is really upset; return its id."""
    made = add(CallStore(engine), **changes)
    transcripts.save(made.org_id, made.id, 1, analysed())
    return made.id


def test_rules_keep_their_order_and_count_their_versions(rules: RuleStore) -> None:
    assert rules.book(ORG).rules == ()
    rules.save(ORG, [stored("b"), stored("a")])
    again = rules.save(ORG, [stored("b", "other words", version=1, position=1)])
    assert [(r.id, r.version) for r in again.rules] == [("b", 2), ("a", 1)]
    assert again == rules.book(ORG)
    assert rules.book(OTHER).rules == ()


@pytest.mark.parametrize("based_on", [0, 2])
def test_a_change_of_another_version_is_refused_as_a_whole(rules: RuleStore, based_on: int) -> None:
    kept = rules.save(ORG, [stored()])
    with pytest.raises(RulesChanged):
        rules.save(ORG, [stored("new"), stored(version=based_on)])
    assert rules.book(ORG) == kept


def test_removing_needs_the_present_version(rules: RuleStore) -> None:
    rules.save(ORG, [stored()])
    with pytest.raises(RulesChanged):
        rules.remove(ORG, "upset", based_on=2)
    assert rules.remove(ORG, "upset", based_on=1).rules == ()


def test_a_call_gets_its_categories_with_its_figures(
    engine: Engine, rules: RuleStore, transcripts: TranscriptStore, categories: CategoryStore
) -> None:
    rules.save(ORG, [stored()])
    call_id = store_call(engine, transcripts)
    found = {c.rule_id: c for c in categories.of_call(ORG, call_id)}
    (why,) = found["upset"].evidence
    assert (why.utterance, why.why) == ("u2", "The customer said “really upset”.")
    assert found["upset"].alert
    assert categories.of_call(OTHER, call_id) == ()
    calm = transcript(utterance(1, "s1", 0, "hello there"), utterance(2, "s2", 3_000, "good day"))
    transcripts.save(ORG, call_id, 1, analysed(calm))
    assert "upset" not in {c.rule_id for c in categories.of_call(ORG, call_id)}


def test_deleting_a_call_deletes_what_rules_found(
    engine: Engine, rules: RuleStore, transcripts: TranscriptStore, categories: CategoryStore
) -> None:
    rules.save(ORG, [stored()])
    call_id = store_call(engine, transcripts)
    CallStore(engine).delete(ORG, call_id)
    assert categories.counts(ORG) == {}


def test_what_a_rule_gave_calls_goes_when_it_is_switched_off_or_removed(
    engine: Engine, rules: RuleStore, transcripts: TranscriptStore, categories: CategoryStore
) -> None:
    rules.save(ORG, [stored(), stored("too")])
    store_call(engine, transcripts)
    assert categories.counts(ORG).keys() >= {"upset", "too"}
    rules.save(ORG, [stored(version=1, enabled=False)])
    rules.remove(ORG, "too", based_on=1)
    assert not categories.counts(ORG).keys() & {"upset", "too"}
    call_id = store_call(engine, transcripts)
    assert "upset" not in {c.rule_id for c in categories.of_call(ORG, call_id)}


def test_counts_follow_day_agent_and_queue(
    engine: Engine, rules: RuleStore, transcripts: TranscriptStore, categories: CategoryStore
) -> None:
    rules.save(ORG, [stored()])
    for agent, day in (("Nora", 3), ("Nora", 12), ("Tom", 12)):
        details = CallDetails(agent_name=agent, started_at=datetime(2026, 3, day, 9, tzinfo=UTC))
        store_call(engine, transcripts, details=details)
    assert categories.counts(ORG)["upset"] == 3
    assert categories.counts(ORG, since=date(2026, 3, 12))["upset"] == 2
    everything = AnalyticsFilter()
    n, counts = categories.counts_among(ORG, AnalyticsFilter(agents=("Nora",)))
    assert (n, counts["upset"]) == (2, 2)
    assert categories.by_week(ORG, "upset", everything) == [
        (date(2026, 3, 2), 1, 1), (date(2026, 3, 9), 2, 2),
    ]  # fmt: skip
    shares = categories.by_agent(ORG, "upset", everything)
    assert [(s.agent_name, s.calls, s.n) for s in shares] == [("Nora", 2, 2), ("Tom", 1, 1)]
    assert [s.calls for s in categories.by_agent(ORG, "nothing", everything)] == [0, 0]


def test_lists_filter_by_category_and_unseen_alerts(
    engine: Engine, rules: RuleStore, transcripts: TranscriptStore
) -> None:
    calls = CallStore(engine)
    first, second = store_call(engine, transcripts), store_call(engine, transcripts)
    rules.save(ORG, [stored()])
    third = store_call(engine, transcripts)

    def listed(**wanted: object) -> set[str]:
        rows = calls.list(ORG, CallFilter(**wanted))
        assert calls.count(ORG, CallFilter(**wanted)) == len(rows)
        return {row.call.id for row in rows}

    assert listed(categories=("upset",)) == {third}
    assert listed(categories=("complaint",)) >= {first, second, third}
    alerted = listed(alerts=True)
    assert third in alerted
    calls.mark_reviewed(ORG, third, by="You")
    assert listed(alerts=True) == alerted - {third}


def test_sweeps_gather_what_is_asked_for(engine: Engine) -> None:
    sweeps = SweepStore(engine, debounce_s=0)
    assert sweeps.get(ORG) is None
    sweeps.request(ORG, ["a"])
    sweeps.request(ORG, ["b"])
    claimed = sweeps.claim()
    assert claimed is not None
    assert claimed.rule_ids == ("a", "b")
    assert sweeps.claim() is None
    assert sweeps.go_on(claimed, 5, 10)
    sweeps.request(ORG)
    assert not sweeps.go_on(claimed, 6, 10)
    sweeps.finish(claimed, SweepState.DONE)
    newest = sweeps.claim()
    assert newest is not None
    assert newest.rule_ids is None
    sweeps.cancel(ORG)
    assert not sweeps.go_on(newest, 1, 10)
    sweeps.finish(newest, SweepState.CANCELLED)
    now = sweeps.get(ORG)
    assert now is not None
    assert now.state is SweepState.CANCELLED


def test_a_sweep_waits_for_more_to_be_asked(engine: Engine) -> None:
    sweeps = SweepStore(engine, debounce_s=60)
    sweeps.request(ORG, ["a"])
    assert sweeps.claim() is None
    sweeps.cancel(ORG)
    now = sweeps.get(ORG)
    assert now is not None
    assert now.state is SweepState.CANCELLED
