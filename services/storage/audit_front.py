"""What may be cut from the front of an audit: entries that are old, and as they were written."""

from collections.abc import Iterable

from services.domain.errors import AuditBroken
from services.storage.audit_seals import ChainHead, ChainSeal, Row


def old_front(
    rows: Iterable[Row], head: ChainHead, seal: ChainSeal, limit_ms: int
) -> tuple[int, int | None]:
    """Return the last sequence of those from before ``limit_ms``, and their newest time.

    ``rows`` are a chain's in order; they are read up to the first that stays. The time is None
    where all stay. Raises AuditBroken when one of those that were read isn't as it was written, at
    its place and after the one before it.
    """
    through, newest_ms = head.cut_through, None
    # What the first entry after an earlier cut came after is known by its own hash only.
    last_hash = None if through else ""
    for row in rows:
        sound = row["sequence"] == through + 1 <= head.sequence and seal.fits_entry(row)
        if not sound or last_hash not in (None, row["previous"]):
            raise AuditBroken
        if row["at_ms"] >= limit_ms:
            return through, newest_ms
        through, last_hash = through + 1, row["hash"]
        newest_ms = row["at_ms"] if newest_ms is None else max(newest_ms, row["at_ms"])
    if through != head.sequence or last_hash not in (None, head.hash):
        raise AuditBroken
    return through, newest_ms
