"""Looks through chains of the audit for whatever is not as it was written."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from services.domain.acts import Act
from services.domain.audit_trail import (
    BreakKind,
    ChainBreak,
    ChainCheck,
    NotedHead,
    moment_of,
)
from services.storage.audit_reading import AuditReader, Chain
from services.storage.audit_seals import ChainKeys, ChainSeal, Row
from services.storage.keys import MasterKey

NEAR = 2_000
"""So far to both sides it is looked for the place from which an entry was moved."""


class ChainVerifier:
    """Reads all entries of all organisations, few at a time."""

    def __init__(self, reader: AuditReader, master_key: MasterKey) -> None:
        """Read here, with keys sealed by this one."""
        self._reader = reader
        self._keys = ChainKeys(master_key)

    def check(self, noted: Sequence[NotedHead] = ()) -> list[ChainCheck]:
        """Return what is found in each organisation's chain.

        ``noted`` is how far chains had come at other times, noted where whoever has the database
        could not change it: only by that it is found that a chain was put back to what it was then.
        Raises StorageError.
        """
        with self._reader.chains() as chains:
            found = [self._checked(chain, _of(chain.org_id, noted)) for chain in chains]
        there = {one.org_id for one in found}
        return found + [_gone(org_id) for org_id in sorted({n.org_id for n in noted} - there)]

    def _checked(self, chain: Chain, noted: Mapping[int, set[str]]) -> ChainCheck:
        head = chain.head
        seal = self._keys.seal_or_none(head) if head else None
        if head is None or seal is None or not seal.fits_head(head):
            return _told(chain.org_id, ChainBreak(kind=BreakKind.FORGED, sequence=None))
        return _Walk(chain, seal, noted).checked()


class _Walk:
    """One way through a chain, from its first entry to its head."""

    def __init__(self, chain: Chain, seal: ChainSeal, noted: Mapping[int, set[str]]) -> None:
        assert chain.head is not None
        self._chain, self._seal, self._noted = chain, seal, noted
        self._head = chain.head
        self._next = self._head.cut_through + 1
        self._last_hash: str | None = "" if self._next == 1 else None
        self._entries = 0
        self._first_at: datetime | None = None
        self._resumed_after: int | None = None

    def checked(self) -> ChainCheck:
        broken = next(self._breaks(self._chain.rows), None)
        return ChainCheck(
            org_id=self._chain.org_id,
            entries=self._entries,
            first_at=self._first_at,
            last=self._last(),
            cut_through=self._head.cut_through,
            resumed_after=self._resumed_after,
            broken=broken,
        )

    def _breaks(self, rows: Iterable[Row]) -> Iterator[ChainBreak]:
        for row in rows:
            kind = self._kind(row)
            if kind is not None:
                # What is missing is missing where it should be, not where the next one stands.
                at = self._next if kind is BreakKind.MISSING else row["sequence"]
                yield ChainBreak(kind=kind, sequence=at)
            self._take(row)
        if self._next <= self._head.sequence:
            yield ChainBreak(kind=BreakKind.CUT, sequence=self._next)
        if self._last_hash not in (None, self._head.hash):
            yield ChainBreak(kind=BreakKind.FORGED, sequence=None)
        if any(sequence >= self._next for sequence in self._noted):
            yield ChainBreak(kind=BreakKind.CUT, sequence=self._next)

    def _kind(self, row: Row) -> BreakKind | None:
        """Return what is wrong with an entry that follows sound ones, None when nothing is."""
        sequence, head = row["sequence"], self._head
        if not isinstance(sequence, int) or sequence < self._next or sequence > head.sequence:
            return BreakKind.FORGED
        if not self._seal.fits_entry(row):
            if self._is_moved(row):
                return BreakKind.OUT_OF_ORDER
            return BreakKind.MISSING if sequence > self._next else BreakKind.CHANGED
        if sequence > self._next:
            return BreakKind.MISSING
        if self._last_hash not in (None, row["previous"]):
            # Each is as it was written, but not one after the other.
            return BreakKind.FORGED
        noted = self._noted.get(sequence)
        return BreakKind.FORGED if noted and noted != {row["hash"]} else None

    def _is_moved(self, row: Row) -> bool:
        """Say whether an entry was written for another place."""
        first = max(1, row["sequence"] - NEAR)
        places = range(first, min(self._head.sequence, row["sequence"] + NEAR) + 1)
        return any(self._seal.fits_entry({**row, "sequence": place}) for place in places)

    def _take(self, row: Row) -> None:
        self._entries += 1
        self._first_at = self._first_at or moment_of(row["at_ms"])
        self._next, self._last_hash = row["sequence"] + 1, row["hash"]
        if row["act"] == Act.AUDIT_RESUMED:
            self._resumed_after = row["sequence"] - 1

    def _last(self) -> NotedHead | None:
        if not self._entries:
            return None
        return NotedHead(
            org_id=self._chain.org_id, sequence=self._next - 1, hash=self._last_hash or ""
        )


def _of(org_id: str, noted: Sequence[NotedHead]) -> dict[int, set[str]]:
    """Return the hashes noted for an organisation's entries; those of one may contradict."""
    found: dict[int, set[str]] = {}
    for head in noted:
        if head.org_id == org_id and head.sequence:
            found.setdefault(head.sequence, set()).add(head.hash)
    return found


def _gone(org_id: str) -> ChainCheck:
    return _told(org_id, ChainBreak(kind=BreakKind.CUT, sequence=None))


def _told(org_id: str, broken: ChainBreak) -> ChainCheck:
    return ChainCheck(
        org_id=org_id, entries=0, first_at=None, last=None, cut_through=0, broken=broken
    )
