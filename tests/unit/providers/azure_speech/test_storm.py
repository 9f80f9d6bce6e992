"""Sessions leave nothing behind, however many there are, and never take the process with them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
STORM = "tests.unit.providers.azure_speech.storm"


def run(sessions: int, at_once: int) -> dict[str, int]:
    done = subprocess.run(
        [sys.executable, "-m", STORM, str(sessions), str(at_once)],
        cwd=ROOT, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stderr == ""
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.parametrize(("sessions", "at_once"), [(60, 1), (100, 20)])
def test_many_sessions_leave_nothing_behind(sessions, at_once):
    left = run(sessions, at_once)
    assert (left["sessions"], left["complete"]) == (sessions, sessions)
    assert left["threads_after"] <= left["threads_before"]
    assert left["files_after"] <= left["files_before"]


def test_a_handful_of_sessions_at_once():
    left = run(12, 6)
    assert left["complete"] == 12
    assert left["threads_after"] <= left["threads_before"]
