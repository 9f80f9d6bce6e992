"""Backups of both databases, in both kinds of places: whole, consistent, and nothing replaced."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain, repeat
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import inspect

from services.domain.errors import (
    BackupDamaged,
    BackupError,
    BackupMissing,
    BackupUnfit,
    BackupUnsettled,
    DatabaseRefused,
    DatabaseToolsMissing,
    DatabaseTooNew,
    PlaceInUse,
    PruneRefused,
    StillRunning,
    StorageError,
    WrongKey,
)
from services.domain.people import LOCAL_USER
from services.domain.working import WorkerFacts
from services.jobs.workers import is_any_shown
from services.storage.database import open_engine
from services.storage.keys import MasterKey
from services.storage.objects import ObjectStore
from services.storage.schema import migrate
from services.storage.workers import WorkerStore
from services.upkeep import postgres_programs, postgres_snapshots
from services.upkeep.place import BackupPlace
from services.upkeep.restore import check_backup, prune
from services.upkeep.scrubbing import read_database
from tests.contract.installed import Installation

ORG = LOCAL_USER.org_id


def test_a_backup_brings_everything_back(
    installed: Installation, place: BackupPlace, elsewhere: Installation
) -> None:
    for words in ("Where is my parcel", "Cancel it please"):
        installed.add(words)
    before = installed.told()
    first = installed.maker().make(place)
    assert (first.manifest.call_count, first.manifest.object_count, first.copied) == (2, 2, 2)
    assert check_backup(place, first.manifest).damaged == ()
    elsewhere.restorer().restore(place, place.get())
    assert elsewhere.told() == before
    assert elsewhere.settled == 1
    migrate(elsewhere.engine)
    elsewhere.add("And another thing")
    assert len(elsewhere.told()) == 3


def test_sound_is_copied_once(installed: Installation, place: BackupPlace) -> None:
    gone = installed.add("Where is my parcel")
    installed.maker().make(place)
    stays = installed.add("Cancel it please")
    second = installed.maker().make(place)
    assert (second.copied, second.manifest.object_count) == (1, 2)
    installed.delete(gone)
    third = installed.maker().make(place)
    assert (third.copied, third.manifest.call_count) == (0, 1)
    assert [one.key for one in place.kept(third.manifest)] == [f"calls/{stays}/original"]
    assert [one.id for one in place.all()] == [
        third.manifest.id,
        second.manifest.id,
        *(one.id for one in place.all()[2:]),
    ]
    assert prune(place, keep=1) == 2
    assert [one.id for one in place.all()] == [third.manifest.id]
    assert check_backup(place, third.manifest).damaged == ()
    assert len(list(place.parts("objects"))) == 1


def test_nothing_of_a_call_can_be_read_at_the_place(
    installed: Installation, place: BackupPlace
) -> None:
    installed.add("Where is my parcel")
    installed.maker().make(place)
    parts = list(place.parts(""))
    everything = b"".join(place.read_range(one.key, 0, one.size) for one in parts)
    assert b"parcel" not in everything
    assert not [one.key for one in parts if one.key.startswith("keys/")]
    installed.maker().make(place, with_key="the key")
    [key] = place.parts("keys")
    assert place.read_range(key.key, 0, 100) == b"the key"


class Interfering(ObjectStore):
    """Sound around whose listings, counted from 1, something happens."""

    def __init__(
        self,
        real: ObjectStore,
        *,
        before: dict[int, Callable[[], object]] | None = None,
        after: dict[int, Callable[[], object]] | None = None,
    ) -> None:
        self._real = real
        self._before = before or {}
        self._after = after or {}
        self.looks = 0

    def list(self, prefix=""):
        self.looks += 1
        self._before.get(self.looks, int)()
        found = list(self._real.list(prefix))
        self._after.get(self.looks, int)()
        return iter(found)

    def read_range(self, key, start, stop):
        return self._real.read_range(key, start, stop)


@pytest.mark.parametrize("look", [1, 2])
def test_calls_that_come_and_go_meanwhile(
    installed: Installation, place: BackupPlace, elsewhere: Installation, look: int
) -> None:
    """Whatever the database of a backup names is in the backup, and nothing else.

    The second look is that of the snapshot: the call that goes then is still in it.
    """
    going, staying = installed.add("I go"), installed.add("I stay")

    def meanwhile() -> None:
        installed.delete(going)
        installed.add("I come")

    sound = Interfering(installed.sound, after={look: meanwhile})
    manifest = installed.maker(sound).make(place).manifest
    assert sound.looks == 2
    elsewhere.restorer().restore(place, manifest)
    told = elsewhere.told()
    assert sorted(told.values()) == (["I come", "I stay"] if look == 1 else ["I go", "I stay"])
    assert {stored.call_id for stored in elsewhere.vault.stored()} == told.keys()
    assert staying in told


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_snapshot_whose_sound_has_gone_is_not_used(
    installed: Installation, place: BackupPlace, elsewhere: Installation, moment: str
) -> None:
    """A call comes after the first look, and goes when it is in the snapshot but not copied."""
    installed.add("I stay")
    found: list[str] = []

    def comes() -> None:
        found.append(installed.add("I am short-lived"))

    def gone() -> None:
        installed.delete(found[0])

    sound = Interfering(
        installed.sound,
        before={2: gone} if moment == "before" else {},
        after={1: comes} | ({2: gone} if moment == "after" else {}),
    )
    manifest = installed.maker(sound).make(place).manifest
    assert sound.looks == 3
    assert manifest.call_count == 1
    elsewhere.restorer().restore(place, manifest)
    assert list(elsewhere.told().values()) == ["I stay"]


def test_damage_is_found_before_anything_is_changed(
    installed: Installation, place: BackupPlace, elsewhere: Installation
) -> None:
    installed.add("Where is my parcel")
    manifest = installed.maker().make(place).manifest
    [sound] = place.kept(manifest)
    for part in (sound.part, manifest.database):
        whole = place.read_range(part.name, 0, part.size)
        for damaged in (whole[:-1], whole[:-1] + bytes([whole[-1] ^ 1]), whole + b"x", None):
            if damaged is None:
                place.delete(part.name)
            else:
                place.write(part.name, damaged)
            assert check_backup(place, manifest).damaged == (part.name,)
            with pytest.raises(BackupDamaged):
                elsewhere.restorer().restore(place, manifest)
        place.write(part.name, whole)
    assert list(elsewhere.sound.list()) == []
    assert elsewhere.snapshots.is_empty()
    place.write(f"backups/{manifest.id}/manifest.json", b'{"schema": "partyline.backup/1"}')
    with pytest.raises(BackupDamaged):
        place.get(manifest.id)
    with pytest.raises(BackupDamaged, match=manifest.id):
        place.get()
    with pytest.raises(BackupMissing):
        place.get("../..")


def test_a_backup_that_cannot_be_read_is_not_taken_for_none(
    installed: Installation, place: BackupPlace
) -> None:
    """Whatever is wrong with it, pruning deletes nothing and backups go on being made."""
    gone = installed.add("Where is my parcel")
    older = installed.maker().make(place).manifest
    installed.delete(gone)
    installed.add("Cancel it please")
    newer = installed.maker().make(place).manifest
    before = {part.key for part in place.parts("")}

    def harmed(name: str, content: bytes, seen_as_unread: bool) -> None:
        whole = place.read_range(name, 0, 100_000)
        place.write(name, content)
        assert (older.id in place.look().unread) is seen_as_unread
        with pytest.raises(PruneRefused, match=older.id):
            prune(place, keep=2)
        assert {part.key for part in place.parts("")} == before
        place.write(name, whole)

    manifest = f"backups/{older.id}/manifest.json"
    whole = older.to_json()
    for at in range(0, len(whole), 97):
        changed = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
        harmed(manifest, changed, seen_as_unread=True)
    harmed(manifest, newer.to_json(), seen_as_unread=True)
    harmed(manifest, b'{"schema": "partyline.backup/2"}', seen_as_unread=True)
    harmed(older.objects.name, b"no list", seen_as_unread=False)

    place.write(newer.objects.name, b"no list")
    place.write(manifest, b'{"schema": "partyline.backup/2"}')
    third = installed.maker().make(place)
    assert (third.copied, third.manifest.object_count) == (0, 1)
    assert check_backup(place, third.manifest).damaged == ()
    assert place.get() == third.manifest
    with pytest.raises(BackupUnfit):
        place.get(older.id)


def test_sound_without_a_known_hash_is_copied_again_when_it_is_not_as_its_source(
    installed: Installation, place: BackupPlace, elsewhere: Installation
) -> None:
    installed.add("Where is my parcel")
    manifest = installed.maker().make(place).manifest
    [sound] = place.parts("objects")
    place.delete(f"backups/{manifest.id}/manifest.json")
    place.write(sound.key, bytes(sound.size))
    again = installed.maker().make(place)
    assert again.copied == 1
    elsewhere.restorer().restore(place, again.manifest)
    assert elsewhere.told() == installed.told()


def test_sound_that_is_pruned_meanwhile_ends_the_backup(
    installed: Installation, place: BackupPlace
) -> None:
    installed.add("Where is my parcel")
    before = installed.maker().make(place).manifest
    [shared] = place.kept(before)
    sound = Interfering(installed.sound, after={2: lambda: place.delete(shared.part.name)})
    with pytest.raises(BackupUnsettled, match="pruned meanwhile"):
        installed.maker(sound).make(place)
    assert place.all() == [before]


def test_what_does_not_fit_is_refused(
    installed: Installation, place: BackupPlace, elsewhere: Installation
) -> None:
    installed.add("Where is my parcel")
    manifest = installed.maker().make(place).manifest
    with pytest.raises(DatabaseTooNew):
        elsewhere.restorer(revisions={"0001"}).restore(place, manifest)
    elsewhere.running = True
    with pytest.raises(StillRunning):
        elsewhere.restorer().restore(place, manifest)
    elsewhere.running = False
    elsewhere.key = MasterKey(bytes(32))
    with pytest.raises(WrongKey, match="another master key"):
        elsewhere.restorer().restore(place, manifest)
    with pytest.raises(BackupUnfit):
        elsewhere.restorer().restore(place, replace(manifest, dialect="x"))
    assert elsewhere.snapshots.is_empty()


def test_calls_that_are_there_are_replaced_only_on_demand(
    installed: Installation, place: BackupPlace
) -> None:
    installed.add("Where is my parcel")
    manifest = installed.maker().make(place).manifest
    before = installed.told()
    later = installed.add("Cancel it please")
    with pytest.raises(PlaceInUse, match="--overwrite"):
        installed.restorer().restore(place, manifest)
    assert later in installed.told()
    installed.restorer().restore(place, manifest, overwrite=True)
    assert installed.told() == before


def test_what_a_later_schema_has_added_goes(installed: Installation, place: BackupPlace) -> None:
    """An empty database that a newer version has prepared takes an older backup, too."""
    installed.add("Where is my parcel")
    before = installed.told()
    manifest = installed.maker().make(place).manifest
    later = ["CREATE TABLE later (call_id VARCHAR(64) REFERENCES calls (id))"]
    if installed.engine.dialect.name == "postgresql":
        later.append("CREATE FUNCTION later_still() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    with installed.engine.begin() as connection:
        for statement in later:
            connection.exec_driver_sql(statement)
    installed.engine.dispose()
    installed.restorer().restore(place, manifest, overwrite=True)
    assert installed.told() == before
    assert not inspect(installed.engine).has_table("later")


def test_a_restore_that_breaks_off_changes_nothing(
    installed: Installation, place: BackupPlace
) -> None:
    installed.add("Where is my parcel")
    manifest = installed.maker().make(place).manifest
    installed.add("Cancel it please")
    before = installed.told()
    installed.engine.dispose()
    key = installed.key.unwrap(manifest.key, manifest.id)
    content = b"".join(read_database(place, manifest, key))

    def breaks_off() -> Iterator[bytes]:
        yield content[: len(content) // 2]
        raise StorageError

    for broken in (breaks_off(), iter([content[: len(content) // 2]]), iter([b"no database"])):
        with pytest.raises((BackupDamaged, StorageError)):
            installed.snapshots.restore(broken)
        assert installed.told() == before
        installed.engine.dispose()


@pytest.mark.parametrize(
    ("version", "kind", "words"),
    [
        ("pg_dump (PostgreSQL) 99.1", DatabaseRefused, "pg_dump ended with status 1"),
        ("pg_dump (PostgreSQL) 9.6", DatabaseToolsMissing, "of version 9, the server of version"),
        ("", DatabaseToolsMissing, "doesn't tell its version"),
        (None, DatabaseToolsMissing, "is not installed"),
    ],
)
def test_tools_that_fail_are_told_of_before_anything_is_copied(
    installed: Installation,
    place: BackupPlace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    version: str | None,
    kind: type[BackupError],
    words: str,
) -> None:
    if installed.engine.dialect.name == "sqlite":
        installed.snapshots.check_tools()
        return
    installed.add("Where is my parcel")
    monkeypatch.setattr(postgres_programs, "PACKAGED", tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin" if version is not None else str(tmp_path))
    for name in postgres_programs.PROGRAMS if version is not None else ():
        script = f"#!/bin/sh\ntest \"$1\" = --version && echo '{version}'\n"
        (tmp_path / name).write_text(script)
        (tmp_path / name).chmod(0o700)
    with pytest.raises(kind, match=words):
        installed.maker().make(place)
    assert place.all() == []
    assert bool(list(place.parts("objects"))) is (kind is DatabaseRefused)


def test_a_database_that_refuses_ends_the_restore_and_says_why(
    installed: Installation, place: BackupPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is still to be said when it refuses: nobody waits for anybody for ever."""
    if installed.engine.dialect.name == "sqlite":
        pytest.skip("SQLite's copy needs no programs")
    installed.add("Where is my parcel")
    manifest = installed.maker().make(place).manifest
    key = installed.key.unwrap(manifest.key, manifest.id)
    content = b"".join(read_database(place, manifest, key))
    before = installed.told()
    installed.engine.dispose()

    def restore() -> BackupError:
        # More than pipes hold, so that whoever writes has to be let go of.
        endless = chain([content], repeat(bytes(1_000_000), 100))
        failed: list[BackupError] = []

        def work() -> None:
            try:
                installed.snapshots.restore(endless)
            except BackupError as error:
                failed.append(error)

        thread = Thread(target=work, daemon=True)
        thread.start()
        thread.join(60)
        assert not thread.is_alive()
        return failed[0]

    monkeypatch.setattr(postgres_programs, "LOCK_TIMEOUT", "100ms")
    another = open_engine(str(installed.engine.url.render_as_string(hide_password=False)))
    with another.connect() as connection:
        connection.exec_driver_sql("SELECT 1 FROM calls")
        assert isinstance(restore(), StillRunning)
        monkeypatch.setattr(postgres_snapshots, "_CHECK_ALONE", "")
        refused = restore()
        assert isinstance(refused, DatabaseRefused)
        assert "a lock was not given within 100ms" in refused.user_message
    another.dispose()
    monkeypatch.setattr(postgres_snapshots, "_CLEAR", "SELECT nothing_of_this_name;")
    assert "42703" in restore().user_message
    assert installed.told() == before


def test_who_comes_while_a_backup_is_checked_keeps_it_from_being_restored(
    installed: Installation, place: BackupPlace, elsewhere: Installation
) -> None:
    installed.add("Where is my parcel")
    manifest = installed.maker().make(place).manifest
    for looks in (2, 3):
        answers = iter([False] * (looks - 1))
        with pytest.raises(StillRunning):
            elsewhere.restorer(is_running=lambda a=answers: next(a, True)).restore(place, manifest)
        assert elsewhere.snapshots.is_empty()
        assert bool(list(elsewhere.sound.list())) is (looks == 3)


def test_others_on_the_database_are_noticed(installed: Installation, database_url: str) -> None:
    assert not installed.snapshots.is_in_use()
    another = open_engine(database_url)
    with another.connect() as connection:
        connection.exec_driver_sql("SELECT 1 FROM calls")
        assert installed.snapshots.is_in_use()
    another.dispose()
    assert not installed.snapshots.is_in_use()


def test_a_worker_that_shows_itself_counts_as_running(
    installed: Installation, elsewhere: Installation
) -> None:
    """Its connection may be lost for the moment; and where nothing is there are no workers."""
    assert not is_any_shown(elsewhere.engine)
    assert not is_any_shown(installed.engine)
    worker = WorkerFacts(
        id="w", token="t", host="h", pid=1, version="1", queues=("calls",), jobs_at_once=1
    )
    WorkerStore(installed.engine).register(worker)
    assert is_any_shown(installed.engine)
