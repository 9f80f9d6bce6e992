"""Limits of a provider hold for all workers together: two processes on every database."""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from app.settings import Settings
from app.wiring import Services, build_services
from services.domain.calls import CallDetails, CallState, ProcessingOptions
from services.domain.people import LOCAL_USER, User
from services.providers.registry import ProviderRegistry
from tests.unit.jobs.conftest import tone
from tests.variants import variant

ROOT = Path(__file__).parents[2]
WITHIN_S = 150.0
AZURE = ProcessingOptions(provider="azure", redact=False)


@contextmanager
def workers(settings: Settings, log: Path, *, number: int, pause_ms: int) -> Iterator[None]:
    """Run so many worker processes while the block does."""
    environment = os.environ | {
        **settings.places(),
        "PARTYLINE_AZURE_AT_ONCE": str(settings.azure_at_once),
    }
    if settings.azure_per_minute is not None:
        environment["PARTYLINE_AZURE_PER_MINUTE"] = str(settings.azure_per_minute)
    command = [sys.executable, "-m", "tests.contract.scripted_worker"]
    started = [
        subprocess.Popen(
            [*command, f"worker-{n}", str(log), str(pause_ms)],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        for n in range(number)
    ]
    try:
        for process in started:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
        for process in started:
            assert process.stdin is not None
            process.stdin.write(b"go\n")
            process.stdin.flush()
        yield
    finally:
        for process in started:
            assert process.stdin is not None
            process.stdin.close()
        for process in started:
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            assert process.stdout is not None
            process.stdout.close()


@pytest.fixture
def services(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Services]:
    registry = ProviderRegistry({"azure": lambda: variant("azure")})
    monkeypatch.setattr("app.wiring.services.build_providers", lambda *_: registry)
    built = build_services(Settings(data_dir=tmp_path, database=database_url, azure_at_once=3))
    yield built
    built.close()


def take_in(services: Services, number: int, user: User = LOCAL_USER) -> list[str]:
    found = []
    for n in range(number):
        with services.intake.begin(user, "call.wav") as incoming:
            incoming.write(tone(1.0, 300 + n))
            found.append(incoming.commit(AZURE, CallDetails()).call_id)
    return found


def states(services: Services, call_ids: list[str]) -> Counter[CallState]:
    progress = services.desk.progress(LOCAL_USER, call_ids)
    return Counter(one.state for one in progress.values())


def notes(log: Path) -> list[tuple[float, int, int]]:
    """Return when work was begun (1) or done (-1), by which process."""
    lines = [line.split() for line in log.read_text().splitlines()] if log.exists() else []
    return sorted((float(at), 1 if change == "+" else -1, int(pid)) for at, change, pid in lines)


def wait(services: Services, call_ids: list[str], ready: int) -> None:
    deadline = time.monotonic() + WITHIN_S
    while states(services, call_ids)[CallState.READY] < ready:
        assert time.monotonic() < deadline, states(services, call_ids)
        time.sleep(0.1)


@pytest.mark.slow
def test_never_more_at_once_than_is_set(services: Services, tmp_path: Path) -> None:
    calls, log = take_in(services, 14), tmp_path / "log"
    with workers(services.settings, log, number=2, pause_ms=150):
        wait(services, calls, len(calls))
    noted = notes(log)
    now = most = 0
    for _, change, _ in noted:
        now += change
        most = max(most, now)
    assert most == 3
    assert len({pid for *_, pid in noted}) == 2
    assert len(noted) == 2 * len(calls)


@pytest.mark.slow
def test_never_more_in_a_while_than_is_set(services: Services, tmp_path: Path) -> None:
    settings = services.settings.model_copy(update={"azure_at_once": 8, "azure_per_minute": 4})
    calls, log = take_in(services, 6), tmp_path / "log"
    with workers(settings, log, number=2, pause_ms=1):
        wait(services, calls, 4)
        # Workers look for more about four times a second.
        time.sleep(2.5)
        assert states(services, calls) == {CallState.READY: 4, CallState.WAITING: 2}
    begun = [at for at, change, _ in notes(log) if change > 0]
    assert len(begun) == 4


@pytest.mark.slow
def test_one_organisation_leaves_room_for_others(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARTYLINE_ORG_AT_ONCE", "1")
    another = replace(LOCAL_USER, org_id="another")
    many, few = take_in(services, 6), take_in(services, 2, another)
    org_of = dict.fromkeys(many, LOCAL_USER.org_id) | dict.fromkeys(few, another.org_id)
    together, most = set(), Counter[str]()
    with workers(services.settings, tmp_path / "log", number=2, pause_ms=150):
        deadline = time.monotonic() + WITHIN_S
        while states(services, many)[CallState.READY] < len(many):
            assert time.monotonic() < deadline
            in_work = Counter(org_of[job.split(".")[0]] for job in services.queue.running())
            most |= in_work
            together.add(frozenset(in_work))
            time.sleep(0.02)
    assert most == {LOCAL_USER.org_id: 1, another.org_id: 1}
    # The second organisation didn't wait for all calls of the first.
    assert frozenset(most) in together
