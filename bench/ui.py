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
LINE = "[data-line]"
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
        with serving(["-m", "app.cli", "serve", "--no-workers"], "/healthz", folder) as url:
            ours = _open_call(browser, f"{url}/call?call={call_id}")
        naive_script = str(ROOT / "bench" / "naive_transcript.py")
        naive_command = ["-m", "streamlit", "run", naive_script, "--server.headless", "true"]
        with serving(naive_command, "/_stcore/health", folder, lines=lines_file) as url:
            naive = _open_naive(browser, url)
        browser.close()
    rows = [
        _row("going to the Call page, s", ours["visit"]),
        _row("loading the Call page anew, s", ours["load"]),
        _row("naive: loading chat elements, s", naive),
        {
            "figure": "naive / ours, loading anew",
            "median": statistics.median(naive) / statistics.median(ours["load"]),
        },
        _row("click on a line to seeked, ms", ours["click"]),
    ]
    print(table(rows))
    keep("ui", rows, json_file)
    return 0


def _row(figure: str, values: list[float]) -> dict[str, Any]:
    return {
        "figure": figure,
        "median": statistics.median(values),
        "worst": max(values),
        "n": len(values),
    }


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


def _open_call(browser: Any, address: str) -> dict[str, list[float]]:
    """Measure one long call: seconds until it can be used, milliseconds from click to seeked."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(address)
    _wait_until_usable(page)
    loads, visits = [], []
    for _ in range(ROUNDS):
        page.close()
        page = context.new_page()
        started = time.monotonic()
        page.goto(address)
        _wait_until_usable(page)
        loads.append(time.monotonic() - started)
        page.get_by_role("link", name="Live call").click()
        page.locator(LINE).first.wait_for(state="detached")
        page.wait_for_timeout(1_000)
        started = time.monotonic()
        page.get_by_role("link", name="Call", exact=True).click()
        _wait_until_usable(page)
        visits.append(time.monotonic() - started)
    clicks = []
    for n in range(CLICKS):
        viewport = page.locator('[data-part="viewport"]')
        viewport.evaluate(SCROLL_TO, (n * 7 % CLICKS) / CLICKS)
        page.wait_for_timeout(300)
        rows = page.locator(LINE)
        clicks.append(rows.nth(rows.count() // 2).evaluate(CLICK_AND_WAIT))
    context.close()
    return {"load": loads, "visit": visits, "click": clicks}


def _wait_until_usable(page: Any) -> None:
    page.locator(LINE).first.wait_for()
    page.wait_for_function(FIND_AUDIO)


def _open_naive(browser: Any, address: str) -> list[float]:
    took = []
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    for _ in range(NAIVE_ROUNDS):
        page = context.new_page()
        page.set_default_timeout(120_000)
        started = time.monotonic()
        page.goto(address)
        page.get_by_text("END OF TRANSCRIPT").wait_for(state="attached")
        took.append(time.monotonic() - started)
        page.close()
    context.close()
    return took


@contextmanager
def serving(
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
