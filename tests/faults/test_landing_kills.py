"""A process that holds or lands a call is killed at bad moments; there is one call afterwards."""

import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import update

from app.settings import Settings
from app.wiring import Services, build_services
from app.wiring.parts import master_key_of
from services.domain.calls import CallState
from services.domain.people import LOCAL_USER
from services.jobs.queue import JobState
from services.live.recording.landing import Landed, Landing
from services.storage.audio_vault import Rendition
from services.storage.live_calls import LiveCallStore
from services.storage.live_tables import LIVE_CALLS
from services.storage.phone_words import PhoneWordStore
from services.storage.tapes import TapeStore
from tests.unit.storage import children

pytestmark = pytest.mark.slow

ORG = LOCAL_USER.org_id
KILLS = 8
LATER_EACH_TIME_S = 0.15
WAV_HEADER_BYTES = 44
LONG_AGO = datetime(2026, 11, 1, tzinfo=UTC)

SET_UP = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from app.settings import Settings
from app.wiring import build_services
from app.wiring.parts import master_key_of
from services.domain.calls import ProcessingOptions
from services.domain.live_calls import LiveSource, LiveState, RunningCall
from services.storage.live_calls import LiveCallStore
from services.storage.tapes import TapeStore
def built():
    folder = Path(sys.argv[1])
    settings = Settings(data_dir=folder, scripted_provider=True)
    services = build_services(settings)
    tapes = TapeStore(folder / "live", master_key_of(settings))
    return services, LiveCallStore(services.engine), tapes
"""
HOLD = (
    SET_UP
    + """
import random
from dataclasses import replace
services, live, tapes = built()
now = datetime.now(UTC)
call = RunningCall(
    id="held", org_id="local", owner="nora", name="Harbor", source=LiveSource.BROWSER,
    state=LiveState.RECORDING, options=ProcessingOptions(provider="scripted", redact=False),
    channels=2, began_at=now, heartbeat_at=now, process="web-1",
)
live.add(call)
tape = tapes.create(call.id, 2)
chunk = 0
while True:
    tape.append(random.Random(chunk).randbytes(6_400))
    chunk += 1
    if chunk % 20 == 0:
        live.heartbeat(replace(call, received_ms=chunk * 100))
    print(tape.frames, flush=True)
"""
)
# Lands in a new process for every line that is read, and kills it at the next: most of the time
# that a process takes to start goes into loading what this one has loaded.
LAND = (
    SET_UP
    + """
import os, signal
from services.analysis.metrics import analyse
from services.domain.metrics import AnalysedTranscript
from services.live.recording.landing import Landing
from services.storage.phone_words import PhoneWordStore
from tests.builders import transcript
def land():
    services, live, tapes = built()
    landing = Landing(
        "web-1", engine=services.engine, live=live, tapes=tapes, vault=services.vault,
        calls=services.calls, runs=services.runs, transcripts=services.transcripts,
        queue=services.queue, providers=services.providers,
        words=PhoneWordStore(services.engine, master_key_of(services.settings)),
    )
    spoken = transcript()
    captions = AnalysedTranscript(transcript=spoken, analysis=analyse(spoken))
    print("ready", flush=True)
    print(landing.land("held", captions).value, flush=True)
    signal.pause()
for _ in sys.stdin:
    child = os.fork()
    if not child:
        land()
    sys.stdin.readline()
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    print("killed", flush=True)
"""
)


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    built = build_services(Settings(data_dir=tmp_path, scripted_provider=True))
    yield built
    built.close()


def landing_of(services: Services, process: str) -> tuple[Landing, LiveCallStore, TapeStore]:
    live = LiveCallStore(services.engine)
    folder = services.settings.data_dir / "live"
    tapes = TapeStore(folder, master_key_of(services.settings))
    made = Landing(
        process,
        engine=services.engine,
        live=live,
        tapes=tapes,
        vault=services.vault,
        calls=services.calls,
        runs=services.runs,
        transcripts=services.transcripts,
        queue=services.queue,
        providers=services.providers,
        words=PhoneWordStore(services.engine, master_key_of(services.settings)),
    )
    return made, live, tapes


def held_and_killed(folder: Path, *, after_s: float) -> int:
    """Hold a call until the process is killed; return how many frames it acknowledged."""
    child = children.start(HOLD, folder)
    assert child.stdout is not None
    acknowledged = int(child.stdout.readline())
    time.sleep(after_s)
    child.kill()
    printed, _ = child.communicate(timeout=60)
    whole = printed.split("\n")[:-1]
    return int(whole[-1]) if whole else acknowledged


def sound_of(services: Services, call_id: str) -> bytes:
    key = services.calls.key(ORG, call_id)
    with services.vault.open(call_id, Rendition.ORIGINAL, key) as file:
        return file.read()[WAV_HEADER_BYTES:]


def expected(sound: bytes) -> bytes:
    chunks = range(len(sound) // 6_400)
    return b"".join(random.Random(n).randbytes(6_400) for n in chunks)


def test_a_call_whose_process_is_killed_is_landed_with_all_its_sound(services, tmp_path):
    acknowledged = held_and_killed(tmp_path, after_s=1.5)
    landing, live, tapes = landing_of(services, "web-2")
    assert landing.recover() == []
    with services.engine.begin() as connection:
        connection.execute(update(LIVE_CALLS).values(heartbeat_at=LONG_AGO))
    assert landing.recover() == ["held"]
    sound = sound_of(services, "held")
    assert len(sound) // 4 >= acknowledged
    assert sound == expected(sound)
    assert (live.running(ORG), tapes.ids()) == ([], [])


def test_landing_killed_again_and_again_ends_in_one_call(services, tmp_path):
    acknowledged = held_and_killed(tmp_path, after_s=1.0)
    outcomes = []
    landers = children.start(LAND, tmp_path)
    assert landers.stdin is not None
    assert landers.stdout is not None
    for kill in range(KILLS):
        print(file=landers.stdin, flush=True)
        assert landers.stdout.readline() == "ready\n"
        time.sleep(kill * LATER_EACH_TIME_S)
        print(file=landers.stdin, flush=True)
        outcomes.append("".join(iter(landers.stdout.readline, "killed\n")).strip())
    landers.communicate(timeout=60)
    assert landers.returncode == 0
    landing, live, tapes = landing_of(services, "web-1")
    assert landing.land("held", None) in (Landed.CALL, Landed.BEFORE)
    assert set(outcomes) <= {"", "call", "before"}
    [row] = services.calls.list(ORG)
    runs = services.runs.list_for_call(ORG, row.call.id)
    assert runs[-1].state is CallState.WAITING
    assert len(services.transcripts.list_for_call(ORG, "held")) == len(runs) - 1 <= 1
    jobs = services.queue.states(run.workflow_id for run in runs)
    assert jobs == {runs[-1].workflow_id: JobState.WAITING}
    sound = sound_of(services, "held")
    assert len(sound) // 4 >= acknowledged
    assert sound == expected(sound)
    assert (live.running(ORG), tapes.ids()) == ([], [])
