"""What a lock leaves behind when it can't be asked for."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine

from services.domain.errors import StorageError
from services.storage.worker_locks import SessionLock


def test_asking_in_vain_leaves_no_connection_open(tmp_path: Path) -> None:
    # SQLite has no such locks: it refuses to be asked, as a server does that breaks off.
    engine = create_engine(f"sqlite:///{tmp_path}/locks.db")
    with pytest.raises(StorageError) as told:
        SessionLock(engine, "w").hold()
    assert told.value.__cause__ is not None
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]
