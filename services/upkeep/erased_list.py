"""The list of what was erased, beside the backups: hashes of ids, vouched for by the master key.

Its first line says who vouches for the others; a list of earlier versions has no such line.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from services.domain.errors import BackupDamaged, BackupForged, NotFound, WrongKey
from services.storage.keys import MasterKey, Signature
from services.storage.objects import ObjectStore

ERASED = "erased"
FORM = "partyline.erased/2"
SIGNED_AS = "lists of what was erased"

_HASH = re.compile(r"[0-9a-f]{64}")
_HEAD = re.compile(rf"{re.escape(FORM)} ([0-9a-f]{{1,64}}) ([0-9a-f]{{64}})")


@dataclass(frozen=True, kw_only=True)
class ErasedHashes:
    """What the list of a place says; ``signature`` None where nobody vouches for it."""

    hashes: frozenset[str]
    is_there: bool
    signature: Signature | None = None

    def is_signed(self, master_key: MasterKey) -> bool:
        """Say whether it bears a signature of a key that is known here.

        Raises BackupForged for one that is not of these hashes.
        """
        if self.signature is None:
            return False
        try:
            fits = master_key.has_signed(self.signature, _content(self.hashes), purpose=SIGNED_AS)
        except WrongKey:
            return False
        if not fits:
            raise BackupForged("It is the list of what was erased.")
        return True


def read_erased(objects: ObjectStore) -> ErasedHashes:
    """Return the list of a place. Raises BackupDamaged, StorageError."""
    try:
        size = objects.size(ERASED)
    except NotFound:
        return ErasedHashes(hashes=frozenset(), is_there=False)
    lines = objects.read_range(ERASED, 0, size).decode("ascii", "replace").splitlines()
    head = _HEAD.fullmatch(lines[0]) if lines else None
    hashes = lines if head is None else lines[1:]
    if not all(map(_HASH.fullmatch, hashes)):
        raise BackupDamaged("It is the list of what was erased.")
    signature = None if head is None else Signature(key_id=head[1], mac=head[2])
    return ErasedHashes(hashes=frozenset(hashes), is_there=True, signature=signature)


def written_erased(hashes: Iterable[str], master_key: MasterKey | None) -> bytes:
    """Return the list as it is kept; nobody vouches for it without a key."""
    content = _content(hashes)
    if master_key is None:
        return content
    by = master_key.sign(content, purpose=SIGNED_AS)
    return f"{FORM} {by.key_id} {by.mac}\n".encode() + content


def _content(hashes: Iterable[str]) -> bytes:
    return "\n".join(sorted(hashes)).encode()
