"""Workers on several hosts: who is gone is replaced, who was only away doubles nothing."""

import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from services.domain.calls import CallState, Stage
from tests.faults.hosts import Hosts, frozen
from tests.faults.machine import WITHIN_S, end
from tests.faults.quick_worker import LOST_AFTER_MS
from tests.faults.sounds import tone
from tests.postgres import find_postgres, postgres_server

pytestmark = pytest.mark.slow

Pair = dict[str, subprocess.Popen[bytes]]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a PostgreSQL server."""
    programs = find_postgres()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian and Ubuntu: postgresql)")
    with postgres_server(programs) as address:
        yield address


@pytest.fixture
def hosts(
    server: str, tmp_path: Path, models: Path, request: pytest.FixtureRequest
) -> Iterator[Hosts]:
    """Hosts on an empty database."""
    name = f"hosts_{abs(hash(request.node.name))}"
    engine = create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    made = Hosts(folder=tmp_path, models=models, database=f"{server}/{name}", pause_ms=200)
    yield made
    made.close()


@pytest.fixture
def pair(hosts: Hosts) -> Pair:
    """Two workers, each on its own host, by their ids."""
    made = {name: hosts.start_worker(name, WORKER_ID=name) for name in ("one", "two")}
    hosts.settle(lambda: len(hosts.services.workers.all()) == 2)
    return made


def in_work(hosts: Hosts, call_id: str) -> str:
    """Wait until a call is being recognised; return by whom."""
    hosts.settle(lambda: hosts.progress(call_id).stage is Stage.RECOGNISE)
    runner = hosts.runner_of(call_id)
    assert runner is not None
    return runner


def other(runner: str) -> str:
    return "two" if runner == "one" else "one"


def there(hosts: Hosts) -> list[str]:
    return [worker.facts.id for worker in hosts.services.workers.all()]


def test_a_killed_workers_job_goes_on_elsewhere(hosts: Hosts, pair: Pair) -> None:
    call_id = hosts.take_in(tone(240))
    runner = in_work(hosts, call_id)
    end(pair[runner], signal.SIGKILL)
    hosts.settle(lambda: hosts.runner_of(call_id) == other(runner))
    hosts.settle(lambda: there(hosts) == [other(runner)])
    assert hosts.ended(call_id) is CallState.READY
    assert hosts.rows("SELECT attempts, claim FROM runs") == [(0, 2)]
    # On a third host, with the id of the one that is left; then with that of the dead.
    namesake = hosts.start_worker("three", WORKER_ID=other(runner))
    assert namesake.wait(WITHIN_S) == 2
    assert "this id is running already" in hosts.log()
    hosts.start_worker("three", WORKER_ID=runner)
    hosts.settle(lambda: len(there(hosts)) == 2)


def test_a_worker_told_to_stop_hands_its_job_over_at_once(hosts: Hosts, pair: Pair) -> None:
    call_id = hosts.take_in(tone(240))
    runner = in_work(hosts, call_id)
    assert end(pair[runner], signal.SIGTERM) == 0
    assert there(hosts) == [other(runner)]
    began = time.monotonic()
    hosts.settle(lambda: hosts.runner_of(call_id) == other(runner))
    # Before anybody could have taken it for dead.
    assert time.monotonic() - began < LOST_AFTER_MS / 1000
    ((attempts,),) = hosts.rows("SELECT attempts FROM runs")
    assert attempts < 2


def test_a_worker_that_was_away_finds_itself_replaced(hosts: Hosts, pair: Pair) -> None:
    """Once it wakes while the other has its job, once when that is over."""
    columns = "SELECT state, claim, finished_at, transcript_id FROM runs ORDER BY created_at"
    call_id = hosts.take_in(tone(120))
    first = in_work(hosts, call_id)
    with frozen(pair[first]):
        hosts.settle(lambda: hosts.runner_of(call_id) == other(first))
        reached = hosts.progress(call_id).fraction
    assert hosts.ended(call_id) is CallState.READY
    assert hosts.progress(call_id).fraction >= reached
    assert [row.claim for row in hosts.rows(columns)] == [2]
    # It is there again under its id.
    hosts.settle(lambda: len(there(hosts)) == 2)
    another = hosts.take_in(tone(121))
    second = in_work(hosts, another)
    with frozen(pair[second]):
        assert hosts.ended(another) is CallState.READY
        runs = hosts.rows(columns)
        transcripts = hosts.rows("SELECT id, created_at FROM transcripts ORDER BY created_at")
    hosts.settle(lambda: len(there(hosts)) == 2)
    third = hosts.take_in(tone(2))
    assert hosts.ended(third) is CallState.READY
    assert hosts.rows(columns)[:2] == runs
    now = hosts.rows("SELECT id, created_at FROM transcripts ORDER BY created_at")
    assert now[:2] == transcripts
    assert len(now) == 3
    assert hosts.rows("SELECT count(*) FROM run_checkpoints") == [(0,)]
    for worker in pair.values():
        assert end(worker, signal.SIGTERM) == 0
    assert there(hosts) == []
