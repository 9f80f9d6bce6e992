"""The audit as it is kept: entries in the order of a chain, and what a look through it finds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from services.domain.acts import Act, Outcome

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, kw_only=True)
class KeptEntry:
    """An entry of the audit as it was written down; ``sequence`` counts from 1 without gaps.

    ``act`` is the name of an ``Act``, or one that a later version has given up.
    """

    sequence: int
    at: datetime
    user_id: str
    name: str
    role: str
    act: str
    outcome: str
    subject: str | None
    address: str | None
    details: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class AuditQuery:
    """Which entries are wanted. Empty tuples and None don't filter.

    ``who`` is a person's id, or part of a name. [since, until) is the time at which it happened.
    Only entries that came before the one with the sequence ``before`` are given.
    """

    who: str | None = None
    acts: tuple[Act, ...] = ()
    subject: str | None = None
    outcome: Outcome | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None
    limit: int = 50


@dataclass(frozen=True, kw_only=True)
class AuditPage:
    """Some entries, the newest first; ``before`` leads to older ones, None where there are none."""

    entries: tuple[KeptEntry, ...]
    before: int | None


@dataclass(frozen=True, kw_only=True)
class NotedHead:
    """How far the chain of an organisation had come: its last sequence, and that entry's hash."""

    org_id: str
    sequence: int
    hash: str


class BreakKind(StrEnum):
    """What is wrong at the first place where a chain is broken."""

    CHANGED = "changed"
    MISSING = "missing"
    OUT_OF_ORDER = "out_of_order"
    CUT = "cut"
    FORGED = "forged"


@dataclass(frozen=True, kw_only=True)
class ChainBreak:
    """The first place where a chain isn't what was written; ``sequence`` None: its head."""

    kind: BreakKind
    sequence: int | None


@dataclass(frozen=True, kw_only=True)
class ChainCheck:
    """What a look through the chain of an organisation has found.

    ``entries`` were read, up to the break where there is one. ``cut_through`` is the last of those
    that were cut from the front because their time was over, 0 where none were. After
    ``resumed_after`` the chain was made to go on by hand, though its end had been changed.
    """

    org_id: str
    entries: int
    first_at: datetime | None
    last: NotedHead | None
    cut_through: int
    broken: ChainBreak | None
    resumed_after: int | None = None


def ms_of(moment: datetime) -> int:
    """Return the milliseconds from 1970 to a moment; what is beyond them is dropped."""
    return (moment - EPOCH) // MILLISECOND


def moment_of(at_ms: int) -> datetime:
    """Return the moment so many milliseconds after 1970; for what is none, the first there is."""
    try:
        return EPOCH + at_ms * MILLISECOND
    except (OverflowError, TypeError):
        # Somebody has put something else where only we write.
        return datetime.min.replace(tzinfo=UTC)
