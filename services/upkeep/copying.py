"""Copies sound from where it is used to where backups lie; what is there already stays."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

from services.domain.errors import NotFound
from services.storage.objects import ObjectStore, StoredObject
from services.upkeep.ledger import SoundLedger
from services.upkeep.manifest import KeptObject, StoredPart
from services.upkeep.place import BLOCK_BYTES, BackupPlace, sound_name

T = TypeVar("T")

COPIES_AT_ONCE = 4
LISTED_AT_ONCE = 64


@dataclass(kw_only=True)
class CopyPass:
    """What one look through all sound came to."""

    copied: int = 0
    copied_bytes: int = 0
    vanished: set[str] = field(default_factory=set)


class SoundCopier:
    """Brings all sound to a backup place, in as many passes as are needed.

    The ledger then has all sound that any pass has seen; what was deleted since stays in it.
    """

    def __init__(self, sound: ObjectStore, place: BackupPlace, ledger: SoundLedger) -> None:
        """Copy from ``sound`` what the ledger doesn't know to lie at the place."""
        self._sound = sound
        self._place = place
        self._ledger = ledger

    def copy(self) -> CopyPass:
        """Copy what isn't kept yet; what vanishes meanwhile is noted by its call."""
        done = CopyPass()
        with ThreadPoolExecutor(COPIES_AT_ONCE, "backup") as pool:
            for some in some_at_once(self._sound.list("calls")):
                kept = []
                for found, part, is_new in pool.map(self._keep, some):
                    if part is None:
                        done.vanished.add(owner_of(found.key))
                        continue
                    kept.append(KeptObject(key=found.key, part=part))
                    done.copied += is_new
                    done.copied_bytes += part.size if is_new else 0
                self._ledger.keep(kept)
        return done

    def _keep(self, found: StoredObject) -> tuple[StoredObject, StoredPart | None, bool]:
        """Return an object's part, None when the object has gone; and whether it was copied."""
        name = sound_name(found)
        before = self._ledger.part_of(found.key)
        if before is not None and before.name == name:
            return found, before, False
        try:
            if self._ledger.is_there(name, found.size):
                part = self._ledger.known(name, found.size) or self._compared(found, name)
                if part is not None:
                    return found, part, False
            return found, self._copied(found, name), True
        except NotFound:
            return found, None, False

    def _compared(self, found: StoredObject, name: str) -> StoredPart | None:
        """Return a part of which nobody tells the hash, None when it isn't as its source is.

        A backup that broke off, or whose list is damaged, has left it so.
        """
        hashed, size = hashlib.sha256(), 0
        while block := self._sound.read_range(found.key, size, size + BLOCK_BYTES):
            hashed.update(block)
            size += len(block)
        part = StoredPart(name=name, size=size, sha256=hashed.hexdigest())
        return part if self._place.is_whole(part) else None

    def _copied(self, found: StoredObject, name: str) -> StoredPart:
        sink = self._place.sink(name)
        try:
            start = 0
            while block := self._sound.read_range(found.key, start, start + BLOCK_BYTES):
                sink.write(block)
                start += len(block)
                if len(block) < BLOCK_BYTES:
                    break
            if start != found.size:
                # Replaced meanwhile: that is another version, which the next pass finds.
                raise NotFound
            sink.commit()
        except BaseException:
            sink.abort()
            raise
        return sink.part


def owner_of(key: str) -> str:
    """Return the id of the call whose sound an object is."""
    return key.split("/")[1]


def some_at_once(found: Iterator[T]) -> Iterator[list[T]]:
    """Yield what there is in lists that are worked on side by side."""
    while some := list(islice(found, LISTED_AT_ONCE)):
        yield some
