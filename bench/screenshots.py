"""Takes the pictures of the running product that the README shows.

``python -m bench.screenshots docs/images`` processes the demo calls with the local engine, plays
one of them as a live call, opens the pages in Chromium and writes one PNG each. With ``--all``
also at phone width and in dark.
"""

import argparse
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.ui import ROOT, serving

PAGES = (
    "", "calls", "call", "analytics", "ask", "voices", "vocabulary", "rules", "scorecards",
    "settings",
)  # fmt: skip
# How much of a live call there is to see.
SPOKEN_MS = 40_000
BEGUN_WITHIN_MS = 120_000
DESK = {"width": 1440, "height": 1180}
PHONE = {"width": 390, "height": 844}
SETTLE_MS = 3_000


def main() -> int:
    """Take the pictures; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--all", action="store_true", help="both widths, both themes, full length")
    wanted = parser.parse_args()
    wanted.folder.mkdir(parents=True, exist_ok=True)
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as data, sync_playwright() as playwright:
        environment = {**os.environ, "PARTYLINE_DATA_DIR": data, "PYTHONPATH": str(ROOT)}
        subprocess.run([sys.executable, "-m", "app.cli", "demo"], env=environment, check=True)
        call_id = _billing_call(Path(data))
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("PARTYLINE_CHROMIUM") or shutil.which("chromium"),
            args=["--no-sandbox", "--disable-gpu"],
        )
        with serving(["-m", "app.cli", "serve", "--no-workers"], "/healthz", data) as url:
            live = {
                "live": f"live_call?live={_play_a_call(browser, url)}",
                "supervisor": "supervisor",
            }
            stored = {name or "transcribe": name for name in PAGES}
            stored["call"] = f"call?call={call_id}&t=9000"
            for pages in (live, stored):
                for width, scheme in _windows(every=wanted.all):
                    context = browser.new_context(viewport=width, color_scheme=scheme)
                    for name, address in pages.items():
                        _take(context, f"{url}/{address}", name, wanted.folder, every=wanted.all)
                    context.close()
        browser.close()
    return 0


def _windows(*, every: bool) -> list[tuple[dict[str, int], str]]:
    if not every:
        return [(DESK, "light")]
    return [(size, scheme) for size in (DESK, PHONE) for scheme in ("light", "dark")]


def _play_a_call(browser: Any, url: str) -> str:
    """Play a demo recording as a live call; return its id once there is something to read."""
    page = browser.new_page()
    page.goto(f"{url}/live_call")
    page.get_by_text("A recording, played as live").click()
    page.get_by_role("button", name="Play it as a live call").click()
    page.wait_for_url(re.compile(r"[?&]live="), timeout=BEGUN_WITHIN_MS)
    page.wait_for_timeout(SPOKEN_MS)
    return page.url.partition("live=")[2].partition("&")[0]


def _take(context: Any, address: str, title: str, folder: Path, *, every: bool) -> None:
    page = context.new_page()
    page.goto(address)
    if title in {"call", "live"}:
        page.locator("[data-line]").first.wait_for()
    page.wait_for_timeout(SETTLE_MS)
    if every:
        size = page.viewport_size
        dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
        title = f"{title}-{size['width']}-{'dark' if dark else 'light'}"
        whole = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
        page.set_viewport_size({"width": size["width"], "height": min(4_000, whole + 80)})
        page.wait_for_timeout(SETTLE_MS)
    page.screenshot(path=folder / f"{title}.png")
    page.close()


def _billing_call(data: Path) -> str:
    with closing(sqlite3.connect(data / "partyline.db")) as database:
        query = "SELECT id FROM calls WHERE queue = 'Billing'"
        return str(database.execute(query).fetchone()[0])


if __name__ == "__main__":
    sys.exit(main())
