"""Runs that go on in the queue of the provider that steps in."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import text

from app.wiring import build_worker
from services.domain.calls import CallState, Run
from services.domain.errors import ProviderUnavailable
from services.domain.people import LOCAL_USER
from services.jobs.engine import Outcome
from services.jobs.processing import OpenRun
from services.jobs.queue import JobState
from services.storage.run_reading import UnfinishedRun
from services.storage.runs import RunStore
from tests.unit.jobs import test_elsewhere
from tests.unit.jobs.conftest import tone
from tests.unit.jobs.test_elsewhere import AZURE, AZURE_OR_HERE, ORG, Elsewhere, until
from tests.unit.jobs.test_janitor import janitor

installation = test_elsewhere.installation
AZURE_OR_ASSEMBLYAI = replace(AZURE, fallback=("assemblyai",))


@pytest.fixture
def at_once() -> int:
    return 1


@pytest.fixture
def waiting(installation: Elsewhere) -> Iterator[str]:
    """A call for which this machine is to step in, but has other work."""
    installation.azure.fails = ProviderUnavailable
    installation.here.open.clear()
    first = installation.take_in(tone(pitch_hz=300), AZURE_OR_HERE).call_id
    second = installation.take_in(tone(pitch_hz=400), AZURE_OR_HERE).call_id
    with installation.working():
        until(lambda: installation.here.now == 1)
        until(lambda: run_of(installation, second).moves == 1)
        yield second
        installation.here.open.set()
        assert installation.ended(first) is CallState.READY
    assert installation.here.most == 1


def run_of(installation: Elsewhere, call_id: str) -> Run:
    return installation.services.runs.get(ORG, call_id, 1)


def job_rows(installation: Elsewhere, call_id: str) -> int:
    with installation.services.engine.connect() as connection:
        query = text("SELECT count(*) FROM workflow_status WHERE workflow_uuid LIKE :job")
        return int(connection.execute(query, {"job": f"{call_id}.%"}).scalar_one())


def test_limits_hold_for_whoever_steps_in(
    installation: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = installation.settings.model_copy(
        update={"azure_at_once": 4, "assemblyai_at_once": 2}
    )
    # The worker takes its limits from its settings.
    monkeypatch.setattr(installation, "settings", settings)
    installation.azure.fails = ProviderUnavailable
    installation.assemblyai.open.clear()
    calls = [
        installation.take_in(tone(pitch_hz=300 + n), AZURE_OR_ASSEMBLYAI).call_id for n in range(4)
    ]
    with installation.working():
        until(lambda: installation.assemblyai.now == 2)
        until(lambda: all(run_of(installation, c).moves for c in calls))
        states = [installation.progress(c).state for c in calls]
        assert states.count(CallState.WAITING) == 2
        assert sorted(installation.progress(c).waiting_ahead for c in calls) == [0, 0, 0, 1]
        installation.assemblyai.open.set()
        assert [installation.ended(c) for c in calls] == [CallState.READY] * 4
    assert installation.assemblyai.most == 2


def test_goes_on_where_it_was(installation: Elsewhere) -> None:
    installation.azure.fails = ProviderUnavailable
    call_id = installation.process(AZURE_OR_HERE)
    run = run_of(installation, call_id)
    assert run.workflow_ids == (f"{call_id}.1", f"{call_id}.1.1")
    assert run.state is CallState.READY
    states = installation.services.queue.states(run.workflow_ids)
    assert states == dict.fromkeys(run.workflow_ids, JobState.OVER)


def test_can_be_cancelled_while_it_waits_there(installation: Elsewhere, waiting: str) -> None:
    assert installation.progress(waiting).state is CallState.WAITING
    installation.services.desk.cancel(LOCAL_USER, waiting)
    assert installation.progress(waiting).state is CallState.CANCELLED
    job = run_of(installation, waiting).workflow_id
    assert installation.services.queue.states([job]) == {job: JobState.OVER}


def test_leaves_no_job_when_its_call_is_deleted(installation: Elsewhere, waiting: str) -> None:
    assert job_rows(installation, waiting) == 2
    installation.services.desk.delete(LOCAL_USER, waiting)
    assert job_rows(installation, waiting) == 0


def test_its_old_job_does_nothing_more(installation: Elsewhere, waiting: str) -> None:
    worker = build_worker(installation.settings, "other", stopping=lambda: False)
    workshop = worker.engine._open_run.args[0]  # type: ignore[attr-defined]
    run = OpenRun(workshop, waiting, 1, f"{waiting}.1")
    assert run.begin() is Outcome.MOVED
    run.close()
    assert installation.progress(waiting).state is CallState.WAITING


def test_is_not_lost_to_a_sweep_that_saw_its_old_job_end(
    installation: Elsewhere, waiting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_of(installation, waiting)
    assert run.created_at is not None
    before = UnfinishedRun(call_id=waiting, number=1, moves=0, created_at=run.created_at)
    monkeypatch.setattr(RunStore, "unfinished", lambda *_, **__: [[before]])
    until(lambda: installation.services.queue.states([before.workflow_id]).popitem()[1] == "over")
    janitor(installation).look_after_jobs()
    assert installation.progress(waiting).state is CallState.WAITING


def test_a_run_that_was_cancelled_moves_no_more(installation: Elsewhere) -> None:
    call_id = installation.take_in(options=AZURE_OR_HERE).call_id
    runs = installation.services.runs
    runs.begin(call_id, 1)
    runs.request_cancel(ORG, call_id, 1)
    assert runs.move(call_id, 1, "calls") is None
    assert runs.move("nobody", 1, "calls") is None
