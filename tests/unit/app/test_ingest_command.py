"""``partyline ingest`` as a command: what it takes in, prints, and ends with."""

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from app.commands.ingest import stopped_by_signals
from app.settings import Settings
from app.wiring import build_services
from services.domain.people import LOCAL_USER
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
