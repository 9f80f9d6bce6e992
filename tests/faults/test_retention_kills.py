"""Deleting by period and erasing, killed wherever it is: it ends whole, and nothing twice."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.commands.backup import make_backup
from app.settings import Settings
from app.wiring import Services, build_services
from services.domain.calls import CallDetails
from services.domain.people import LOCAL_USER
from services.domain.retention import Kept, RetentionCounts, RetentionPeriod
from services.storage.audio_vault import Rendition
from services.storage.objects import ObjectStore
from services.storage.removals import RemovalStore, hash_of_call
from services.upkeep.place import BackupPlace
from services.upkeep.restore import check_backup
from tests.builders import call, first_run, transcript, utterance
from tests.contract.stores import analysed
from tests.faults.dying_keeper import MOMENTS, REF
from tests.faults.machine import ROOT

pytestmark = pytest.mark.slow

ORG = LOCAL_USER.org_id
EACH = 4


@dataclass
class Scene:
    """Calls that are due as a whole, in part, a customer's, and ones that stay."""

    settings: Settings
    services: Services
    ids: dict[str, list[str]] = field(default_factory=dict)

    def fill(self) -> None:
        for name, days, ref in (
            ("old", 400, "C-1"),
            ("aged", 40, "C-2"),
            ("theirs", 3, REF),
            ("young", 3, "C-3"),
        ):
            self.ids[name] = [self.add(days, ref) for _ in range(EACH)]
        desk = self.services.keeping.retention
        for kind, days in ((Kept.CALL, 365), (Kept.AUDIO, 30), (Kept.TEXT, 30)):
            desk.set(LOCAL_USER, RetentionPeriod(kind=kind, days=days))

    def add(self, days: int, ref: str) -> str:
        held_at = datetime.now(UTC) - timedelta(days=days)
        made = call(details=CallDetails(customer_ref=ref, started_at=held_at), org_id=ORG)
        services, run = self.services, first_run(made)
        with services.calls.transaction() as connection:
            key = services.vault.new_key(made.id)
            services.calls.add(made, run, key, connection=connection)
            services.queue.enqueue(connection, run)
        spoken = transcript(utterance(1, "s1", 0, f"hello {ref}"), transcript_id=f"t{made.id}")
        services.transcripts.save(ORG, made.id, 1, analysed(spoken))
        services.runs.cancelled(made.id, 1)
        with services.vault.write(made.id, Rendition.ORIGINAL, key) as sink:
            sink.write(b"sound" * 100)
        return made.id

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=ROOT,
            env=os.environ | {"PARTYLINE_DATA_DIR": str(self.settings.data_dir)},
            capture_output=True,
            text=True,
            timeout=240,
        )


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    settings = Settings(data_dir=tmp_path / "data")
    made = Scene(settings=settings, services=build_services(settings))
    made.fill()
    yield made
    made.services.close()


def test_thirteen_kills_end_as_none_would(scene: Scene, tmp_path: Path) -> None:
    place = str(tmp_path / "backups")
    for _ in range(2):
        make_backup(scene.settings, place, with_key=False, as_json=True)
    done = scene.command("tests.faults.dying_keeper", place)
    ended = [line for line in done.stderr.splitlines() if line.startswith("ended: ")]
    assert ended == ["ended: killed 9"] * len(MOMENTS) + ["ended: lived"], done.stderr

    services, ids = scene.services, scene.ids
    gone = {*ids["old"], *ids["theirs"]}
    assert {row.call.id for row in services.calls.list(ORG)} == {*ids["aged"], *ids["young"]}
    assert {stored.call_id for stored in services.vault.stored()} == set(ids["young"])
    for call_id in ids["aged"]:
        assert services.calls.get(ORG, call_id).active_transcript_id is None
    (run,) = services.keeping.retention.runs(LOCAL_USER)
    assert run.finished_at is not None
    assert run.counts == RetentionCounts(calls=EACH, audio=EACH, text=EACH)
    removals = RemovalStore(services.engine)
    assert removals.begun() == []
    assert removals.erased() == set(map(hash_of_call, gone))
    assert services.queue.states(f"{call_id}.1" for call_id in gone) == {}
    services.rollups.fold()
    assert services.rollups.differing() == ()

    lies = BackupPlace(ObjectStore(place))
    for manifest in lies.all():
        assert check_backup(lies, manifest).damaged == ()
        assert manifest.call_count == 2 * EACH
    told = scene.command(
        "app.cli", "erase", "verify", "--customer", REF, "--backup", place, "--json"
    )
    assert told.returncode == 0, told.stdout + told.stderr
    searched = json.loads(told.stdout)
    assert searched["found"] == []
    assert searched["searched"]["backups"] == 2
