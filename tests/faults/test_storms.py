"""Storms: processes are killed by the dozen while hundreds of calls come in and are processed.

``PARTYLINE_STORM_CALLS`` is how many calls, 300 unless set; half as many on several hosts.
"""

import os
import random
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import create_engine

from tests.faults.hosts import Hosts
from tests.faults.machine import Machine, Server, end, gone
from tests.faults.sounds import tone
from tests.faults.storm import (
    CALLS,
    CALLS_ELSEWHERE,
    KILLS,
    KILLS_ELSEWHERE,
    each_ended_once,
    fates,
    is_over,
    persistently,
    sound_is_whole,
    tidied,
)
from tests.postgres import PostgresServer, find_postgres, restartable_postgres

pytestmark = pytest.mark.slow

MANY_AT_ONCE = {"PARTYLINE_JOBS_AT_ONCE": "4"}


class Web:
    """A web process with its worker, which is killed and started again while others upload."""

    def __init__(self, machine: Machine) -> None:
        """Start it."""
        self._machine = machine
        self._server: Server = machine.start_server(**MANY_AT_ONCE)

    def upload(self, sound: bytes) -> str:
        """Upload to whichever process is there."""
        while True:
            try:
                answer = self._server.upload(self._machine, sound)
                answer.raise_for_status()
            except httpx.HTTPError:
                time.sleep(0.2)
            else:
                return str(answer.json()["call_id"])

    def kill_worker(self) -> None:
        """Kill the worker; the web process starts another."""
        workers = self._server.worker_pids()
        for pid in workers:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        assert gone(workers)

    def kill(self) -> None:
        """Kill the web process, and its worker with it; start another."""
        workers = self._server.worker_pids()
        end(self._server.process, signal.SIGKILL)
        assert gone(workers), "the worker outlived its parent"
        self._server = self._machine.start_server(**MANY_AT_ONCE)

    def stop(self) -> None:
        """Stop it as a person does."""
        end(self._server.process, signal.SIGTERM)


def test_a_storm_over_one_machine(machine: Machine) -> None:
    dice, web = random.Random(3), Web(machine)

    def ask(query: str) -> list[Any]:
        connection = sqlite3.connect(machine.folder / "partyline.db", timeout=30)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    taken: list[str] = []
    uploading = threading.Thread(
        target=lambda: taken.extend(web.upload(tone(1, 200 + n)) for n in range(CALLS))
    )
    uploading.start()
    for kill in range(KILLS):
        wanted = (kill + 1) * CALLS // (KILLS + 2)
        wait(lambda wanted=wanted: sum(fates(ask).values()) >= wanted)
        time.sleep(dice.uniform(0.0, 1.0))
        if kill % 3 == 2:
            web.kill()
        else:
            web.kill_worker()
    uploading.join()
    wait(lambda: is_over(ask, CALLS))
    web.stop()
    assert len(set(taken)) == CALLS
    each_ended_once(ask, CALLS)
    tidied(machine.services)
    sound_is_whole(machine.services, ask)
    assert machine.leftovers() == []


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A PostgreSQL server that can be stopped and started."""
    programs = find_postgres()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian and Ubuntu: postgresql)")
    with restartable_postgres(programs) as made:
        yield made


def test_a_storm_over_many_hosts_and_their_server(
    server: PostgresServer, tmp_path: Path, models: Path
) -> None:
    engine = create_engine(f"{server.address}/postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE DATABASE storm")
    engine.dispose()
    hosts = Hosts(folder=tmp_path, models=models, database=f"{server.address}/storm")
    try:
        _storm_over(hosts, server)
    finally:
        hosts.close()


def _storm_over(hosts: Hosts, server: PostgresServer) -> None:
    dice = random.Random(5)
    workers = {name: hosts.start_worker(name, **MANY_AT_ONCE) for name in ("one", "two", "three")}
    taken: list[str] = []
    uploading = threading.Thread(
        target=lambda: taken.extend(
            persistently(lambda n=n: hosts.take_in(tone(1, 200 + n)))
            for n in range(CALLS_ELSEWHERE)
        )
    )
    uploading.start()
    for kill in range(KILLS_ELSEWHERE):
        wanted = (kill + 1) * CALLS_ELSEWHERE // (KILLS_ELSEWHERE + 2)
        wait(lambda wanted=wanted: fates(hosts.rows).get("ready", 0) >= wanted)
        time.sleep(dice.uniform(0.0, 0.5))
        if kill == KILLS_ELSEWHERE // 2:
            # A worker that finds no server when it starts says so and ends.
            wait(lambda: len(hosts.services.workers.all()) == len(workers))
            server.stop(signal.SIGQUIT)
            time.sleep(1.0)
            server.start()
        name = dice.choice(sorted(workers))
        end(workers[name], signal.SIGKILL)
        workers[name] = hosts.start_worker(name, **MANY_AT_ONCE)
    uploading.join()
    wait(lambda: is_over(hosts.rows, CALLS_ELSEWHERE))
    # One that was started last is told to end once it listens.
    pids = {worker.pid for worker in workers.values()}
    wait(lambda: pids <= {seen.facts.pid for seen in hosts.services.workers.all()}, 120.0)
    assert [worker.poll() for worker in workers.values()] == [None] * len(workers)
    for worker in workers.values():
        assert end(worker, signal.SIGTERM) == 0
    assert len(set(taken)) == CALLS_ELSEWHERE
    each_ended_once(hosts.rows, CALLS_ELSEWHERE)
    tidied(hosts.services)
    sound_is_whole(hosts.services, hosts.rows)
    assert [w.facts.id for w in hosts.services.workers.all()] == []


def wait(until: Any, within_s: float = 900.0) -> None:
    deadline = time.monotonic() + within_s
    while not until():
        assert time.monotonic() < deadline
        time.sleep(0.1)
