"""A worker that is cut off from the database while it begins with a run that others then have."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import OperationalError

from app.settings import Settings
from app.wiring import Services, Worker, build_services, build_worker
from services.domain.calls import CallDetails, CallState, ProcessingOptions
from services.domain.people import LOCAL_USER
from services.jobs import insisting
from services.jobs.engine import Outcome
from services.jobs.processing import OpenRun
from services.jobs.progress import NotBegun
from services.jobs.workshop import Workshop
from services.providers.registry import ProviderRegistry
from services.providers.scripted import ScriptedProvider
from tests.unit.jobs.conftest import tone

SCRIPTED = ProcessingOptions(provider="scripted", redact=False)
PAUSES = (0.01,)
Build = Callable[[str], Worker]


@pytest.fixture
def settings(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    registry = ProviderRegistry({"scripted": ScriptedProvider})
    monkeypatch.setattr("app.wiring.services.build_providers", lambda *_: registry)
    monkeypatch.setattr(insisting, "PATIENT_PAUSES_S", PAUSES)
    monkeypatch.setattr(insisting, "STOPPING_ASKED_EVERY_S", 0.01)
    return Settings(data_dir=tmp_path, database=database_url)


@pytest.fixture
def services(settings: Settings) -> Iterator[Services]:
    built = build_services(settings)
    yield built
    built.close()


@pytest.fixture
def build(settings: Settings) -> Iterator[Build]:
    built: list[Worker] = []

    def one(worker_id: str) -> Worker:
        built.append(build_worker(settings, worker_id, stopping=lambda: False))
        return built[-1]

    yield one
    for worker in built:
        worker.services.close()


@pytest.fixture
def call_id(services: Services) -> str:
    with services.intake.begin(LOCAL_USER, "call.wav") as incoming:
        incoming.write(tone(1.0))
        return incoming.commit(SCRIPTED, CallDetails()).call_id


def give(services: Services, worker_id: str) -> None:
    """Have the one job be claimed by this worker."""
    schema = "" if services.engine.dialect.name == "sqlite" else "dbos."
    change = f"UPDATE {schema}workflow_status SET status = 'PENDING', executor_id = :worker"
    with services.calls.transaction() as connection:
        connection.execute(text(change), {"worker": worker_id})


def workshop(worker: Worker) -> Workshop:
    return worker.engine._open_run.args[0]  # type: ignore[attr-defined,no-any-return]


def cut_off(engine: Engine, *, statements: int) -> None:
    """Lose the network for so many statements."""
    left = count(-statements)

    def lose(*_: object) -> None:
        if next(left) < 0:
            raise OperationalError("", {}, Exception("the connection is lost"))

    event.listen(engine, "before_cursor_execute", lose)


@pytest.mark.parametrize("statements", [1, len(PAUSES) + 1])
def test_leaves_a_run_alone_that_another_has_taken_over(
    services: Services, build: Build, call_id: str, statements: int
) -> None:
    late, other = workshop(build("late")), workshop(build("other"))
    give(services, "other")
    with_other = OpenRun(other, call_id, 1, f"{call_id}.1")
    assert with_other.begin() is Outcome.GO_ON
    cut_off(late.engine, statements=statements)
    with_late = OpenRun(late, call_id, 1, f"{call_id}.1")
    # It has been away for longer than anybody waits for a store, or not.
    if statements > len(PAUSES):
        with pytest.raises(NotBegun):
            with_late.begin()
    else:
        assert with_late.begin() is Outcome.GONE
    with_late.close()
    assert with_other.prepare() is Outcome.GO_ON
    assert with_other.transcribe() is Outcome.GO_ON
    assert with_other.finish() is Outcome.READY
    with_other.close()


def test_a_fault_before_the_claim_ends_no_run_of_another(
    services: Services, build: Build, call_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    late, other = build("late"), workshop(build("other"))

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError

    give(services, "other")
    assert OpenRun(other, call_id, 1, f"{call_id}.1").begin() is Outcome.GO_ON
    with monkeypatch.context() as patched:
        patched.setattr(type(late.services.runs), "take", fail)
        patched.setattr("services.jobs.processing.is_held", lambda *_: True)
        run = OpenRun(workshop(late), call_id, 1, f"{call_id}.1")
        assert run.begin() is Outcome.GONE
        assert services.runs.get(LOCAL_USER.org_id, call_id, 1).state is CallState.PROCESSING
        give(services, "late")
        assert run.begin() is Outcome.FAILED
