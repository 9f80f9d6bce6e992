"""Rollups equal their recomputation whatever happens to calls, on every database."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select, text, update

from services.domain.calls import Call, CallDetails, CallState, ProcessingOptions
from services.domain.edits import CallEdits
from services.domain.errors import NotAudio, StorageError
from services.domain.speech import SpeakerRole, Statement, Summary, Transcript
from services.domain.together import Period
from services.domain.topics import Topic
from services.reading_rules import read_by_book
from services.review.refreshing import Refresher
from services.scorecards.keeping import ScoreKeeper
from services.storage.calls import CallStore
from services.storage.known_voices import KnownVoiceStore
from services.storage.models import CALL_FIGURES, CALLS
from services.storage.rollup_tables import AGENT, ROLLUPS
from services.storage.rollups import RollupStore
from services.storage.runs import RunStore
from services.storage.scorecards import ScorecardStore
from services.storage.scores import ScoreStore
from services.storage.summaries import SummaryStore
from services.storage.transcripts import TranscriptStore
from tests.builders import transcript, utterance
from tests.contract.stores import MASTER_KEY, ORG, OTHER, add, analysed

MONDAY = datetime(2026, 4, 27, 9, tzinfo=UTC)
SAID = ("I am sorry", "well that is great", "my bill is wrong", "this is really bad")
WHOSE = st.builds(
    lambda agent, queue, days: CallDetails(
        agent_name=agent, queue=queue, started_at=MONDAY + timedelta(days=days)
    ),
    st.sampled_from(["Ann", "Bob", None]),
    st.sampled_from(["Billing", "Sales", None]),
    st.integers(0, 9),
)
TALKS = st.builds(
    lambda lines, roles, topics, resolved: replace(
        transcript(
            *(
                utterance(n, f"s{who}", 3_000 * n, words, mood)
                for n, (who, words, mood) in enumerate(lines)
            )
        ),
        topics=tuple(Topic(id=t, confidence=0.5) for t in topics),
        summary=resolved and _summary(resolved == "yes"),
    ),
    st.lists(
        st.tuples(st.sampled_from("12"), st.sampled_from(SAID), st.sampled_from(["", "+", "-"])),
        min_size=1,
        max_size=4,
    ),
    st.booleans(),
    st.sets(st.sampled_from(["fraud", "refund", "booking"])),
    st.sampled_from([None, "yes", "no"]),
)


def _summary(resolved: bool | None) -> Summary:
    reason = Statement(text="About a bill.", utterances=("u0",))
    return Summary(reason=reason, resolved=resolved)


class UntouchedLines:
    """Redacts nothing."""

    def redact_line(self, transcript: Transcript, utterance_id: str, text: str) -> str:
        return text

    redact_comment = redact_line


class World:
    """Calls, and everything that can happen to them."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.calls, self.runs = CallStore(engine), RunStore(engine)
        keeper = ScoreKeeper(ScorecardStore(engine), ScoreStore(engine), UntouchedLines())
        self.transcripts = TranscriptStore(engine, read_by_book, also=(keeper,))
        self.refresher = Refresher(
            self.calls, self.transcripts, KnownVoiceStore(engine, MASTER_KEY)
        )
        self.rollups = RollupStore(engine)

    def add(self, details: CallDetails, org_id: str = ORG) -> Call:
        return add(self.calls, org_id=org_id, details=details)

    def transcribe(self, call: Call, talk: Transcript) -> None:
        if call.state is CallState.FAILED:
            self.runs.start(call.org_id, call.id, ProcessingOptions())
            call = self.calls.get(call.org_id, call.id)
        made = replace(talk, id=f"t{call.id}{call.run}")
        self.transcripts.save(call.org_id, call.id, call.run, analysed(made))

    def run_again(self, call: Call, talk: Transcript) -> None:
        if call.active_transcript_id is not None:
            self.runs.finish(call.id, call.run, f"t{call.id}{call.run}")
            self.runs.start(call.org_id, call.id, ProcessingOptions())
        self.transcribe(self.calls.get(call.org_id, call.id), talk)

    def fail(self, call: Call) -> None:
        self.runs.fail(call.id, call.run, NotAudio())

    def swap_roles(self, call: Call) -> None:
        if call.active_transcript_id is None:
            return
        before = self.transcripts.edits(call.org_id, call.id)
        roles = {"s1": SpeakerRole.CUSTOMER, "s2": SpeakerRole.AGENT}
        edits: CallEdits = replace(before, roles={} if before.roles else roles)
        talk = self.transcripts.active(call.org_id, call.id)
        speakers = tuple(replace(s, role=edits.roles.get(s.id, s.role)) for s in talk.speakers)
        shown = analysed(replace(talk, speakers=speakers))
        self.transcripts.save_edits(call.org_id, call.id, edits, shown=shown)

    def summarise(self, call: Call, resolved: bool) -> None:
        if call.active_transcript_id is not None:
            store, summary = SummaryStore(self.engine), _summary(resolved)
            store.save(call.org_id, call.id, call.active_transcript_id, summary, writer="m")

    def refresh(self) -> None:
        with self.engine.begin() as connection:
            connection.execute(update(CALL_FIGURES).values(form=0, dead_air_ms=None))
        self.refresher.refresh()

    def delete_all(self) -> None:
        for org_id in (ORG, OTHER):
            for row in self.calls.list(org_id):
                self.calls.delete(org_id, row.call.id)


@pytest.fixture
def world(engine: Engine) -> World:
    """An empty one."""
    return World(engine)


STEPS = st.one_of(
    st.tuples(st.just("add"), WHOSE, st.sampled_from([ORG, ORG, OTHER])),
    st.tuples(st.just("transcribe"), TALKS),
    st.tuples(st.just("transcribe"), TALKS),
    st.tuples(st.just("run_again"), TALKS),
    st.tuples(st.just("move"), WHOSE),
    st.tuples(st.just("swap_roles")),
    st.tuples(st.just("summarise"), st.booleans()),
    st.tuples(st.just("fail")),
    st.tuples(st.just("delete")),
    st.tuples(st.just("refresh")),
    st.tuples(st.just("fold")),
)


def happen(world: World, made: list[Call], which: int, name: str, *given_: Any) -> None:
    """Let one step happen, to one of the calls where it concerns one."""
    if name == "add":
        made.append(world.add(*given_))
    elif name == "refresh":
        world.refresh()
    elif name == "fold":
        world.rollups.fold()
    elif made:
        chosen = made[which % len(made)]
        call = world.calls.get(chosen.org_id, chosen.id)
        if name == "delete":
            world.calls.delete(call.org_id, call.id)
            made.remove(chosen)
        elif name == "move":
            world.calls.update_details(call.org_id, call.id, *given_)
        else:
            getattr(world, name)(call, *given_)


@settings(
    max_examples=25,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    first=WHOSE,
    talk=TALKS,
    steps=st.lists(st.tuples(st.integers(0, 5), STEPS), min_size=2, max_size=9),
)
def test_they_follow_whatever_happens_to_calls(world: World, first, talk, steps) -> None:
    world.delete_all()
    made: list[Call] = []
    for step in (("add", first, ORG), ("transcribe", talk)):
        happen(world, made, 0, *step)
    for which, step in steps:
        happen(world, made, which, *step)
    assert world.rollups.differing() == ()


def test_nothing_is_left_of_deleted_calls(world: World, engine: Engine) -> None:
    call = world.add(CallDetails(agent_name="Ann", queue="Billing", started_at=MONDAY))
    world.transcribe(call, transcript())
    assert world.rollups.fold() > 0
    assert _sums(engine) > 0
    world.calls.delete(ORG, call.id)
    world.rollups.fold()
    assert _sums(engine) == 0


@pytest.mark.parametrize("period", Period)
def test_a_wrong_sum_is_found_and_made_anew(world: World, engine: Engine, period: Period) -> None:
    call = world.add(CallDetails(agent_name="Ann", queue="Billing", started_at=MONDAY))
    world.transcribe(call, transcript())
    world.rollups.fold()
    wrong = ROLLUPS["calls"].of(AGENT, period)
    with engine.begin() as connection:
        connection.execute(update(wrong).values(handle_sum=wrong.c.handle_sum + 1))
    assert world.rollups.differing() == (wrong.name,)
    world.rollups.rebuild()
    assert world.rollups.differing() == ()


def test_writers_at_once_lose_nothing(world: World, engine: Engine) -> None:
    """Several write calls of the same agents and days while another folds."""
    rollups, stop = RollupStore(engine), Event()

    def write(number: int) -> None:
        for step in range(6):
            whose = CallDetails(agent_name="AB"[step % 2], queue="Q", started_at=MONDAY)
            call = world.add(whose)
            world.transcribe(call, transcript())
            moved = replace(whose, agent_name="BA"[step % 2], started_at=MONDAY + timedelta(days=1))
            world.calls.update_details(ORG, call.id, moved)
            if step % 3 == number % 3:
                world.calls.delete(ORG, call.id)

    def fold() -> None:
        # With a pause: on SQLite those who write would hardly get their turn.
        while not stop.wait(0.01):
            _tried(rollups.fold)
            # Whoever folds without a pause leaves the writers no time of the interpreter.
            stop.wait(0.01)

    with ThreadPoolExecutor(6) as pool:
        folding = [pool.submit(fold) for _ in range(2)]
        for writer in [pool.submit(write, number) for number in range(4)]:
            writer.result()
        stop.set()
        for folder in folding:
            folder.result()
    rollups.fold()
    assert rollups.differing() == ()
    with engine.connect() as connection:
        by_agent = ROLLUPS["calls"].of(AGENT).c
        query = select(by_agent.agent, func.sum(by_agent.calls)).group_by(by_agent.agent)
        assert {name: int(calls) for name, calls in connection.execute(query)} == {"A": 8, "B": 8}


def _tried(fold: Callable[[], int]) -> None:
    """Fold, which on PostgreSQL is refused when somebody else has just done it."""
    try:
        fold()
    except StorageError:
        return


def _sums(engine: Engine) -> int:
    with engine.connect() as connection:
        return sum(
            connection.execute(select(func.count()).select_from(table)).scalar_one()
            for rollup in ROLLUPS.values()
            for table in rollup.sum_tables
        )


def test_making_sums_anew_lets_savers_go_on_and_then_has_its_turn(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A saver that holds what is to be locked and wants more of it is not in a deadlock with it."""
    if world.engine.dialect.name == "sqlite":
        pytest.skip("one writes after the other there")
    call = world.add(CallDetails(agent_name="Ann", started_at=MONDAY))
    waiting = Event()

    def pause(_s: float) -> None:
        waiting.set()

    monkeypatch.setattr("services.storage.rollups.time.sleep", pause)
    with ThreadPoolExecutor(1) as threads:
        with world.engine.begin() as saver:
            # The table that is locked last, then one that is locked before it.
            saver.execute(text("LOCK TABLE rule_facts IN ROW EXCLUSIVE MODE"))
            made = threads.submit(world.rollups.rebuild)
            assert waiting.wait(20)
            change = update(CALLS).where(CALLS.c.id == call.id)
            saver.execute(change.values(agent_name="Bob"))
        assert made.result(20) > 0
    assert world.rollups.differing() == ()
    monkeypatch.setattr("services.storage.rollups.LOCKING_S", 0.0)
    with world.engine.begin() as saver:
        saver.execute(text("LOCK TABLE calls IN ROW EXCLUSIVE MODE"))
        with pytest.raises(StorageError):
            world.rollups.rebuild()


@pytest.mark.parametrize("fault", [StorageError(), RuntimeError("a fault nobody thought of")])
def test_no_fault_ends_the_folding(
    world: World, fault: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, tried = Event(), 0

    def fold(_store: RollupStore) -> int:
        nonlocal tried
        tried += 1
        if tried == 2:
            stop.set()
        raise fault

    monkeypatch.setattr(RollupStore, "fold", fold)
    world.rollups.keep_up(stop, every_s=0)
    assert tried == 2
