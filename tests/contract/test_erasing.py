"""Everything of one customer is erased, and nothing of anybody else's, on every database."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, text

from services.domain.calls import CallDetails, ProcessingOptions
from services.domain.errors import (
    AccessDenied,
    InvalidRequest,
    NotFound,
    OnHold,
    StorageError,
    UploadNotFound,
)
from services.domain.people import LOCAL_USER, Role
from services.domain.retention import Hold
from services.ingest.uploads import Uploads
from services.jobs.desk import JobDesk
from services.jobs.intake import Intake
from services.jobs.queue import JobQueue, prepare_queue
from services.jobs.removing import CallRemover
from services.jobs.workers import Workers
from services.providers.registry import ProviderRegistry
from services.providers.scripted import ScriptedProvider
from services.storage.active import ActiveTranscripts
from services.storage.audio_vault import AudioVault, Rendition
from services.storage.calls import CallStore
from services.storage.customers import CustomerStore
from services.storage.database import open_engine
from services.storage.holds import HoldStore
from services.storage.live_calls import LiveCallStore
from services.storage.objects import ObjectStore
from services.storage.provider_copies import ProviderCopyStore
from services.storage.removals import RemovalStore, hash_of_call
from services.storage.rollups import RollupStore
from services.storage.runs import RunStore
from services.storage.search import SearchIndex
from services.storage.tapes import TapeStore
from services.storage.transcripts import TranscriptStore
from services.storage.uploads import Upload, UploadPart, UploadStore
from services.storage.workers import WorkerStore
from services.upkeep.erasing import Eraser
from tests.authorities import authority_over
from tests.builders import transcript, utterance
from tests.contract.stores import MASTER_KEY, add, analysed
from tests.contract.test_live_call_store import running

ORG = LOCAL_USER.org_id
CANARY = "zanzibar"


@dataclass
class House:
    """All that a customer's calls leave traces in."""

    engine: Engine
    eraser: Eraser
    calls: CallStore
    transcripts: TranscriptStore
    vault: AudioVault
    live: LiveCallStore
    tapes: TapeStore
    copies: ProviderCopyStore
    uploads: Uploads
    objects: ObjectStore

    def add(self, ref: str, word: str) -> str:
        made = add(self.calls, org_id=ORG, details=CallDetails(customer_ref=ref, agent_name=word))
        spoken = transcript(utterance(1, "s1", 0, f"hello {word}"), transcript_id=f"t{made.id}")
        self.transcripts.save(ORG, made.id, 1, analysed(spoken))
        with self.vault.write(made.id, Rendition.ORIGINAL, self.calls.key(ORG, made.id)) as sink:
            sink.write(b"sound")
        self.copies.note(ORG, made.id, 1, "assemblyai", f"copy-of-{made.id}")
        return made.id

    def everything(self) -> str:
        """Return all text in the database."""
        found = []
        with self.engine.connect() as connection:
            for name in inspect(connection).get_table_names():
                rows = connection.execute(text(f"SELECT * FROM {name}")).all()
                found += [repr(tuple(row)) for row in rows]
        return "\n".join(found)


@pytest.fixture
def house(engine: Engine, database_url: str, tmp_path: Path) -> Iterator[House]:
    prepare_queue(database_url)
    calls, runs = CallStore(engine), RunStore(engine)
    objects = ObjectStore(str(tmp_path / "audio"))
    vault = AudioVault(objects, MASTER_KEY)
    queue = JobQueue(open_engine(database_url))
    live, tapes = LiveCallStore(engine), TapeStore(tmp_path / "live", MASTER_KEY)
    authority = authority_over(calls)
    intake = Intake(
        calls, vault, ProviderRegistry({"scripted": ScriptedProvider}), queue, authority=authority
    )
    uploads = Uploads(
        UploadStore(engine),
        objects,
        MASTER_KEY,
        intake,
        calls,
        authority=authority,
        most_open=5,
        most_bytes=1_000_000,
        kept_for=timedelta(hours=24),
    )
    desk = JobDesk(
        calls,
        runs,
        ActiveTranscripts(engine),
        vault,
        queue,
        intake,
        authority=authority,
        workers=Workers(WorkerStore(engine), tmp_path / "workers"),
        demo_folder=tmp_path,
        defaults=ProcessingOptions(),
    )
    eraser = Eraser(
        CustomerStore(engine),
        desk,
        vault,
        live,
        tapes,
        uploads,
        HoldStore(engine),
        RemovalStore(engine),
        CallRemover(calls, RemovalStore(engine), vault, queue),
        authority=authority,
        delete_copies=int,
        tidy=lambda: (SearchIndex(engine).remove_deleted_words(), RollupStore(engine).fold()),
    )
    yield House(
        engine=engine,
        eraser=eraser,
        calls=calls,
        transcripts=TranscriptStore(engine),
        vault=vault,
        live=live,
        tapes=tapes,
        copies=ProviderCopyStore(engine),
        uploads=uploads,
        objects=objects,
    )
    queue.close()


def test_nothing_of_the_customer_stays(house: House) -> None:
    mine = [house.add("C-1", CANARY) for _ in range(3)]
    other = house.add("C-10", "somebody")
    held = replace(
        running(id="held"), org_id=ORG, details=CallDetails(customer_ref="C-1", agent_name=CANARY)
    )
    house.tapes.create("held", 1).close()
    house.live.add(held)
    house.live.add(replace(running(id="kept"), org_id=ORG))
    assert CANARY in house.everything()

    seen = house.eraser.look(LOCAL_USER, " C-1 ")
    assert (seen.calls, seen.transcripts, seen.runs) == (3, 3, 3)
    assert (seen.sound_files, seen.copies, seen.live_calls) == (3, 3, 1)
    assert (seen.uploads, seen.tapes_elsewhere) == (0, 0)
    assert len(house.calls.list(ORG)) == 4
    assert house.eraser.erase(LOCAL_USER, "C-1") == seen

    assert CANARY not in house.everything()
    assert [row.call.id for row in house.calls.list(ORG)] == [other]
    assert {stored.call_id for stored in house.vault.stored()} == {other}
    assert house.tapes.ids() == []
    assert [call.id for call in house.live.running(ORG)] == ["kept"]
    due = {copy.reference for copy in house.copies.claim(10)}
    assert due == {f"copy-of-{call_id}" for call_id in mine}
    assert house.eraser.erase(LOCAL_USER, "C-1").is_nothing
    known = RemovalStore(house.engine).erased()
    assert known == {hash_of_call(one) for one in (*mine, "held")}


def test_what_is_on_hold_is_not_erased(house: House) -> None:
    mine, other = house.add("C-1", CANARY), house.add("C-1", CANARY)
    hold = Hold(
        id="h",
        org_id=ORG,
        reason="claim",
        placed_by="Bo",
        placed_at=datetime.now(UTC),
        call_id=mine,
    )
    HoldStore(house.engine).add(hold)
    # Nothing at all goes while one of the calls has to stay.
    with pytest.raises(OnHold):
        house.eraser.erase(LOCAL_USER, "C-1")
    with pytest.raises(OnHold):
        house.eraser.erase_call(LOCAL_USER, mine)
    assert {stored.call_id for stored in house.vault.stored()} == {mine, other}
    HoldStore(house.engine).release(ORG, "h")
    house.eraser.erase_call(LOCAL_USER, mine)
    assert {stored.call_id for stored in house.vault.stored()} == {other}
    assert house.eraser.erase(LOCAL_USER, "C-1").calls == 1


def begun(house: House, ref: str) -> Upload:
    """Begin an upload of a customer's call of which a piece has arrived."""
    upload = house.uploads.begin(
        LOCAL_USER,
        f"{CANARY}.wav",
        6,
        ProcessingOptions(provider="scripted"),
        CallDetails(customer_ref=ref, agent_name=CANARY),
    )
    with house.uploads.receive(LOCAL_USER, upload.id, 0) as receiving:
        receiving.write(b"sound!")
        receiving.keep()
    return upload


def test_what_is_no_call_yet_goes_as_well(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    mine, other = begun(house, "C-1"), begun(house, "C-10")
    seen = house.eraser.look(LOCAL_USER, "C-1")
    assert (seen.calls, seen.uploads, seen.is_nothing) == (0, 1, False)
    stranger = replace(LOCAL_USER, org_id="elsewhere")
    assert house.eraser.erase(stranger, "C-1").is_nothing

    # It is completed while it is erased: all has been read, and the call is not there yet.
    real = house.uploads._blocks

    def erased_meanwhile(upload: Upload, parts: Sequence[UploadPart]) -> Iterator[bytes]:
        yield from real(upload, parts)
        assert house.eraser.erase(LOCAL_USER, "C-1") == seen

    monkeypatch.setattr(house.uploads, "_blocks", erased_meanwhile)
    with pytest.raises(UploadNotFound):
        house.uploads.complete(LOCAL_USER, mine.id)
    assert house.calls.list(ORG) == []
    assert {found.key.split("/")[1] for found in house.objects.list()} == {other.id}
    house.uploads.give_up(LOCAL_USER, other.id)
    assert CANARY not in house.everything()


def test_a_hold_placed_meanwhile_keeps_what_is_no_call_yet(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    holds = HoldStore(house.engine)
    hold = Hold(
        id="h",
        org_id=ORG,
        reason="claim",
        placed_by="Bo",
        placed_at=datetime.now(UTC),
        customer_ref="C-1",
    )
    holds.add(hold)
    # Whoever erases has looked for holds before this one came.
    monkeypatch.setattr(HoldStore, "of_customer", lambda *_: [])
    house.live.add(replace(running(id="held"), org_id=ORG, details=CallDetails(customer_ref="C-1")))
    with pytest.raises(OnHold):
        house.eraser.erase(LOCAL_USER, "C-1")
    assert [call.id for call in house.live.running(ORG)] == ["held"]
    upload = begun(house, "C-1")
    for take_away in (
        lambda: house.eraser.erase(LOCAL_USER, "C-1"),
        lambda: house.uploads.give_up(LOCAL_USER, upload.id),
    ):
        with pytest.raises(OnHold):
            take_away()
    assert house.uploads.get(LOCAL_USER, upload.id)
    holds.release(ORG, "h")
    assert house.eraser.erase(LOCAL_USER, "C-1").uploads == 1
    assert house.live.running(ORG) == []


def test_sound_on_other_machines_is_told_of(house: House) -> None:
    details = CallDetails(customer_ref="C-1")
    for call_id in ("here", "there"):
        house.live.add(replace(running(id=call_id), org_id=ORG, details=details))
    house.tapes.create("here", 1).close()
    erased = house.eraser.erase(LOCAL_USER, "C-1")
    assert (erased.live_calls, erased.tapes_elsewhere) == (2, 1)
    assert house.tapes.ids() == []


def test_what_broke_off_goes_on_where_it_was(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        house.add("C-1", CANARY)
    real = house.vault.delete
    left = iter([None])

    def fails_at_the_second(call_id: str) -> None:
        if next(left, StorageError) is StorageError:
            raise StorageError
        real(call_id)

    monkeypatch.setattr(house.vault, "delete", fails_at_the_second)
    with pytest.raises(StorageError):
        house.eraser.erase(LOCAL_USER, "C-1")
    monkeypatch.undo()
    assert house.eraser.look(LOCAL_USER, "C-1").calls == 1
    house.eraser.erase(LOCAL_USER, "C-1")
    assert CANARY not in house.everything()


def test_who_may_erase(house: House) -> None:
    house.add("C-1", CANARY)
    viewer = replace(LOCAL_USER, role=Role.VIEWER)
    stranger = replace(LOCAL_USER, org_id="elsewhere")
    with pytest.raises(AccessDenied):
        house.eraser.erase(viewer, "C-1")
    with pytest.raises(InvalidRequest):
        house.eraser.erase(LOCAL_USER, "  ")
    assert house.eraser.erase(stranger, "C-1").is_nothing
    assert house.eraser.look(LOCAL_USER, "C-1").calls == 1
    with pytest.raises(NotFound):
        house.calls.get("elsewhere", house.calls.list(ORG)[0].call.id)
