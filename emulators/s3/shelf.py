"""Buckets in a folder: objects, their metadata, and the parts of uploads that aren't done."""

import hashlib
import json
import re
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock

SMALLEST_PART_BYTES = 5 * 1024 * 1024

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_UPLOAD = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, kw_only=True)
class Kept:
    """An object as the listing shows it; ``file`` is the name of its bytes."""

    key: str
    size: int
    etag: str
    changed: str
    file: str

    @property
    def changed_at(self) -> datetime:
        """The moment it was written (UTC)."""
        return datetime.fromisoformat(self.changed)


@dataclass(frozen=True, kw_only=True)
class Received:
    """A body that has arrived: where it lies, and its hashes in hexadecimal."""

    file: Path
    size: int
    md5: str
    sha256: str


class AlreadyThere(Exception):
    """There is an object, and the sender wanted to write only if there was none."""


class NoUpload(Exception):
    """There is no such upload, or it has not the parts that are named."""


class PartTooSmall(Exception):
    """A part that isn't the last has less than 5 MiB."""


class Shelf:
    """Keeps buckets in a folder, where another server finds them again."""

    def __init__(self, folder: Path) -> None:
        """Open the folder and whatever lies in it."""
        self._folder = folder
        self._lock = RLock()
        self._buckets: dict[str, dict[str, Kept]] = {}
        self._incoming = folder / ".incoming"
        self._incoming.mkdir(parents=True, exist_ok=True)
        for place in folder.iterdir():
            if place != self._incoming:
                kept = [Kept(**json.loads(f.read_text())) for f in place.glob("*.json")]
                self._buckets[place.name] = {one.key: one for one in kept}

    def add_bucket(self, bucket: str) -> None:
        """Make a bucket; one that is there stays. Raises ValueError for an impossible name."""
        if not _BUCKET.fullmatch(bucket):
            raise ValueError("no name for a bucket")
        with self._lock:
            (self._folder / bucket).mkdir(exist_ok=True)
            self._buckets.setdefault(bucket, {})

    def has_bucket(self, bucket: str) -> bool:
        """Say whether there is such a bucket."""
        return bucket in self._buckets

    def incoming(self) -> Path:
        """Return a new file for a body that arrives."""
        return self._incoming / uuid.uuid4().hex

    def put(self, bucket: str, key: str, body: Received, *, only_new: bool = False) -> Kept:
        """Make a received body the object. Raises AlreadyThere."""
        return self._keep(bucket, key, body.file, body.size, f'"{body.md5}"', only_new)

    def get(self, bucket: str, key: str) -> Kept | None:
        """Return the object, None when there is none."""
        return self._buckets[bucket].get(key)

    def path(self, bucket: str, kept: Kept) -> Path:
        """Return where an object's bytes lie."""
        return self._folder / bucket / kept.file

    def delete(self, bucket: str, key: str) -> None:
        """Delete the object, if there is one."""
        with self._lock:
            if kept := self._buckets[bucket].pop(key, None):
                self.path(bucket, kept).with_suffix(".json").unlink()
                self.path(bucket, kept).unlink()

    def list(self, bucket: str, prefix: str = "", after: str = "") -> list[Kept]:
        """Return the objects whose keys begin so and come later than ``after``, in order."""
        with self._lock:
            found = self._buckets[bucket].values()
            return sorted(
                (k for k in found if k.key.startswith(prefix) and k.key > after),
                key=lambda k: k.key,
            )

    def begin_upload(self, bucket: str, key: str) -> str:
        """Begin an upload in parts; return its id."""
        upload = uuid.uuid4().hex
        place = self._incoming / upload
        place.mkdir()
        (place / "of.json").write_text(json.dumps([bucket, key]))
        return upload

    def put_part(self, upload: str, number: int, body: Received) -> str:
        """Keep a part; return its tag. Raises NoUpload."""
        place = self._place(upload)
        body.file.rename(place / f"{number}-{body.md5}")
        return f'"{body.md5}"'

    def complete(
        self, upload: str, parts: Sequence[tuple[int, str]], *, only_new: bool = False
    ) -> tuple[str, Kept]:
        """Make an object of numbered, tagged parts; return its bucket too.

        Raises NoUpload, PartTooSmall, AlreadyThere.
        """
        place = self._place(upload)
        bucket, key = json.loads((place / "of.json").read_text())
        files = [place / f"{number}-{tag.strip(chr(34))}" for number, tag in parts]
        if not files or not all(file.is_file() for file in files):
            raise NoUpload
        if any(file.stat().st_size < SMALLEST_PART_BYTES for file in files[:-1]):
            raise PartTooSmall
        whole = self.incoming()
        with whole.open("wb") as out:
            for file in files:
                with file.open("rb") as part:
                    shutil.copyfileobj(part, out)
            size = out.tell()
        tags = b"".join(bytes.fromhex(file.name.partition("-")[2]) for file in files)
        etag = f'"{hashlib.md5(tags).hexdigest()}-{len(parts)}"'
        kept = self._keep(bucket, key, whole, size, etag, only_new)
        self.abort(upload)
        return bucket, kept

    def abort(self, upload: str) -> None:
        """Forget an upload and its parts."""
        with suppress(NoUpload, FileNotFoundError):
            shutil.rmtree(self._place(upload))

    def uploads(self) -> Iterator[str]:
        """Yield the ids of uploads that have begun and not ended."""
        yield from (place.name for place in self._incoming.iterdir() if place.is_dir())

    def _place(self, upload: str) -> Path:
        place = self._incoming / upload
        if not _UPLOAD.fullmatch(upload) or not place.is_dir():
            raise NoUpload
        return place

    def _keep(
        self, bucket: str, key: str, file: Path, size: int, etag: str, only_new: bool
    ) -> Kept:
        kept = Kept(
            key=key,
            size=size,
            etag=etag,
            changed=datetime.now(UTC).isoformat(),
            file=uuid.uuid4().hex,
        )
        with self._lock:
            before = self._buckets[bucket].get(key)
            if before and only_new:
                raise AlreadyThere
            file.rename(self.path(bucket, kept))
            self.path(bucket, kept).with_suffix(".json").write_text(json.dumps(asdict(kept)))
            self._buckets[bucket][key] = kept
            if before:
                self.path(bucket, before).with_suffix(".json").unlink()
                self.path(bucket, before).unlink()
        return kept
