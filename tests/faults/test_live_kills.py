"""Processes of live calls are killed in mid-call: the recogniser, and the one that serves pages."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from app.settings import Settings
from app.wiring import Services, build_services
from services.domain.calls import CallDetails, CallState, ProcessingOptions
from services.domain.live_calls import LiveSource
from services.domain.people import LOCAL_USER
from services.live import landing
from services.live.child import ChildRecogniser
from services.live.telling import Told
from services.storage.audio_vault import Rendition

ROOT = Path(__file__).parents[2]
WITHIN_S = 60.0
WAV_HEADER = 44
SECOND = bytes(range(256)) * 125
SCRIPTED = ProcessingOptions(provider="scripted", redact=False)

HOLDS_A_CALL = """
import os, sys, time
from pathlib import Path
from app.settings import Settings
from app.wiring import build_services
from services.domain.calls import CallDetails, ProcessingOptions
from services.domain.live_calls import LiveSource
from services.domain.people import LOCAL_USER

services = build_services(Settings(data_dir=Path(sys.argv[1]), scripted_provider=True))
services.live_keeper.start()
call = services.live.begin(
    LOCAL_USER, "Killed", ProcessingOptions(provider="scripted", redact=False), CallDetails(),
    channels=1, source=LiveSource.BROWSER,
)
way = services.live.connect(LOCAL_USER, call.id, lambda notice: None)
print(call.id, services.close_live.__self__.recogniser.pid, flush=True)
chunk = bytes(range(256)) * 125
while True:
    for part in range(10):
        way.take(way.next_frame, chunk[part * 3200 : part * 3200 + 3200])
        print(way.next_frame, flush=True)
        time.sleep(0.01)
"""


def wait_until(done: Callable[[], object]) -> None:
    until = time.monotonic() + WITHIN_S
    while not done():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("PARTYLINE_SCRIPTED_PROVIDER", "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PARTYLINE_DATA_DIR", str(tmp_path))
    return dict(os.environ)


def services_on(folder: Path) -> Services:
    return build_services(Settings(data_dir=folder, scripted_provider=True))


def stored_sound(services: Services, call_id: str) -> bytes:
    key = services.calls.key(LOCAL_USER.org_id, call_id)
    with services.vault.open(call_id, Rendition.ORIGINAL, key) as file:
        return file.read()[WAV_HEADER:]


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.parametrize("strike", [signal.SIGKILL, signal.SIGSTOP], ids=["dies", "hangs"])
@pytest.mark.usefixtures("environment")
def test_a_recogniser_struck_in_mid_call_is_replaced_and_no_sound_is_lost(
    strike: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.live.child.STUCK_S", 3.0)
    services = services_on(tmp_path)
    told: list[Told] = []
    try:
        recogniser = services.close_live.__self__.recogniser  # type: ignore[attr-defined]
        assert isinstance(recogniser, ChildRecogniser)
        call = services.live.begin(
            LOCAL_USER, "x", SCRIPTED, CallDetails(), channels=1, source=LiveSource.BROWSER
        )
        services.live.follow(LOCAL_USER, call.id, 0, told.append)
        way = services.live.connect(LOCAL_USER, call.id, lambda _notice: None)

        def speak(seconds: int) -> None:
            for _ in range(seconds):
                way.take(way.next_frame, SECOND)

        def finals() -> list[Told]:
            return [one for one in told if one["type"] == "final"]

        speak(12)
        wait_until(lambda: len(finals()) >= 2)
        first = recogniser.pid
        assert first is not None
        before = len(finals())
        os.kill(first, strike)
        speak(8)
        wait_until(lambda: recogniser.pid not in (None, first))
        speak(20)
        wait_until(lambda: len(finals()) > before + 2)
        way.stop(way.next_frame)
        wait_until(lambda: told[-1]["type"] == "landed")
        assert stored_sound(services, call.id) == SECOND * 40
        captions = services.transcripts.active(LOCAL_USER.org_id, call.id)
    finally:
        services.close()
    assert [one["n"] for one in told] == list(range(1, len(told) + 1))
    warnings = [one.get("code") for one in told if one["type"] == "warning"]
    assert "RecogniserLost" in warnings
    later = finals()[before:]
    assert all(one["id"].startswith("2-") for one in later)
    assert later[0]["start_ms"] >= finals()[before - 1]["end_ms"] - 1
    assert max(one["end_ms"] for one in later) <= 40_000
    assert captions.utterances[-1].end_ms > 30_000
    ended = [one for one in told if one["type"] == "ended"]
    assert [one["error_code"] for one in ended] == [None]


def test_a_web_process_killed_in_mid_call_leaves_a_call_that_the_next_start_lands(
    tmp_path: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    child = subprocess.Popen(
        (sys.executable, "-c", HOLDS_A_CALL, str(tmp_path)),
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    call_id, recogniser = child.stdout.readline().split()
    for _ in range(60):
        child.stdout.readline()
    child.kill()
    printed, _ = child.communicate(timeout=60)
    acknowledged = int((["96000", *printed.split("\n")[:-1]])[-1])
    wait_until(lambda: not is_alive(int(recogniser)))
    monkeypatch.setattr(landing, "SILENT_FOR", timedelta(seconds=0))
    services = services_on(tmp_path)
    try:
        (left,) = services.live.running(LOCAL_USER)
        assert left.id == call_id
        services.live_keeper.look(0)
        assert services.live.running(LOCAL_USER) == []
        sound = stored_sound(services, call_id)
        call = services.calls.get(LOCAL_USER.org_id, call_id)
    finally:
        services.close()
    assert len(sound) >= 2 * acknowledged
    assert (SECOND * 1000).startswith(sound)
    assert (call.state, call.run) == (CallState.WAITING, 1)
    assert call.audio is not None
    assert "broken_off" in [finding.kind.value for finding in call.audio.findings]
