"""What a store of runs and their checkpoints promises, on every database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from services.domain.calls import Call, CallState, ProcessingOptions, Run, RunProgress, Stage
from services.domain.errors import (
    DataDamaged,
    DiskFull,
    InvalidRequest,
    NotAudio,
    NotFound,
)
from services.domain.speech import SpeakerRole
from services.storage.calls import CallStore
from services.storage.checkpoints import RunCheckpoints
from services.storage.keys import DataKey
from services.storage.models import RUN_CHECKPOINTS
from services.storage.runs import ProgressReport, RunStore
from services.storage.transcripts import TranscriptStore
from tests.contract.stores import ORG, OTHER, add, analysed

KEY = DataKey(bytes(32))


def test_the_first_run_comes_with_the_call(calls: CallStore, runs: RunStore) -> None:
    options = ProcessingOptions(
        provider="azure",
        language="fr",
        min_speakers=2,
        vocabulary=("x",),
        spelling=(("o'riley", "O'Reilly"),),
        relabel_of="t1",
        keep_fillers=False,
        start_ms=1_000,
        channel_roles=(SpeakerRole.CUSTOMER, SpeakerRole.AGENT),
    )
    made = add(calls, options=options)
    run = Run(
        call_id=made.id,
        number=1,
        options=options,
        state=CallState.WAITING,
        created_at=made.created_at,
    )
    assert runs.get(ORG, made.id, 1) == run
    assert runs.load(made.id, 1) == (ORG, run)
    assert runs.list_for_call(ORG, made.id) == [run]
    (page,) = runs.unfinished()
    assert [run.workflow_id for run in page] == [run.workflow_id]


def test_unfinished_runs_come_in_pages(calls: CallStore, runs: RunStore) -> None:
    long_ago = datetime.now(UTC) - timedelta(minutes=5)
    made = [add(calls, created_at=long_ago) for _ in range(5)]
    made += [add(calls, created_at=long_ago + timedelta(seconds=n)) for n in range(1, 4)]
    add(calls, created_at=datetime.now(UTC))
    for call in made[:3]:
        runs.begin(call.id, 1)
    runs.cancelled(made[3].id, 1)
    pages = list(runs.unfinished(older_than_s=60.0, at_once=2))
    assert [len(page) for page in pages] == [2, 1, 2, 2]
    found = [(run.call_id, run.number) for page in pages for run in page]
    assert sorted(found) == sorted((call.id, 1) for call in made if call is not made[3])
    assert len(set(found)) == len(found)


def test_another_organisation_finds_no_run(runs: RunStore, made: Call) -> None:
    for ask in (
        lambda: runs.get(OTHER, made.id, 1),
        lambda: runs.start(OTHER, made.id, ProcessingOptions()),
        lambda: runs.request_cancel(OTHER, made.id, 1),
    ):
        with pytest.raises(NotFound):
            ask()
    assert runs.list_for_call(OTHER, made.id) == []
    assert runs.progress(OTHER, [made.id]) == {}
    assert not runs.is_cancel_requested(made.id, 1)


def report(of: Call, **changes: Any) -> ProgressReport:
    """Half of decoding is done."""
    half = ProgressReport(
        call_id=of.id, number=1, stage=Stage.DECODE, stage_fraction=0.5, fraction=0.4, left_ms=None
    )
    return replace(half, **changes)


def test_reports_of_many_runs_are_noted_together_and_only_from_who_has_the_run(
    calls: CallStore, runs: RunStore, made: Call
) -> None:
    other = add(calls)
    first, second = runs.take(made.id, 1), runs.take(made.id, 1)
    assert first
    assert second
    assert runs.take(other.id, 1)
    runs.report(
        [
            report(made, claim=second.claim, fraction=0.3),
            report(other, claim=1, fraction=0.6),
            report(made, claim=first.claim, fraction=0.9),
        ]
    )
    told = runs.progress(ORG, [made.id, other.id])
    assert [told[id_].fraction for id_ in (made.id, other.id)] == [0.3, 0.6]


def test_progress_of_a_run_and_of_its_call(calls: CallStore, runs: RunStore, made: Call) -> None:
    assert runs.progress(ORG, []) == {}
    waiting = RunProgress(call_id=made.id, run=1, state=CallState.WAITING)
    assert runs.progress(ORG, [made.id, "gone"]) == {made.id: waiting}
    assert runs.begin(made.id, 1)
    assert calls.get(ORG, made.id).state is CallState.PROCESSING
    runs.report([report(made, stage=Stage.RECOGNISE, left_ms=9_000)])
    assert runs.progress(ORG, [made.id])[made.id] == RunProgress(
        call_id=made.id,
        run=1,
        state=CallState.PROCESSING,
        stage=Stage.RECOGNISE,
        stage_fraction=0.5,
        fraction=0.4,
        left_ms=9_000,
    )


def test_waiting_runs_know_how_many_are_ahead(calls: CallStore, runs: RunStore) -> None:
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    made = [add(calls, created_at=begin + timedelta(seconds=i)) for i in range(4)]
    runs.begin(made[1].id, 1)
    found = runs.progress(ORG, [call.id for call in made])
    assert [found[call.id].waiting_ahead for call in made] == [0, 0, 1, 2]


def test_only_runs_of_the_same_queue_are_ahead(calls: CallStore, runs: RunStore) -> None:
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    queues = ["calls", "calls-azure", "calls", "calls-azure", "calls-azure"]
    made = [
        add(calls, queue=queue, created_at=begin + timedelta(seconds=i))
        for i, queue in enumerate(queues)
    ]
    found = runs.progress(ORG, [call.id for call in made])
    assert [found[call.id].waiting_ahead for call in made] == [0, 0, 1, 1, 2]


def test_a_run_keeps_its_queue(runs: RunStore, made: Call) -> None:
    runs.cancelled(made.id, 1)
    again = runs.start(ORG, made.id, ProcessingOptions(), queue="calls-azure")
    assert again.queue == "calls-azure"
    assert [run.queue for run in runs.list_for_call(ORG, made.id)] == ["calls", "calls-azure"]


@pytest.mark.parametrize("first", ["finish", "fail", "cancelled"])
def test_a_run_that_has_ended_stays_as_it_ended(
    calls: CallStore, runs: RunStore, made: Call, first: str
) -> None:
    endings = {
        "finish": lambda: runs.finish(made.id, 1, "t1", {"decode": 5}),
        "fail": lambda: runs.fail(made.id, 1, DiskFull()),
        "cancelled": lambda: runs.cancelled(made.id, 1),
    }
    assert endings[first]()
    ended, call = runs.get(ORG, made.id, 1), calls.get(ORG, made.id)
    assert ended.finished_at is not None
    assert call.state is ended.state
    for again in endings.values():
        assert not again()
    runs.report([report(made, stage=Stage.ANALYSE)])
    assert not runs.begin(made.id, 1)
    assert not runs.request_cancel(ORG, made.id, 1)
    assert (runs.get(ORG, made.id, 1), calls.get(ORG, made.id)) == (ended, call)
    assert list(runs.unfinished()) == []


def test_success_and_failure_are_told(calls: CallStore, runs: RunStore) -> None:
    good, bad = add(calls), add(calls)
    runs.finish(good.id, 1, "t1", {"decode": 5})
    runs.fail(bad.id, 1, DiskFull("Sure."))
    finished, failed = runs.get(ORG, good.id, 1), runs.get(ORG, bad.id, 1)
    assert (finished.state, finished.transcript_id) == (CallState.READY, "t1")
    assert finished.stage_times_ms == {"decode": 5}
    sentence = "The disk is full; free some space and retry. Sure."
    assert (failed.error_code, failed.error_message, failed.retryable) == (
        "DiskFull",
        sentence,
        True,
    )
    call = calls.get(ORG, bad.id)
    assert (call.error_code, call.error_message) == ("DiskFull", sentence)
    told = runs.progress(ORG, [bad.id])[bad.id]
    assert (told.state, told.error_message, told.retryable) == (CallState.FAILED, sentence, True)


def test_a_new_run_takes_the_call_over(calls: CallStore, runs: RunStore, made: Call) -> None:
    with pytest.raises(InvalidRequest):
        runs.start(ORG, made.id, ProcessingOptions())
    runs.fail(made.id, 1, NotAudio())
    second = runs.start(ORG, made.id, ProcessingOptions(language="en"))
    assert (second.number, second.state) == (2, CallState.WAITING)
    assert runs.get(ORG, made.id, 2) == second
    call = calls.get(ORG, made.id)
    assert (call.run, call.state, call.error_code) == (2, CallState.WAITING, None)
    assert not runs.fail(made.id, 1, DiskFull())
    assert calls.get(ORG, made.id).state is CallState.WAITING
    assert [run.number for run in runs.list_for_call(ORG, made.id)] == [1, 2]
    assert calls.row(ORG, made.id).options.language == "en"


def test_a_failed_rerun_leaves_the_transcript_to_be_opened(
    engine: Engine, calls: CallStore, runs: RunStore, made: Call
) -> None:
    transcripts = TranscriptStore(engine)
    first = analysed()
    transcripts.save(ORG, made.id, 1, first)
    runs.finish(made.id, 1, first.transcript.id)
    runs.start(ORG, made.id, ProcessingOptions())
    runs.fail(made.id, 2, DiskFull())
    assert calls.get(ORG, made.id).state is CallState.FAILED
    assert transcripts.active(ORG, made.id) == first.transcript


def test_a_run_is_started_within_the_callers_transaction(
    calls: CallStore, runs: RunStore, made: Call
) -> None:
    runs.cancelled(made.id, 1)

    def break_off() -> None:
        with calls.transaction() as connection:
            runs.start(ORG, made.id, ProcessingOptions(), connection=connection)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off()
    assert calls.get(ORG, made.id).run == 1


def test_cancelling_is_asked_for_and_answered(runs: RunStore, made: Call) -> None:
    assert not runs.is_cancel_requested(made.id, 1)
    assert runs.request_cancel(ORG, made.id, 1)
    assert runs.is_cancel_requested(made.id, 1)


def test_a_deleted_call_takes_no_reports(
    engine: Engine, calls: CallStore, runs: RunStore, made: Call
) -> None:
    calls.delete(ORG, made.id)
    assert runs.is_cancel_requested(made.id, 1)
    assert not runs.begin(made.id, 1)
    runs.report([report(made)])
    assert not runs.finish(made.id, 1, "t")
    assert not runs.fail(made.id, 1, DiskFull())
    assert not runs.cancelled(made.id, 1)
    for ask in (lambda: runs.count_attempt(made.id, 1), lambda: runs.load(made.id, 1)):
        with pytest.raises(NotFound):
            ask()
    with pytest.raises(NotFound):
        RunCheckpoints(engine, made.id, 1, KEY)["a"] = b""


# --- checkpoints ------------------------------------------------------------------------------


def test_checkpoints_are_a_mapping(engine: Engine, made: Call) -> None:
    checkpoints = RunCheckpoints(engine, made.id, 1, KEY)
    checkpoints["b"] = b"1"
    checkpoints["a"] = b""
    checkpoints["b"] = bytes(range(256)) * 100
    again = RunCheckpoints(engine, made.id, 1, KEY)
    assert dict(again) == {"a": b"", "b": bytes(range(256)) * 100}
    assert (len(again), list(again), "c" in again) == (2, ["a", "b"], False)
    del again["a"]
    with pytest.raises(KeyError):
        del again["a"]
    assert list(checkpoints) == ["b"]
    again.clear()
    assert len(checkpoints) == 0


def test_checkpoints_are_encrypted_and_bound_to_their_place(engine: Engine, made: Call) -> None:
    checkpoints = RunCheckpoints(engine, made.id, 1, KEY)
    checkpoints["a"] = b"my card number"
    checkpoints["b"] = b"something else"
    with engine.begin() as connection:
        stored = connection.execute(select(RUN_CHECKPOINTS.c.content)).scalars().all()
        assert not any(b"card" in content for content in stored)
        connection.execute(RUN_CHECKPOINTS.update().values(content=stored[0]))
    read = 0
    for name in ("a", "b"):
        try:
            read += checkpoints[name] is not None
        except DataDamaged:
            continue
    assert read == 1


@pytest.mark.parametrize("ending", ["finish", "fail", "cancelled"])
def test_checkpoints_go_with_their_run(
    engine: Engine, runs: RunStore, made: Call, ending: str
) -> None:
    checkpoints = RunCheckpoints(engine, made.id, 1, KEY)
    checkpoints["a"] = b"1"
    {
        "finish": lambda: runs.finish(made.id, 1, "t"),
        "fail": lambda: runs.fail(made.id, 1, DiskFull()),
        "cancelled": lambda: runs.cancelled(made.id, 1),
    }[ending]()
    assert len(checkpoints) == 0
    with pytest.raises(NotFound):
        checkpoints["a"] = b"2"


def test_attempts_are_counted_from_the_last_checkpoint(
    engine: Engine, runs: RunStore, made: Call
) -> None:
    assert [runs.count_attempt(made.id, 1) for _ in range(3)] == [1, 2, 3]
    RunCheckpoints(engine, made.id, 1, KEY)["a"] = b"1"
    assert runs.count_attempt(made.id, 1) == 1
