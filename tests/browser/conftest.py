"""A real server with the real local engine, and a real Chromium."""

import fcntl
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
START_WITHIN_S = 180
DEMO_WITHIN_S = 900
# The first page of a server, and the first call, took half of it with two processors for six tests.
SHOWN_WITHIN_MS = 60_000
BROWSER_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]


def pytest_collection_modifyitems(items):
    """Everything here drives a browser and takes its time."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory):
    """A folder that all workers of this run of the tests have in common."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def models(shared_folder):
    """One folder of joined weights for all servers."""
    folder = shared_folder / "models"
    folder.mkdir(exist_ok=True)
    return folder


def environment(data_dir: Path, models: Path) -> dict[str, str]:
    """The surroundings of a server or command that keeps everything in ``data_dir``."""
    data_dir.mkdir(parents=True, exist_ok=True)
    if not (data_dir / "models").exists():
        (data_dir / "models").symlink_to(models)
    kept = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG", "TMPDIR"}}
    # Recognisers in step with each other spin while one waits for a processor: several at once, as
    # here, are done sooner with one thread each.
    own = {"PARTYLINE_DATA_DIR": str(data_dir), "PARTYLINE_THREADS": "1"}
    return {**kept, "PYTHONPATH": str(ROOT), **own}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as reply:
            return reply.status == 200
    except (urllib.error.URLError, OSError):
        return False


@contextmanager
def serving(
    data_dir: Path,
    models: Path,
    *,
    command: tuple[str, ...] = ("app.cli", "serve"),
    port: int | None = None,
    **settings: str,
):
    """Run the server until the block ends; yields its address."""
    port = port or free_port()
    log = (data_dir.parent / f"{data_dir.name}.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        env={**environment(data_dir, models), "PORT": str(port), **settings},
        cwd=ROOT,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    url = f"http://localhost:{port}"
    try:
        deadline = time.monotonic() + START_WITHIN_S
        while not answers(f"{url}/readyz"):
            assert process.poll() is None, Path(log.name).read_text()
            assert time.monotonic() < deadline, Path(log.name).read_text()
            time.sleep(0.2)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()


@pytest.fixture
def fresh_server(tmp_path, models):
    """A server that has no call yet."""
    with serving(tmp_path / "data", models) as url:
        yield url


@pytest.fixture(scope="session")
def stocked_data(tmp_path_factory, shared_folder, models):
    """A data folder with the demo calls, processed by the local engine; each worker's own copy."""
    stock = shared_folder / "stock"
    with (shared_folder / "stock.lock").open("w") as lock:
        # The first one makes it, for minutes; whoever comes second waits here.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stock.exists():
            made = shared_folder / "stock-being-made"
            shutil.rmtree(made, ignore_errors=True)
            subprocess.run(
                [sys.executable, "-m", "app.cli", "demo"],
                env=environment(made, models),
                cwd=ROOT,
                check=True,
                timeout=DEMO_WITHIN_S,
                capture_output=True,
            )
            made.rename(stock)
    data_dir = tmp_path_factory.mktemp("stocked") / "data"
    shutil.copytree(stock, data_dir, symlinks=True)
    return data_dir


@pytest.fixture(scope="session")
def stocked_server(stocked_data, models):
    """A server with the demo calls."""
    with serving(stocked_data, models) as url:
        yield url


@pytest.fixture(scope="session")
def billing_call(stocked_data):
    """The id of the demo call with two channels, a hold and an interruption."""
    with closing(sqlite3.connect(stocked_data / "partyline.db")) as database:
        query = "SELECT id FROM calls WHERE queue = 'Billing'"
        return database.execute(query).fetchone()[0]


@pytest.fixture(scope="session")
def chromium():
    """A browser for the whole run."""
    path = os.environ.get("PARTYLINE_CHROMIUM") or shutil.which("chromium")
    if not path:
        pytest.skip("Chromium is not installed on this machine")
    expect.set_options(timeout=SHOWN_WITHIN_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=BROWSER_FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def profiles(chromium):
    """What the browser keeps of each server, so that its pages are not loaded anew each time."""
    by_server = {}

    def profile_of(url):
        server = urlsplit(url).netloc
        if server not in by_server:
            by_server[server] = chromium.new_context(accept_downloads=True)
        return by_server[server]

    yield profile_of
    for context in by_server.values():
        context.close()


@pytest.fixture
def open_page(profiles):
    """Open pages of a given size and scheme; they are closed after the test."""
    pages = []

    def open_one(url, *, width=1440, height=900, scheme="light"):
        page = profiles(url).new_page()
        pages.append(page)
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        page.set_default_timeout(SHOWN_WITHIN_MS)
        page.goto(url)
        return page

    yield open_one
    for page in pages:
        page.close()
