"""``partyline ingest`` as a command: what it takes in, prints, and ends with."""

import json
import os
import signal
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.commands.ingest import Told, looks_every_s, stopped_by_signals
from app.settings import Settings
from app.wiring import build_services
from services.domain.errors import FileUnreadable
from services.domain.people import LOCAL_USER
from services.ingest.taking import Outcome
from services.storage.ingested_files import Fate
from tests.unit.ingest.recording import record

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def partyline(commands: Any, tmp_path: Path) -> Any:
    """Run the command on a data folder of its own."""
    environment = {
        **{k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG"}},
        "PYTHONPATH": str(ROOT),
        "PARTYLINE_DATA_DIR": str(tmp_path / "data"),
        "PARTYLINE_SCRIPTED_PROVIDER": "1",
    }

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        return commands.run(
            ("ingest", *arguments, "--provider", "scripted"), env=environment, cwd=tmp_path
        )

    return run


def test_a_folder_and_files_of_others(partyline: Any, tmp_path: Path) -> None:
    record(tmp_path / "in" / "Nora_2026-07-01 0930_7.wav", 1)
    record(tmp_path / "else" / "unknown.bin", 2)
    record(tmp_path / "else" / "left.wav", 3)
    (tmp_path / "in" / "junk.wav").write_bytes(b"no sound" * 40)
    arguments = (
        "in",
        "else/unknown.bin",
        *("--pattern", "{agent}_{date:%Y-%m-%d %H%M}_{id}.{any}"),
        *("--timezone", "Europe/Berlin", "--queue", "Billing", "--json"),
    )
    done = partyline(*arguments)
    assert done.returncode == 2, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(Path(one["file"]).name, one["fate"], one["fits"]) for one in told] == [
        ("Nora_2026-07-01 0930_7.wav", "taken", True),
        ("junk.wav", "refused", True),
        ("unknown.bin", "taken", False),
    ]
    assert told[1]["error"]["code"] == "NotAudio"
    assert done.stderr.splitlines()[-1] == (
        "2 taken in, 0 there already, 1 refused. 1 name doesn't fit the pattern."
    )
    services = build_services(Settings(data_dir=tmp_path / "data"))
    details = services.calls.get(LOCAL_USER.org_id, told[0]["call"]).details
    services.close()
    assert (details.agent_name, details.queue, details.external_ref) == ("Nora", "Billing", "7")
    assert details.started_at is not None
    assert details.started_at.isoformat() == "2026-07-01T07:30:00+00:00"
    again = partyline(*arguments)
    assert (again.returncode, again.stdout) == (0, "")
    assert again.stderr.splitlines()[-1] == (
        "0 taken in, 0 there already, 0 refused. 3 files were dealt with before."
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere",), "nowhere: There is no such file, folder or bucket"),
        (("in", "--pattern", "{agnet}"), "There is no field {agnet};"),
        (("in", "--only-fitting"), "--only-fitting needs a --pattern."),
        (("in", "--timezone", "Mars/Base"), "There is no time zone of this name."),
        (("in", "--timezone", "../etc"), "There is no time zone of this name."),
        (("in", "--sidecar", "no.csv"), "It is the table of --sidecar."),
        (("in", "--sidecar", "bad.csv"), "The table has no column named file."),
        (("in", "--speakers", "2", "--option", "x=1"), "option"),
    ],
)
def test_what_is_amiss_is_one_line_before_anything_is_done(
    partyline: Any, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    record(tmp_path / "in" / "a.wav")
    (tmp_path / "bad.csv").write_text("name\na.wav\n")
    done = partyline(*arguments)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "a.wav" not in done.stderr


def test_what_can_not_be_read_for_now_is_counted_until_it_is_taken(
    capsys: pytest.CaptureFixture[str],
) -> None:
    worker = SimpleNamespace(desk=SimpleNamespace(worker_alive=lambda: False))
    reports = Told(worker, as_json=True)  # type: ignore[arg-type]
    for name in ("a.wav", "b.wav"):
        reports.outcome(Outcome(file=name, fate=Fate.UNREAD, error=FileUnreadable()))
    reports.outcome(Outcome(file="a.wav", fate=Fate.TAKEN, call_id="c"))
    reports.waiting_for_room(7)
    reports.sum_up(0)
    out, err = capsys.readouterr()
    assert [json.loads(line)["fate"] for line in out.splitlines()] == ["unread", "unread", "taken"]
    assert reports.unread == {"b.wav"}
    said = err.splitlines()
    assert said[0].startswith("a.wav: not taken in yet. This file, or what lies beside it")
    assert said[-2].startswith("No worker runs anywhere: ")
    assert said[-1] == "1 taken in, 0 there already, 0 refused. 1 can't be read for now."


def test_buckets_are_looked_through_less_often() -> None:
    assert (looks_every_s(["in", "s3://b/c"]), looks_every_s(["in"])) == (30.0, 2.0)


def test_the_first_sign_to_stop_is_waited_for_and_the_second_breaks_off() -> None:
    with stopped_by_signals() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.wait(5)
        with pytest.raises(KeyboardInterrupt):
            interrupt()
    with stopped_by_signals() as stop:
        interrupt()
        assert stop.is_set()


def interrupt() -> None:
    signal.raise_signal(signal.SIGINT)
