"""What a backup consists of, and the form in which it says so."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.domain.audit_trail import NotedHead
from services.domain.errors import BackupDamaged, BackupForged, BackupUnfit, WrongKey
from services.storage.keys import MasterKey, Signature, WrappedKey

SCHEMA = "partyline.backup/1"
SIGNED_AS = "backup manifests"


@dataclass(frozen=True, kw_only=True)
class StoredPart:
    """A part of a backup: its name at the place, its size in bytes, its SHA-256."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class KeptObject:
    """An object of the installation, and the part that holds it."""

    key: str
    part: StoredPart

    def to_line(self) -> str:
        """Write it as one line."""
        return json.dumps([self.key, self.part.name, self.part.size, self.part.sha256])

    @staticmethod
    def from_line(line: str) -> "KeptObject":
        """Read a line. Raises BackupDamaged."""
        try:
            key, name, size, sha256 = json.loads(line)
        except ValueError:
            raise BackupDamaged from None
        return KeptObject(key=key, part=StoredPart(name=name, size=size, sha256=sha256))


@dataclass(frozen=True, kw_only=True)
class BackupManifest:
    """One backup: the database at a moment and all sound that its calls had then.

    ``database`` is encrypted under ``key``, which the master key seals; ``objects`` lists the
    sound, encrypted as it was. ``revision`` is the schema's, ``dialect`` the database's kind.
    ``audit`` is how far the audit of each organisation had come before it was made.
    ``erased_count`` is how long the list of what was erased was then: it only grows. The signature
    holds for all of this, and by the hashes for the database and the list of sound as well.
    """

    id: str
    created_at: datetime
    version: str
    dialect: str
    revision: str
    key: WrappedKey
    database: StoredPart
    objects: StoredPart
    call_count: int
    object_count: int
    object_bytes: int
    audit: tuple[NotedHead, ...] = ()
    erased_count: int = 0
    signature: Signature | None = None

    def signed(self, master_key: MasterKey) -> "BackupManifest":
        """Return it with the signature of a key."""
        return replace(self, signature=master_key.sign(self._content(), purpose=SIGNED_AS))

    def is_signed(self, master_key: MasterKey) -> bool:
        """Say whether it bears a signature of a key that is known here.

        Raises BackupForged for one that is not of this content.
        """
        if self.signature is None:
            return False
        try:
            fits = master_key.has_signed(self.signature, self._content(), purpose=SIGNED_AS)
        except WrongKey:
            return False
        if not fits:
            raise BackupForged(f"It is the backup {self.id}.")
        return True

    def to_json(self) -> bytes:
        """Write it for people and programs to read."""
        told = self._told()
        if self.signature is not None:
            told["signature"] = vars(self.signature)
        return json.dumps(told | {"sha256": _sha256(told)}, indent=2).encode()

    def _content(self) -> bytes:
        return _written(self._told())

    def _told(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "id": self.id,
            "created_at": self.created_at.isoformat(),
            "version": self.version,
            "dialect": self.dialect,
            "revision": self.revision,
            "key_id": self.key.key_id,
            "sealed_key": self.key.sealed.hex(),
            "database": _part_told(self.database),
            "objects": _part_told(self.objects),
            "calls": self.call_count,
            "object_count": self.object_count,
            "object_bytes": self.object_bytes,
            "audit": [[one.org_id, one.sequence, one.hash] for one in self.audit],
            "erased": self.erased_count,
        }

    @staticmethod
    def from_json(content: bytes) -> "BackupManifest":
        """Read what ``to_json`` wrote. Raises BackupDamaged, and BackupUnfit for another form."""
        try:
            told = json.loads(content)
            if told["schema"] != SCHEMA:
                raise BackupUnfit("It was made by another version of Partyline.")
            if told.pop("sha256") != _sha256(told):
                raise BackupDamaged
            return BackupManifest(
                id=told["id"],
                created_at=datetime.fromisoformat(told["created_at"]),
                version=told["version"],
                dialect=told["dialect"],
                revision=told["revision"],
                key=WrappedKey(key_id=told["key_id"], sealed=bytes.fromhex(told["sealed_key"])),
                database=StoredPart(**told["database"]),
                objects=StoredPart(**told["objects"]),
                call_count=told["calls"],
                object_count=told["object_count"],
                object_bytes=told["object_bytes"],
                audit=_heads(told.get("audit", [])),
                # Earlier ones had neither.
                erased_count=int(told.get("erased", 0)),
                signature=_signature(told["signature"]) if "signature" in told else None,
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            raise BackupDamaged from None


def _sha256(told: Mapping[str, Any]) -> str:
    """Return a hash of all that a manifest tells: one changed digit could cost another backup."""
    return hashlib.sha256(_written(told)).hexdigest()


def _written(told: Mapping[str, Any]) -> bytes:
    return json.dumps(told, sort_keys=True).encode()


def _heads(told: list[list[Any]]) -> tuple[NotedHead, ...]:
    """Return the heads of a manifest; earlier ones had none."""
    return tuple(NotedHead(org_id=org, sequence=int(n), hash=last) for org, n, last in told)


def _signature(told: Mapping[str, Any]) -> Signature:
    return Signature(key_id=str(told["key_id"]), mac=str(told["mac"]))


def _part_told(part: StoredPart) -> dict[str, Any]:
    return {"name": part.name, "size": part.size, "sha256": part.sha256}
