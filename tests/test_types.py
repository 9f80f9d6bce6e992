"""Types fit together, in all of the code that is typed."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_types_fit() -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "mypy"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
