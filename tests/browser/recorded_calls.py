"""A server that can be killed, the calls it has stored, and browsers that talk to it."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from app.settings import Settings
from app.wiring import Services, build_services
from services.domain.calls import Call
from services.domain.people import LOCAL_USER
from services.domain.speech import Transcript
from services.storage.audio_vault import Rendition
from tests.browser import sound
from tests.browser.conftest import (
    BROWSER_FLAGS,
    ROOT,
    SHOWN_WITHIN_MS,
    START_WITHIN_S,
    answers,
    environment,
    free_port,
)

SCRIPTED = {"PARTYLINE_SCRIPTED_PROVIDER": "true", "PARTYLINE_PROVIDER": "scripted"}
LANDED_WITHIN_S = 60


class Server:
    """A server whose web process can be ended as by a crash, and started again."""

    def __init__(self, data_dir: Path, models: Path, **settings: str) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self._env = {**environment(data_dir, models), "PORT": str(self.port), **settings}
        self._log = data_dir.parent / f"{data_dir.name}.log"
        self._process: subprocess.Popen | None = None

    def start(self) -> None:
        """Start, and wait until it answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "serve"],
                env=self._env,
                cwd=ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + START_WITHIN_S
        while not answers(f"{self.url}/readyz"):
            assert self._process.poll() is None, self._log.read_text()
            assert time.monotonic() < deadline, self._log.read_text()
            time.sleep(0.2)

    def crash(self) -> None:
        """End the web process with nothing said, as kill -9 does."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """End it in order."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextmanager
def holding(data_dir: Path, models: Path, **settings: str) -> Iterator[Server]:
    """Run a server until the block ends."""
    server = Server(data_dir, models, **settings)
    try:
        server.start()
        yield server
    finally:
        server.stop()


# --- what is stored -------------------------------------------------------------------------------


@contextmanager
def services_on(data_dir: Path) -> Iterator[Services]:
    """Look at what a server keeps, with no part of a server running here."""
    services = build_services(Settings(PARTYLINE_DATA_DIR=data_dir))
    try:
        yield services
    finally:
        services.close()


def landed(data_dir: Path, count: int = 1, within_s: float = LANDED_WITHIN_S) -> list[Call]:
    """Wait until so many calls are stored and none is running; those that began first, first."""
    with services_on(data_dir) as services:
        deadline = time.monotonic() + within_s
        while True:
            calls = [row.call for row in services.calls.list(LOCAL_USER.org_id)]
            if len(calls) == count and not services.live.running(LOCAL_USER):
                return sorted(calls, key=lambda call: call.details.started_at)
            assert time.monotonic() < deadline, f"{len(calls)} calls are stored"
            time.sleep(0.3)


def stored_sound(data_dir: Path, call: Call):
    """Return the recording of a call as it is stored."""
    with services_on(data_dir) as services:
        key = services.calls.key(call.org_id, call.id)
        with services.vault.open(call.id, Rendition.ORIGINAL, key) as file:
            return sound.read(file)


def final_transcript(data_dir: Path, call: Call, within_s: float = 120) -> Transcript:
    """Wait until the recording has been processed and return what came of it."""
    with services_on(data_dir) as services:
        deadline = time.monotonic() + within_s
        while True:
            versions = services.transcripts.list_for_call(call.org_id, call.id)
            if any(not version.provider.endswith(" live") for version in versions):
                return services.transcripts.active(call.org_id, call.id)
            assert time.monotonic() < deadline, [version.provider for version in versions]
            time.sleep(0.5)


# --- browsers -------------------------------------------------------------------------------------


@contextmanager
def speaking(chromium, wav: Path | None) -> Iterator:
    """Launch a browser of the same kind whose microphone hears a file once, or beeps."""
    flags = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    if wav is not None:
        flags.append(f"--use-file-for-fake-audio-capture={wav}%noloop")
    path = os.environ.get("PARTYLINE_CHROMIUM") or shutil.which("chromium")
    browser = chromium.browser_type.launch(executable_path=path, args=[*BROWSER_FLAGS, *flags])
    try:
        yield browser
    finally:
        browser.close()


KEEP_WHAT_IS_HEARD = """(() => {
    window.heardChunks = [];
    const Real = window.AudioWorkletNode;
    window.AudioWorkletNode = class extends Real {
        constructor(...given) {
            super(...given);
            this.port.addEventListener('message', ({ data }) => {
                if (data.pcm) window.heardChunks.push(data.pcm.slice());
            });
        }
    };
})()"""
TAKE_WHAT_WAS_HEARD = """() => window.heardChunks.map(
    (pcm) => String.fromCharCode(...new Uint16Array(pcm.buffer))
).join('')"""


def heard_by(page):
    """Return what the recorder's audio thread has given out on this page, as whole numbers."""
    units = page.evaluate(TAKE_WHAT_WAS_HEARD)
    return np.frombuffer(units.encode("utf-16-le", "surrogatepass"), "<i2")


def open_live(browser_or_context, url: str):
    """Open the page of live calls."""
    page = browser_or_context.new_page()
    page.set_default_timeout(SHOWN_WITHIN_MS)
    page.add_init_script(KEEP_WHAT_IS_HEARD)
    page.goto(f"{url}/live_call")
    return page


def record(page, within_ms: float = SHOWN_WITHIN_MS) -> str:
    """Press Record, wait until the call is on, and return its id."""
    page.get_by_role("button", name=re.compile("^Record")).first.click()
    page.wait_for_url(re.compile(r"[?&]live="), timeout=within_ms)
    return re.search(r"[?&]live=([^&#]+)", page.url).group(1)


def stop(page) -> None:
    """Press Stop and wait until the page says that the call has ended."""
    page.get_by_role("button", name=re.compile("^(Stop|End the call)")).first.click()
    sure = page.get_by_role("button", name=re.compile("^(End it|Yes|End the call)"))
    if sure.count() > 1:
        sure.last.click()
    expect(page.get_by_text(re.compile("call has ended", re.IGNORECASE)).first).to_be_visible()


def told_lines(page):
    """The lines of the live view."""
    return page.locator("[data-line]")


@pytest.fixture
def scripted_server(tmp_path, models):
    """A server whose live calls follow the script, so that nothing has to be recognised."""
    with holding(tmp_path / "data", models, **SCRIPTED) as server:
        yield server
