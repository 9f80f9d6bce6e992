"""What processes do at their start: who gives way to whom."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
WORKER = """
import os
from app import worker
worker.run_worker = lambda settings, *, supervised: print(os.nice(0), flush=True) or 0
os._exit(worker.main())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no niceness")
@pytest.mark.parametrize(("options", "more"), [(("--supervised",), 10), ((), 0)])
def test_a_worker_beside_pages_and_live_calls_gives_way(
    options: tuple[str, ...], more: int, tmp_path: Path
) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PARTYLINE_DATA_DIR": str(tmp_path)}
    with subprocess.Popen(
        (sys.executable, "-c", WORKER, *options),
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = process.stdout.read()
    assert int(said) == min(19, os.nice(0) + more)
