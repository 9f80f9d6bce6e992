"""Runs the live double as a process and bids it."""

import json
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from tests.browser.conftest import ROOT, START_WITHIN_S, answers, environment, free_port


class Double:
    """What a test asks of the double. Calls spring into being when they are first named."""

    def __init__(self, url: str) -> None:
        self.url = url

    def page(self, call: str, **asked: str) -> str:
        """Return where the page is that shows a call."""
        return f"{self.url}/?call={call}" + "".join(f"&{k}={v}" for k, v in asked.items())

    def bid(self, call: str, *bids: dict) -> dict:
        """Have bids carried out in turn; returns who came so far."""
        body = json.dumps(bids).encode()
        request = urllib.request.Request(f"{self.url}/-/bid/{call}", body, method="POST")
        with urllib.request.urlopen(request, timeout=30) as reply:
            return json.load(reply)

    def tell(self, call: str, *told: dict) -> None:
        """Tell events of a call."""
        self.bid(call, {"tell": list(told)})


@contextmanager
def live_double(folder: Path):
    """Run the double until the block ends; yields what bids it."""
    port = free_port()
    log = (folder / "double.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "tests.browser.live_double:app", "--port", str(port)],
        env=environment(folder / "data", folder),
        cwd=ROOT,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    double = Double(f"http://localhost:{port}")
    try:
        deadline = time.monotonic() + START_WITHIN_S
        while not answers(f"{double.url}/_stcore/health"):
            assert process.poll() is None, Path(log.name).read_text()
            assert time.monotonic() < deadline, Path(log.name).read_text()
            time.sleep(0.2)
        yield double
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()
