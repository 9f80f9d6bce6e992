"""Erased calls leave all backups: nobody gets them back who has the master key in hand."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import insert

from services.domain.calls import Run
from services.domain.errors import BackupDamaged, BackupUnsettled, StorageError
from services.domain.people import LOCAL_USER
from services.jobs.queue import JobQueue, prepare_queue
from services.storage.database import open_engine
from services.storage.ingest_tables import UPLOAD_PARTS, UPLOADS
from services.storage.keys import MasterKey
from services.storage.provider_copies import ProviderCopyStore
from services.storage.removals import RemovalStore, hash_of_call
from services.storage.runs import RunStore
from services.storage.schema import migrate
from services.storage.search import SearchIndex
from services.upkeep.copying import owner_of
from services.upkeep.place import BackupPlace
from services.upkeep.restore import check_backup
from services.upkeep.scrubbing import BackupScrubber, read_database
from tests.contract.installed import Installation

ORG = LOCAL_USER.org_id
CANARY = "zanzibar"


def add_with_traces(at: Installation, words: str) -> str:
    """Add a call that everything in the database names."""
    call_id = at.add(words)
    url = at.engine.url.render_as_string(hide_password=False)
    prepare_queue(url)
    queue = JobQueue(open_engine(url))
    run: Run = RunStore(at.engine).get(ORG, call_id, 1)
    with at.calls.transaction() as connection:
        queue.enqueue(connection, run)
        now = datetime.now(UTC)
        upload = {
            "id": f"u-{call_id}",
            "org_id": ORG,
            "name": f"{words}.wav",
            "options": "{}",
            "details": "{}",
            "size_bytes": 1,
            "offset_bytes": 1,
            "call_id": call_id,
            "duplicate": False,
            "created_at": now,
            "changed_at": now,
            "key_id": "k",
            "wrapped_key": b"k",
        }
        connection.execute(insert(UPLOADS).values(upload))
        part = {
            "upload_id": f"u-{call_id}",
            "start": 0,
            "org_id": ORG,
            "size_bytes": 1,
            "part": "p",
        }
        connection.execute(insert(UPLOAD_PARTS).values(part))
    queue.close()
    ProviderCopyStore(at.engine).note(ORG, call_id, 1, "assemblyai", f"copy of {len(words)}")
    return call_id


def erase(at: Installation, call_id: str) -> frozenset[str]:
    at.delete(call_id)
    return RemovalStore(at.engine).erased()


def scrubber(at: Installation, key: MasterKey | None = None) -> BackupScrubber:
    return BackupScrubber(at.snapshots, key or at.key)


def told_by(at: Installation, lies: BackupPlace) -> bytes:
    """Return all that backups of a place say to somebody with the key."""
    told = []
    for manifest in lies.all():
        key = at.key.unwrap(manifest.key, manifest.id)
        told += [
            line
            for _, line in at.snapshots.lines(lambda m=manifest, k=key: read_database(lies, m, k))
        ]
    return b"\n".join(told)


def test_no_backup_gives_an_erased_call_back(
    installed: Installation,
    place: BackupPlace,
    elsewhere: Installation,
) -> None:
    gone, stays = (
        add_with_traces(installed, f"my {CANARY} please"),
        add_with_traces(installed, "no"),
    )
    installed.maker().make(place)
    first = installed.maker().make(place).manifest
    assert CANARY.encode() in told_by(installed, place)
    assert gone.encode() in told_by(installed, place)

    erased = erase(installed, gone)
    assert erased == {hash_of_call(gone)}
    before = installed.told()
    done = scrubber(installed).scrub(place, erased)
    assert (done.backups, done.sounds, done.unread) == (2, 1, ())
    told = told_by(installed, place)
    assert CANARY.encode() not in told
    assert gone.encode() not in told
    assert stays.encode() in told
    sound = {owner_of(found.key.removeprefix("objects/")) for found in place.parts("objects")}
    assert sound == {stays}
    for manifest in place.all():
        assert check_backup(place, manifest).damaged == ()
        assert manifest.call_count == 1
        assert manifest.key.sealed != first.key.sealed
        folder = {found.key for found in place.parts(f"backups/{manifest.id}")}
        assert len(folder) == 3
    # There is nothing left to do, and they can be restored as they are.
    assert scrubber(installed).scrub(place, erased).backups == 0
    elsewhere.restorer().restore(place, place.get())
    assert elsewhere.told() == before == {stays: "no"}
    migrate(elsewhere.engine)
    # What the provider keeps of it is still to be deleted there.
    due = {copy.reference for copy in ProviderCopyStore(elsewhere.engine).claim(10)}
    assert f"copy of {len(f'my {CANARY} please')}" in due
    SearchIndex(elsewhere.engine).remove_deleted_words()


def test_a_backup_that_was_away_is_restored_without_it(
    installed: Installation,
    place: BackupPlace,
    elsewhere: Installation,
) -> None:
    gone, stays = add_with_traces(installed, CANARY), installed.add("no")
    manifest = installed.maker().make(place).manifest
    erased = erase(installed, gone)
    # Nobody has been at the place since; only the installation knows.
    elsewhere.restorer(erased=lambda: erased).restore(place, manifest)
    assert elsewhere.told() == {stays: "no"}
    assert elsewhere.erased == erased
    # The next backup tells the place, and so whoever restores an earlier one.
    installed.maker().make(place)
    place.note_erased(erased)
    elsewhere.restorer().restore(place, manifest, overwrite=True)
    assert elsewhere.told() == {stays: "no"}


def test_a_scrubbing_that_breaks_off_leaves_whole_backups(
    installed: Installation,
    place: BackupPlace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gone, _ = installed.add(CANARY), installed.add("no")
    manifest = installed.maker().make(place).manifest
    erased = erase(installed, gone)
    with monkeypatch.context() as broken:
        broken.setattr(
            BackupPlace, "write_kept", lambda *_, **__: (_ for _ in ()).throw(StorageError)
        )
        with pytest.raises(StorageError):
            scrubber(installed).scrub(place, erased)
    assert place.get() == manifest
    assert check_backup(place, manifest).damaged == ()
    # A backup under another key is told of; nothing of it is touched.
    assert scrubber(installed, MasterKey(bytes(32))).scrub(place, erased).unread == (manifest.id,)
    # The sound has gone, its key hasn't: the next time takes it out.
    assert scrubber(installed).scrub(place, erased).backups == 1
    assert CANARY.encode() not in told_by(installed, place)


def test_what_is_erased_while_a_backup_is_made_is_in_none(
    installed: Installation,
    place: BackupPlace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gone = installed.add(CANARY)
    real = BackupPlace.write_kept

    def erased_meanwhile(self: BackupPlace, *given: object, **named: object) -> object:
        self.note_erased([hash_of_call(gone)])
        return real(self, *given, **named)

    monkeypatch.setattr(BackupPlace, "write_kept", erased_meanwhile)
    with pytest.raises(BackupUnsettled, match="erased"):
        installed.maker().make(place)
    assert place.all() == []
    place.write("erased", b"nonsense")
    with pytest.raises(BackupDamaged):
        place.erased()
