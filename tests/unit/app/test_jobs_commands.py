"""``partyline jobs``: what it writes, and how it refuses."""

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import app
from app.settings import Settings
from app.wiring import build_services
from services.domain.calls import CallDetails, CallState, ProcessingOptions
from services.domain.errors import DiskFull, NotFound
from services.domain.people import LOCAL_USER

SCRIPTED = ProcessingOptions(provider="scripted", redact=False)


@pytest.fixture
def call_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A call that failed, in the data folder that the commands use."""
    monkeypatch.setenv("PARTYLINE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("PARTYLINE_SCRIPTED_PROVIDER", "1")
    # As in a process of the command's own: another test may have begun a log in this one.
    monkeypatch.setattr(logging.getLogger("partyline"), "handlers", [])
    services = build_services(Settings())
    with services.intake.begin(LOCAL_USER, "call.wav") as incoming:
        incoming.write(b"sound")
        taken = incoming.commit(SCRIPTED, CallDetails()).call_id
    services.queue.withdraw([f"{taken}.1"])
    services.runs.fail(taken, 1, DiskFull())
    services.close()
    return taken


def run(*arguments: str) -> tuple[int, str, str]:
    # A thread of its own: in this one another test's browser may keep a loop, of which DBOS warns.
    with ThreadPoolExecutor(1) as thread:
        ended = thread.submit(CliRunner().invoke, app, ["jobs", *arguments]).result()
    return ended.exit_code, ended.stdout, ended.stderr


def test_what_failed_is_listed_and_retried_and_cancelled(call_id: str) -> None:
    status, written, _ = run("list", "--json")
    told = json.loads(written)
    assert (status, told["schema"], told["failed_count"]) == (0, "partyline.jobs/1", 1)
    assert told["failed"][0]["call_id"] == call_id
    assert told["failed"][0]["reason"] == DiskFull().user_message
    assert run("pause", "calls") == (0, "calls: paused\n", "")
    assert run("retry", "--all") == (0, "1 wait again.\n", "")
    _, written, _ = run("list")
    assert "calls  1 waiting, 0 running, the first for" in written
    assert ", paused" in written
    assert "failed" not in written
    assert run("resume")[1].splitlines()[0] == "calls: goes on"
    assert run("cancel", call_id) == (0, f"{call_id}: cancelled\n", "")
    services = build_services(Settings())
    assert services.calls.get(LOCAL_USER.org_id, call_id).state is CallState.CANCELLED
    services.close()
    assert run("workers") == (0, "No worker runs.\n", "")
    assert json.loads(run("workers", "--json")[1])["workers"] == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("retry",), "Name the calls"),
        (("retry", "nobody"), NotFound().user_message),
        (("cancel", "nobody"), NotFound().user_message),
        (("pause", "nobody's"), "The queues are calls"),
    ],
)
def test_what_is_refused_costs_one_line(
    call_id: str, arguments: tuple[str, ...], words: str
) -> None:
    status, _, told = run(*arguments)
    assert status == 2
    (line,) = told.splitlines()
    assert words in line
