"""Copies sound from where it is used to where backups lie; what is there already stays."""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

from services.domain.errors import NotFound
from services.storage.objects import ObjectStore, StoredObject
from services.upkeep.manifest import KeptObject, StoredPart
from services.upkeep.place import BLOCK_BYTES, SOUND, BackupPlace, sound_name

T = TypeVar("T")

COPIES_AT_ONCE = 4
LISTED_AT_ONCE = 64


@dataclass(kw_only=True)
class CopyPass:
    """What one look through all sound came to."""

    copied: int = 0
    copied_bytes: int = 0
    owners: set[str] = field(default_factory=set)
    vanished: set[str] = field(default_factory=set)


class SoundCopier:
    """Brings all sound to a backup place, in as many passes as are needed.

    ``kept`` is all sound that any pass has seen; what was deleted since stays in it.
    """

    def __init__(
        self, sound: ObjectStore, place: BackupPlace, before: Iterable[KeptObject] = ()
    ) -> None:
        """Copy from ``sound``; ``before`` is what the backup before this one says of its own."""
        self._sound = sound
        self._place = place
        self._known = {one.part.name: one.part for one in before}
        self._there = {found.key: found.size for found in place.parts(SOUND)}
        self.kept: dict[str, KeptObject] = {}

    def copy(self) -> CopyPass:
        """Copy what isn't kept yet; what vanishes meanwhile is noted by its call."""
        done = CopyPass()
        with ThreadPoolExecutor(COPIES_AT_ONCE, "backup") as pool:
            for some in some_at_once(self._sound.list("calls")):
                for found, part, is_new in pool.map(self._keep, some):
                    call_id = owner_of(found.key)
                    done.owners.add(call_id)
                    if part is None:
                        done.vanished.add(call_id)
                        continue
                    self.kept[found.key] = KeptObject(key=found.key, part=part)
                    done.copied += is_new
                    done.copied_bytes += part.size if is_new else 0
        return done

    def _keep(self, found: StoredObject) -> tuple[StoredObject, StoredPart | None, bool]:
        """Return an object's part, None when the object has gone; and whether it was copied."""
        name = sound_name(found)
        before = self.kept.get(found.key)
        if before is not None and before.part.name == name:
            return found, before.part, False
        if self._there.get(name) == found.size:
            known: Mapping[str, StoredPart] = self._known
            # A backup that broke off has left it without a word of its hash.
            return found, known.get(name) or self._place.hashed(name, found.size), False
        try:
            return found, self._copied(found, name), True
        except NotFound:
            return found, None, False

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
