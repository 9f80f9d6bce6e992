"""Looks for what is left of a call or a customer, wherever anything is stored, and says where.

Calls are looked for by id and by content hash as any part of what is stored, customers by their
reference as a whole. What bears the id of any call that was erased is found as well, though nobody
knows that id any more: its hash is known.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from sqlalchemy import Engine

from services.domain.errors import BackupError, DataDamaged, WrongKey
from services.storage.file_remains import file_holds
from services.storage.keys import MasterKey
from services.storage.objects import ObjectStore
from services.storage.remains import DatabaseRemains, Needles
from services.storage.removals import hash_of_call
from services.upkeep.place import BACKUPS, SOUND, BackupPlace
from services.upkeep.scrubbing import read_database
from services.upkeep.snapshots import DatabaseSnapshots, is_for_good

# As ids are made: 80 random bits.
_IDS = re.compile(r"[0-9a-f]{20}")


@dataclass(frozen=True, kw_only=True)
class Remain:
    """Something that is left: where it lies. ``what`` is safe to print, and names no content."""

    where: str
    what: str


@dataclass(kw_only=True)
class Search:
    """What was looked through, by kind and how much of it, and what was found."""

    searched: Counter[str] = field(default_factory=Counter)
    found: list[Remain] = field(default_factory=list)
    kept: list[Remain] = field(default_factory=list)

    def hit(self, where: str, what: str) -> None:
        """Take something that is left, once."""
        if (remain := Remain(where=where, what=what)) not in self.found:
            self.found.append(remain)


class RemainsFinder:
    """Goes through everything that this process can reach."""

    def __init__(
        self,
        engine: Engine,
        objects: ObjectStore,
        master_key: MasterKey,
        snapshots: DatabaseSnapshots,
        *,
        erased: frozenset[str],
        folders: Iterable[Path],
        places: Iterable[tuple[str, BackupPlace]],
        logs: Iterable[Path] = (),
    ) -> None:
        """Look through these; ``erased`` are hashes of all calls that were erased.

        ``folders`` hold tapes and working files, ``places`` backups by what they are called.
        """
        self._engine = engine
        self._objects = objects
        self._master_key = master_key
        self._snapshots = snapshots
        self._erased = erased
        self._folders = tuple(folders)
        self._places = tuple(places)
        self._logs = tuple(logs)

    def look(self, needles: Needles) -> Search:
        """Go through all of it. Raises StorageError when something can't be read."""
        search = Search()
        self._database(needles, search)
        self._sound(needles, search)
        self._files(needles, search)
        for name, place in self._places:
            self._backups(name, place, needles, search)
        return search

    def _database(self, needles: Needles, search: Search) -> None:
        rows = DatabaseRemains(self._engine)
        for column in rows.columns():
            search.searched["columns of the database"] += 1
            count = rows.count(column, needles)
            if count and is_for_good(column.table):
                search.kept.append(Remain(where=f"table {column.table}", what=f"{count} rows"))
            elif count:
                search.hit(f"table {column.table}", f"column {column.name}, {count} rows")
        for table, row_id in rows.ids():
            if self._is_erased(row_id):
                search.hit(f"table {table}", "a row of an erased call")
        if rows.deleted_words():
            search.hit("search index", "words of deleted lines that are not merged out yet")
        for file in rows.files():
            search.searched["files of the database"] += 1
            if rows.file_holds(file, needles, is_for_good):
                search.hit(f"file {file.name}", "bytes")

    def _sound(self, needles: Needles, search: Search) -> None:
        for found in self._objects.list():
            search.searched["stored objects"] += 1
            if needles.are_in(found.key) or any(map(self._is_erased, _ids_in(found.key))):
                search.hit("stored objects", found.key)

    def _files(self, needles: Needles, search: Search) -> None:
        for folder in self._folders:
            for path in folder.rglob("*") if folder.is_dir() else ():
                search.searched["tapes and working files"] += 1
                if needles.are_in(path.name) or any(map(self._is_erased, _ids_in(path.name))):
                    search.hit(f"folder {folder.name}", path.name)
        for log in self._logs:
            search.searched["logs"] += 1
            if file_holds(log, needles.texts):
                search.hit(f"log {log.name}", "bytes")

    def _backups(self, name: str, place: BackupPlace, needles: Needles, search: Search) -> None:
        there = place.look()
        for backup_id in there.unread:
            search.hit(f"backup {backup_id} at {name}", "can't be looked into")
        for found in place.parts(SOUND):
            search.searched["sound in backups"] += 1
            if needles.are_in(found.key) or any(map(self._is_erased, _ids_in(found.key))):
                search.hit(f"sound of backups at {name}", found.key.partition("@")[0])
        named: set[str] = set()
        for manifest in there.read:
            where = f"backup {manifest.id} at {name}"
            search.searched["backups"] += 1
            named |= {manifest.database.name, manifest.objects.name}
            try:
                for kept in place.kept(manifest):
                    if needles.are_in(kept.key) or any(map(self._is_erased, _ids_in(kept.key))):
                        search.hit(where, "its list of sound")
                key = self._master_key.unwrap(manifest.key, manifest.id)
                content = partial(read_database, place, manifest, key)
                if self._snapshots.erased_in(content, self._is_erased):
                    search.hit(where, "rows of an erased call")
                for table, row in self._snapshots.lines(content):
                    search.searched["rows in backups"] += 1
                    if not is_for_good(table) and needles.are_in_bytes(row):
                        search.hit(where, f"table {table}")
            except (WrongKey, DataDamaged, BackupError):
                search.hit(where, "can't be looked into")
        strays = [
            found.key
            for found in place.parts(BACKUPS)
            if found.key not in named and not found.key.endswith("/manifest.json")
        ]
        for stray in strays:
            search.hit(f"backups at {name}", f"{stray} belongs to no backup")

    def _is_erased(self, call_id: str) -> bool:
        return hash_of_call(call_id) in self._erased


def _ids_in(name: str) -> list[str]:
    return _IDS.findall(name)
