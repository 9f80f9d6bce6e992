"""What a backup consists of, and the form in which it says so."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.domain.audit_trail import NotedHead
from services.domain.errors import BackupDamaged, BackupUnfit
from services.storage.keys import WrappedKey

SCHEMA = "partyline.backup/1"


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

    def to_json(self) -> bytes:
        """Write it for people and programs to read."""
        told: dict[str, Any] = {
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
        }
        return json.dumps(told | {"sha256": _sha256(told)}, indent=2).encode()

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
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            raise BackupDamaged from None


def _sha256(told: Mapping[str, Any]) -> str:
    """Return a hash of all that a manifest tells: one changed digit could cost another backup."""
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _heads(told: list[list[Any]]) -> tuple[NotedHead, ...]:
    """Return the heads of a manifest; earlier ones had none."""
    return tuple(NotedHead(org_id=org, sequence=int(n), hash=last) for org, n, last in told)


def _part_told(part: StoredPart) -> dict[str, Any]:
    return {"name": part.name, "size": part.size, "sha256": part.sha256}
