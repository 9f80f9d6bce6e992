"""Files whose content is known beforehand, by SHA-256."""

import hashlib
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from services.domain.errors import DiskFull, StorageError, WeightsDamaged

READ_BYTES = 1 << 20


@dataclass(frozen=True, kw_only=True)
class PinnedFile:
    """A file's name and the SHA-256 its content must have."""

    name: str
    sha256: str


def is_intact(path: Path, sha256: str) -> bool:
    """Say whether the file exists and has this checksum."""
    if not path.is_file():
        return False
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(READ_BYTES):
            digest.update(block)
    return digest.hexdigest() == sha256


def write_pinned(path: Path, blocks: Iterable[bytes], sha256: str) -> None:
    """Write the blocks to ``path`` at once or not at all.

    Raises WeightsDamaged when they don't have the checksum (nothing is left behind), DiskFull or
    StorageError when they can't be written.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            temporary = Path(file.name)
            digest = hashlib.sha256()
            for block in blocks:
                digest.update(block)
                file.write(block)
            if digest.hexdigest() != sha256:
                raise WeightsDamaged
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise (DiskFull if error.errno == 28 else StorageError) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
