"""What a sweep finds, kept small until it is written: there may be very much of it."""

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from services.domain.rules import Rule
from services.storage.swept_calls import Found

Packed = tuple[int, bytes]
"""How many calls a rule applies to, and which they are and why."""


def pack_found(found: Mapping[str, Sequence[Found]]) -> dict[str, Packed]:
    """Return what was found in some calls, by rule, in few bytes."""
    return {
        rule_id: (len(calls), _packed([(call, day.isoformat(), why) for call, day, why in calls]))
        for rule_id, calls in found.items()
    }


def _packed(rows: Sequence[tuple[str, str, str]]) -> bytes:
    return zlib.compress(json.dumps(rows).encode(), 1)


@dataclass(kw_only=True)
class Swept:
    """What a sweep found, by rule; ``complete`` unless it was stopped."""

    calls: int
    rules: tuple[Rule, ...]
    complete: bool = True
    _found: dict[str, list[Packed]] = field(default_factory=dict)

    def add(self, found: Mapping[str, Packed]) -> None:
        """Take in what was found in some calls."""
        for rule_id, packed in found.items():
            self._found.setdefault(rule_id, []).append(packed)

    def count(self, rule_id: str) -> int:
        """Return to how many calls a rule applies."""
        return sum(count for count, _ in self._found.get(rule_id, ()))

    @property
    def counted(self) -> int:
        """How many times any of the rules applies to a call."""
        return sum(map(self.count, self._found))

    @property
    def packed_bytes(self) -> int:
        """How much room what was found takes until it is written."""
        return sum(len(packed) for found in self._found.values() for _, packed in found)

    def of(self, rule_id: str) -> Iterator[Found]:
        """Yield the calls that a rule applies to, unpacking some at a time."""
        for _, packed in self._found.get(rule_id, ()):
            for call_id, day, why in json.loads(zlib.decompress(packed)):
                yield call_id, date.fromisoformat(day), why
