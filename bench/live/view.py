"""From an event's arrival in the browser to the pixels that show it.

``partyline bench live-view``. A demo call is told to the live view at the pace of speech, once from
its beginning and once two hours into a call of 3,000 lines. The view itself says when an event has
reached the page and when the frame that shows it was painted (the second animation frame after, so
up to a frame too late). Needs Chromium and the development requirements.
"""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from bench.live.telling import Due, told_of
from bench.results import RESULTS, keep, table
from bench.scoring.truth import Truth
from bench.scoring.truth_files import truth_beside
from bench.ui import serving

DEMO = Path(__file__).resolve().parents[2] / "demo"
LONG_LINES = 3_000
LONG_MS = 2 * 3_600_000
MEASURED_MS = 60_000
MEASURE = "partyline-live:event-to-paint"
WATCH = """() => {
    window.benchPaints = [];
    new PerformanceObserver((seen) => {
        for (const one of seen.getEntries()) {
            if (one.name === 'NAME') window.benchPaints.push([one.duration, one.detail.type]);
        }
    }).observe({ type: 'measure', buffered: true });
}""".replace("NAME", MEASURE)
NODES = """() => {
    const count = (root) => [...root.querySelectorAll('*')].reduce(
        (sum, one) => sum + 1 + (one.shadowRoot ? count(one.shadowRoot) : 0), 0);
    return count(document);
}"""


def measure(json_file: Path | None) -> int:
    """Measure, print a table, and write it; the exit status.

    Without ``json_file`` the figures are kept beside the other results, under today's date.
    """
    from playwright.sync_api import sync_playwright

    browser_path = os.environ.get("PARTYLINE_CHROMIUM") or shutil.which("chromium")
    if browser_path is None:
        print("Chromium is needed for this bench.", file=sys.stderr)
        return 2
    truth = _demo_truth()
    rows = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=browser_path, args=["--no-sandbox", "--disable-gpu"]
        )
        for name, history in (("a call's beginning", []), ("after 3,000 lines", _long(truth))):
            rows += _measured(browser, Path(folder), name, history, truth)
        browser.close()
    print(table(rows))
    today = datetime.now(UTC).date().isoformat()
    keep("live-view", rows, json_file or RESULTS / f"live-view-{today}.json")
    return 0


def _measured(
    browser: Any, folder: Path, name: str, history: Sequence[Due], truth: Truth
) -> list[dict[str, Any]]:
    offset_ms = history[-1][0] if history else 0
    play = [due for due in told_of(truth, offset_ms=offset_ms) if due[0] < offset_ms + MEASURED_MS]
    told_file = folder / "told.json"
    told_file.write_text(
        json.dumps(
            {
                "history": [told for _, told in history],
                "play": [(due_ms - offset_ms, told) for due_ms, told in play],
                "began_ms_ago": offset_ms,
            }
        )
    )
    os.environ["PARTYLINE_BENCH_TOLD"] = str(told_file)
    with serving(["-m", "bench.live.view_app"], "/_stcore/health", str(folder)) as url:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.add_init_script(f"({WATCH})()")
        page.goto(url)
        page.locator("[data-line]").first.wait_for()
        page.wait_for_timeout(MEASURED_MS)
        paints, nodes = page.evaluate("() => window.benchPaints"), page.evaluate(NODES)
        page.close()
    kinds = ["all", *sorted({kind for _, kind in paints if kind != "history"})]
    return [_row(name, kind, paints, nodes) for kind in kinds]


def _row(name: str, kind: str, paints: Sequence[tuple[float, str]], nodes: int) -> dict[str, Any]:
    took = [ms for ms, told in paints if told != "history" and kind in ("all", told)]
    return {
        "when": name,
        "event": kind,
        "n": len(took),
        "p50_ms": round(float(np.percentile(took, 50)), 1),
        "p95_ms": round(float(np.percentile(took, 95)), 1),
        "worst_ms": round(max(took), 1),
        "page_nodes": nodes,
    }


def _demo_truth() -> Truth:
    (audio,) = DEMO.glob("*QUEUE_Billing*.ogg")
    truth = truth_beside(audio.with_suffix(""))
    assert truth is not None
    return truth


def _long(truth: Truth) -> list[Due]:
    """Return what is told up to two hours into a call, outdated partials left out."""
    told: list[Due] = []
    lines = len(truth.utterances or ())
    rounds = -(-LONG_LINES // lines)
    for number in range(rounds):
        told += told_of(truth, offset_ms=number * (LONG_MS // rounds), name=f"r{number}.")
    return [due for due in told if due[1]["type"] not in ("partial", "figures")]
