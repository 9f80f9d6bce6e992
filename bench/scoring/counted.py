"""Counts that add up over calls, so that rates are formed from sums and never averaged."""

import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from functools import reduce
from typing import Any, Self, TypeVar


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What was counted on ``files`` calls. Two of a kind are added field by field.

    A field's metadata may name another way to bring two values together (``largest``).
    """

    files: int = 1

    def __add__(self, other: Self) -> Self:
        """Return the counts of both together."""
        together = {}
        for one in fields(self):
            join: Callable[[Any, Any], Any] = one.metadata.get("join", operator.add)
            together[one.name] = join(getattr(self, one.name), getattr(other, one.name))
        return type(self)(**together)


def largest() -> Any:
    """Return a field of which the largest value of all calls is kept instead of the sum."""
    return field(metadata={"join": max})


def rate(part: float, whole: float) -> float | None:
    """Return part ÷ whole; None where there is nothing to divide by."""
    return part / whole if whole else None


C = TypeVar("C", bound=Counted)


def total(counts: Iterable[C | None]) -> C | None:
    """Add up the counts that are known; None when none is."""
    known = [one for one in counts if one is not None]
    return reduce(operator.add, known) if known else None
