"""Python children for what needs a process of its own: limits, races, sudden death."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    """Start a script; it finds the project's packages and its arguments in ``sys.argv``."""
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def run(script: str, *arguments: object) -> str:
    """Run a script to its end and return what it printed."""
    child = start(script, *arguments)
    printed, _ = child.communicate(timeout=60)
    assert child.returncode == 0
    return printed.strip()


def run_at_once(script: str, *arguments: object, times: int) -> set[str]:
    """Run a script several times at once; return what they printed after ``ready``.

    The script prints ``ready`` when it could begin and begins after reading a line.
    """
    children = [start(script, *arguments) for _ in range(times)]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("\n")
        child.stdin.flush()
    printed = {child.communicate(timeout=60)[0].strip() for child in children}
    assert [child.returncode for child in children] == [0] * times
    return printed
