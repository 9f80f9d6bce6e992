"""What a sweep finds, kept small until it is written: there may be very much of it."""

import json
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from services.domain.rules import Rule
from services.storage.swept_calls import Found
from services.storage.working_files import WorkingFile

MOST_IN_MEMORY = 16_000_000

Packed = tuple[int, bytes]
"""How many calls a rule applies to, and which they are and why."""
_Place = tuple[int, int]
"""Where something begins in a file, and how many bytes it has."""


def pack_found(found: Mapping[str, Sequence[Found]]) -> dict[str, Packed]:
    """Return what was found in some calls, by rule, in few bytes."""
    return {
        rule_id: (len(calls), _packed([(call, day.isoformat(), why) for call, day, why in calls]))
        for rule_id, calls in found.items()
    }


def _packed(rows: Sequence[tuple[str, str, str]]) -> bytes:
    return zlib.compress(json.dumps(rows).encode(), 1)


class Swept:
    """What a sweep found, by rule; ``complete`` unless it was stopped.

    Of what was found 16 MB are kept in memory, the rest in a working file, which is encrypted and
    has no name; so memory doesn't grow with the calls but for a few bytes for each 500 of them.
    """

    def __init__(
        self,
        *,
        calls: int,
        rules: Sequence[Rule],
        working_folder: Path | None = None,
        most_in_memory: int = MOST_IN_MEMORY,
    ) -> None:
        """Begin with nothing; without a ``working_folder`` everything is kept in memory."""
        self.calls = calls
        self.rules = tuple(rules)
        self.complete = True
        self.packed_bytes = 0
        """How much room what was found takes until it is written."""
        self._counts: Counter[str] = Counter()
        self._found: dict[str, list[bytes | _Place]] = {}
        self._folder = working_folder
        self._most_in_memory = most_in_memory
        self._file: WorkingFile | None = None

    def add(self, found: Mapping[str, Packed]) -> None:
        """Take in what was found in some calls. Raises DiskFull, StorageError."""
        for rule_id, (count, packed) in found.items():
            self._counts[rule_id] += count
            self._found.setdefault(rule_id, []).append(self._kept(packed))

    def _kept(self, packed: bytes) -> "bytes | _Place":
        self.packed_bytes += len(packed)
        if self._folder is None or self.packed_bytes <= self._most_in_memory:
            return packed
        if self._file is None:
            self._file = WorkingFile(self._folder)
        place = (self._file.size, len(packed))
        self._file.write(packed)
        return place

    def count(self, rule_id: str) -> int:
        """Return to how many calls a rule applies."""
        return self._counts[rule_id]

    @property
    def counted(self) -> int:
        """How many times any of the rules applies to a call."""
        return self._counts.total()

    def of(self, rule_id: str) -> Iterator[Found]:
        """Yield the calls that a rule applies to, unpacking some at a time."""
        for kept in self._found.get(rule_id, ()):
            packed = kept if isinstance(kept, bytes) else self._read(kept)
            for call_id, day, why in json.loads(zlib.decompress(packed)):
                yield call_id, date.fromisoformat(day), why

    def _read(self, place: "_Place") -> bytes:
        assert self._file is not None, "a place is one of the file"
        return self._file.read_at(*place)

    def close(self) -> None:
        """Forget what was kept in a file."""
        if self._file is not None:
            self._file.close()
