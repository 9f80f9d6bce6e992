"""A call that was held, in a whole installation: landed, finished by the worker, deleted."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.settings import Settings
from app.wiring import Services, build_services, build_worker
from app.wiring.parts import master_key_of
from services.analysis.metrics import analyse
from services.domain.calls import CallDetails, CallState, ProcessingOptions
from services.domain.findings import FindingKind
from services.domain.ids import new_id
from services.domain.live_calls import LiveGlance, LiveSource, LiveState, RunningCall, SoundGap
from services.domain.metrics import AnalysedTranscript
from services.domain.people import LOCAL_USER
from services.live.recording.landing import Landed, Landing
from services.providers.registry import ProviderRegistry
from services.storage.live_calls import LiveCallStore
from services.storage.phone_words import PhoneWordStore
from services.storage.tapes import TapeStore
from tests.unit.jobs.canary import (
    LINE_MS,
    LINES,
    NAME,
    PHONE,
    CanaryProvider,
    contents,
    leaks,
    tables,
    transcript_of,
)

ORG = LOCAL_USER.org_id
WITHIN_S = 60.0
DURATION_MS = len(LINES) * LINE_MS + 4_000
SOUND = b"\x10\x20\x30\xf0" * (DURATION_MS * 8)
# What is said on a tape must not be found on the disk.
KNOWN_SOUND = SOUND[:64].decode("latin-1")


@dataclass
class House:
    """Services with a worker, and the live calls beside them."""

    settings: Settings
    services: Services
    live: LiveCallStore
    tapes: TapeStore
    landing: Landing

    def running(self) -> RunningCall:
        """A call full of personal data."""
        return RunningCall(
            id=new_id(),
            org_id=ORG,
            owner="nora",
            name=f"Call on {PHONE}",
            source=LiveSource.BROWSER,
            state=LiveState.RECORDING,
            options=ProcessingOptions(provider="scripted", redact=True),
            details=CallDetails(queue="Billing"),
            channels=1,
            began_at=datetime.now(UTC),
            heartbeat_at=datetime.now(UTC),
            process="web-1",
        )

    def hold(self) -> RunningCall:
        """It is being held; what rows say of it is redacted."""
        made = self.running()
        self.live.add(made)
        with self.tapes.create(made.id, 1) as tape:
            for start in range(0, len(SOUND), 32_000):
                tape.append(SOUND[start : start + 32_000])
            glance = LiveGlance(last_line="My number is [PHONE].", speakers=("Customer",))
            gaps = (SoundGap(start_ms=1_000, end_ms=2_000),)
            now = replace(made, received_ms=DURATION_MS, gaps=gaps, glance=glance)
            assert self.live.heartbeat(now)
        return now

    def captions(self) -> AnalysedTranscript:
        """What was understood while it was held, redacted."""
        spoken = self.services.models.redactor.redact(transcript_of(DURATION_MS))
        return AnalysedTranscript(
            transcript=replace(spoken, summary=None), analysis=analyse(spoken)
        )

    def work(self) -> None:
        """Have a worker finish what waits."""
        worker = build_worker(self.settings, "local", stopping=lambda: False)
        deadline = time.monotonic() + WITHIN_S
        with worker.running():
            while any(self.services.runs.unfinished()):
                assert time.monotonic() < deadline
                time.sleep(0.05)
            worker.wait_until_idle(WITHIN_S)


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    provider = CanaryProvider()
    provider.failures.clear()
    registry = ProviderRegistry({"scripted": lambda: provider})
    monkeypatch.setattr("app.wiring.services.build_providers", lambda *_: registry)
    settings = Settings(data_dir=tmp_path / "data")
    services = build_services(settings)
    live = LiveCallStore(services.engine)
    tapes = TapeStore(settings.data_dir / "live", master_key_of(settings))
    landing = Landing(
        "web-1",
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
    yield House(settings, services, live, tapes, landing)
    services.close()


def test_the_worker_finishes_what_has_landed(house):
    call = house.hold()
    assert house.landing.land(call.id, house.captions()) is Landed.CALL
    captions = house.services.review.load(LOCAL_USER, call.id)
    assert captions.transcript.provider == "scripted live"
    house.work()
    stored = house.services.calls.get(ORG, call.id)
    assert stored.state is CallState.READY
    assert stored.audio.findings[0].kind is FindingKind.NOT_RECORDED
    assert stored.audio.duration_ms == DURATION_MS
    first, second = house.services.transcripts.list_for_call(ORG, call.id)
    assert (first.provider, first.is_active) == ("scripted live", False)
    assert (second.provider, second.is_active) == ("scripted", True)
    _file, size = house.services.desk.open_playback(LOCAL_USER, call.id)
    _file.close()
    assert size > 0


def test_nothing_personal_is_left_of_a_redacted_live_call(house, tmp_path):
    call = house.hold()
    during = contents(house.settings.data_dir, tmp_path / "during")
    assert any(name.startswith("live/") for name in during)
    assert [name for name, text in during.items() if KNOWN_SOUND in text] == []
    house.landing.land(call.id, house.captions())
    landed = contents(house.settings.data_dir, tmp_path / "landed")
    assert leaks({**landed, **tables(tmp_path / "landed")}, landed) == set()
    assert [name for name in landed if name.startswith("live/")] == []
    house.work()
    finished = contents(house.settings.data_dir, tmp_path / "finished")
    assert leaks({**finished, **tables(tmp_path / "finished")}, finished) == set()
    assert [name for name, text in finished.items() if KNOWN_SOUND in text] == []


def test_nothing_is_left_of_a_call_that_was_too_short(house, tmp_path):
    short = replace(house.running(), name=f"{NAME} was here")
    house.live.add(short)
    house.tapes.create(short.id, 1).close()
    assert house.landing.land(short.id, None) is Landed.TOO_SHORT
    left = contents(house.settings.data_dir, tmp_path / "left")
    assert leaks({**left, **tables(tmp_path / "left")}, left) == set()
    assert [name for name in left if name.startswith(("live/", "objects/"))] == []
    assert house.services.calls.list(ORG) == []


def test_a_deleted_call_takes_its_captions_with_it(house):
    call = house.hold()
    house.landing.land(call.id, house.captions())
    house.services.desk.delete(LOCAL_USER, call.id)
    assert house.services.transcripts.list_for_call(ORG, call.id) == []
    assert list(house.services.vault.stored()) == []
    house.work()
    assert house.services.calls.list(ORG) == []
