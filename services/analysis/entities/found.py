"""What a finder reports: a kind and a normalised value at a place of a text."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.analysis.entities.tokens import Token
from services.domain.topics import EntityKind


@dataclass(frozen=True, kw_only=True)
class Found:
    """An entity at [start, end) of a text."""

    kind: EntityKind
    value: str
    start: int
    end: int
    amount_minor: int | None = None
    currency: str | None = None


def found(kind: EntityKind, value: str, tokens: Sequence[Token], first: int, last: int) -> Found:
    """Return an entity over the tokens [first, last)."""
    return Found(kind=kind, value=value, start=tokens[first].start, end=tokens[last - 1].end)
