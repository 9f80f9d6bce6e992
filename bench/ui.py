"""How soon a call of 5,000 utterances can be used, beside the naive way; how soon a click seeks.

``partyline bench ui``. Needs Chromium and the development requirements.
"""

import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.long_call import long_transcript, store_long_call
from bench.results import keep, table

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 5
NAIVE_ROUNDS = 2
CLICKS = 20
START_WITHIN_S = 60
FIND_AUDIO = """() => {
    const kept = Object.values(window).flatMap((v) => v instanceof Map ? [...v.values()] : []);
    window.benchAudio = kept.map((one) => one?.audio).find(Boolean)
        ?? document.querySelector('audio');
    return Boolean(window.benchAudio && window.benchAudio.readyState >= 1);
}"""
SCROLL_TO = "(viewport, f) => { viewport.scrollTop = f * viewport.scrollHeight; }"
CLICK_AND_WAIT = """(row) => new Promise((done) => {
    const audio = window.benchAudio;
    audio.pause();
    const from = performance.now();
    audio.addEventListener('seeked', () => done(performance.now() - from), { once: true });
    row.querySelector('.text').click();
})"""


def measure(json_file: Path | None) -> int:
    """Measure, print a table, and write it; the exit status."""
    from playwright.sync_api import sync_playwright

    browser_path = os.environ.get("PARTYLINE_CHROMIUM") or shutil.which("chromium")
    if browser_path is None:
        print("Chromium is needed for this bench.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        call_id, lines_file = _stock(Path(folder))
        browser = playwright.chromium.launch(
            executable_path=browser_path, args=["--no-sandbox", "--disable-gpu"]
        )
        with _server(["-m", "app.cli", "serve", "--no-workers"], "/healthz", folder) as url:
            ours, clicks = _open_call(browser, f"{url}/call?call={call_id}")
        naive_script = str(ROOT / "bench" / "naive_transcript.py")
        naive_command = ["-m", "streamlit", "run", naive_script, "--server.headless", "true"]
        with _server(naive_command, "/_stcore/health", folder, lines=lines_file) as url:
            naive = _open_naive(browser, url)
        browser.close()
    rows = [
        {"figure": "Call page usable, median s", "value": statistics.median(ours)},
        {"figure": "Call page usable, worst s", "value": max(ours)},
        {"figure": "naive chat elements, median s", "value": statistics.median(naive)},
        {
            "figure": "naive / ours",
            "value": statistics.median(naive) / statistics.median(ours),
        },
        {"figure": "click to seeked, median ms", "value": statistics.median(clicks)},
        {"figure": "click to seeked, worst ms", "value": max(clicks)},
    ]
    print(table(rows))
    keep("ui", rows, json_file)
    return 0


def _stock(folder: Path) -> tuple[str, Path]:
    """Store the long call; return its id and the file of lines for the naive page."""
    from app.settings import load_settings
    from app.wiring import build_services

    os.environ["PARTYLINE_DATA_DIR"] = str(folder)
    services = build_services(load_settings())
    transcript = long_transcript()
    call_id = store_long_call(services, transcript)
    services.close()
    lines_file = folder / "lines.json"
    lines = [
        {"speaker": u.speaker, "start_ms": u.start_ms, "text": u.text}
        for u in transcript.utterances
    ]
    lines_file.write_text(json.dumps(lines))
    return call_id, lines_file


def _open_call(browser: Any, address: str) -> tuple[list[float], list[float]]:
    """Return seconds until lines and sound are there, and milliseconds from click to seeked."""
    took = []
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(address)
    page.locator("[data-line]").first.wait_for()
    page.close()
    for _ in range(ROUNDS):
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        started = time.monotonic()
        page.goto(address)
        page.locator("[data-line]").first.wait_for()
        page.wait_for_function(FIND_AUDIO)
        took.append(time.monotonic() - started)
        if len(took) < ROUNDS:
            page.close()
    clicks = []
    for n in range(CLICKS):
        slider = page.locator('[data-part="viewport"]')
        slider.evaluate(
            "(v, f) => { v.scrollTop = f * v.scrollHeight; }", (n * 7 % CLICKS) / CLICKS
        )
        page.wait_for_timeout(300)
        rows = page.locator("[data-line]")
        clicks.append(rows.nth(rows.count() // 2).evaluate(CLICK_AND_WAIT))
    page.close()
    return took, clicks


def _open_naive(browser: Any, address: str) -> list[float]:
    took = []
    for _ in range(NAIVE_ROUNDS):
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(120_000)
        started = time.monotonic()
        page.goto(address)
        page.get_by_text("END OF TRANSCRIPT").wait_for(state="attached")
        took.append(time.monotonic() - started)
        page.close()
    return took


@contextmanager
def _server(
    command: list[str], health: str, folder: str, *, lines: Path | None = None
) -> Iterator[str]:
    """Run a server on a free port while the block does; yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    environment = {
        **os.environ,
        "PORT": port,
        "STREAMLIT_SERVER_PORT": port,
        "PARTYLINE_DATA_DIR": folder,
        "PYTHONPATH": str(ROOT),
        "PARTYLINE_BENCH_LINES": str(lines or ""),
    }
    process = subprocess.Popen(
        [sys.executable, *command], env=environment, cwd=ROOT, stdout=subprocess.DEVNULL
    )
    url = f"http://localhost:{port}"
    try:
        deadline = time.monotonic() + START_WITHIN_S
        while not _answers(url + health) and time.monotonic() < deadline:
            time.sleep(0.2)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as reply:
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False
