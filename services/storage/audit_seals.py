"""How entries of the audit are tied to one another so that no change goes unnoticed.

Each bears an HMAC-SHA256, under a key of its organisation, of all that it says, its place and the
one before it. Who can write to the database but has no key can't make one that fits. The head, how
far the chain has come, bears one as well: otherwise the newest entries could be taken away.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping

from services.domain.errors import WrongKey
from services.storage.keys import DataKey, MasterKey, WrappedKey

Row = Mapping[str, Any] | RowMapping

FORM = "partyline.audit/1"
SEALED = (
    "org_id",
    "sequence",
    "previous",
    "at_ms",
    "user_id",
    "name",
    "role",
    "act",
    "outcome",
    "subject",
    "address",
    "details",
)
"""What an entry's hash is over, in this order; to add to it needs another form."""


@dataclass(frozen=True, kw_only=True)
class ChainHead:
    """How far a chain has come; entries up to ``cut_through`` were cut from its front."""

    org_id: str
    sequence: int
    hash: str
    cut_through: int
    seal: str
    key: WrappedKey

    @classmethod
    def from_row(cls, row: Row) -> "ChainHead":
        """Return the head in a row of its table."""
        key = WrappedKey(key_id=row["key_id"], sealed=row["wrapped_key"])
        names = ("org_id", "sequence", "hash", "cut_through", "seal")
        return cls(key=key, **{name: row[name] for name in names})


class ChainSeal:
    """Seals and checks the entries and the head of one organisation."""

    def __init__(self, key: DataKey) -> None:
        """Take the organisation's key."""
        self._entries = key.derive("audit entries")
        self._heads = key.derive("audit head")

    def __repr__(self) -> str:
        """Hide the keys."""
        return "ChainSeal()"

    def of_entry(self, row: Row) -> str:
        """Return the hash that a row of entries has to bear."""
        return _hmac(self._entries, [row[name] for name in SEALED])

    def of_head(self, org_id: str, sequence: int, last_hash: str, cut_through: int) -> str:
        """Return the seal that a head has to bear."""
        return _hmac(self._heads, [org_id, sequence, last_hash, cut_through])

    def fits_entry(self, row: Row) -> bool:
        """Say whether a row is as it was written, at the place it was written for."""
        return _same(self.of_entry(row), row["hash"])

    def fits_head(self, head: ChainHead) -> bool:
        """Say whether a head is one that was written here."""
        made = self.of_head(head.org_id, head.sequence, head.hash, head.cut_through)
        return _same(made, head.seal)


class ChainKeys:
    """The keys of the organisations' chains, each sealed by the master key."""

    def __init__(self, master_key: MasterKey) -> None:
        """Take the key that seals them."""
        self._master_key = master_key
        self._opened: dict[bytes, ChainSeal] = {}

    def new(self, org_id: str) -> WrappedKey:
        """Return a fresh key for the chain of an organisation, sealed."""
        return self._master_key.new_data_key(key_context(org_id))

    def seal(self, org_id: str, key: WrappedKey) -> ChainSeal:
        """Return what seals and checks with this key. Raises WrongKey for one of another place."""
        # The organisation belongs to what is remembered: its key moved elsewhere doesn't fit there.
        known = org_id.encode() + b"\0" + key.sealed
        seal = self._opened.get(known)
        if seal is None:
            seal = ChainSeal(self._master_key.unwrap(key, key_context(org_id)))
            self._opened[known] = seal
        return seal

    def seal_or_none(self, head: ChainHead) -> ChainSeal | None:
        """Return what checks a chain, None when its key was exchanged or damaged."""
        try:
            return self.seal(head.org_id, head.key)
        except WrongKey:
            return None


def key_context(org_id: str) -> str:
    """Return under which name the key of an organisation's chain is sealed by the master key."""
    return f"audit:{org_id}"


def _hmac(key: bytes, values: Sequence[Any]) -> str:
    # An array says where each value ends, and null is not the empty text.
    written = json.dumps([FORM, *values], separators=(",", ":"), default=repr)
    return hmac.new(key, written.encode(), hashlib.sha256).hexdigest()


def _same(made: str, borne: Any) -> bool:
    return isinstance(borne, str) and hmac.compare_digest(made.encode(), borne.encode())
