"""The commands that make up calls and take them away."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import app


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the data lies."""
    monkeypatch.setenv("PARTYLINE_DATA_DIR", str(tmp_path))
    return tmp_path


def test_calls_are_made_up_and_removed(folder: Path) -> None:
    made = CliRunner().invoke(app, ["seed", "--calls", "30", "--with-text", "3", "--agents", "2"])
    assert made.exit_code == 0
    assert "Making up 30 calls, 3 of them with text, by 2 agents" in made.stderr
    assert "30 calls added" in made.stderr
    again = CliRunner().invoke(app, ["seed", "--calls", "30", "--with-text", "3", "--agents", "2"])
    assert "0 calls added" in again.stderr
    assert "30 were there already." in again.stderr
    checked = CliRunner().invoke(app, ["rollups", "--rebuild"])
    assert checked.exit_code == 0
    assert "All sums are what the calls give." in checked.stderr
    removed = CliRunner().invoke(app, ["seed", "--remove"])
    assert (removed.exit_code, removed.stderr) == (0, "30 made-up calls deleted.\n")


def test_more_texts_than_calls_are_refused_in_one_line(folder: Path) -> None:
    ran = CliRunner().invoke(app, ["seed", "--calls", "5", "--with-text", "6"])
    assert ran.exit_code == 2
    assert ran.stderr.count("\n") == 1
    assert "6 calls with text are more than the 5 calls wanted" in ran.stderr
    assert not list(folder.glob("*.db"))
