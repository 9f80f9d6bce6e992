"""Snapshots of a PostgreSQL database, by its own pg_dump, pg_restore and psql."""

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import IO

from sqlalchemy import text

from services import telemetry
from services.domain.errors import DatabaseToolsMissing
from services.storage.database import reading
from services.upkeep.snapshots import BLOCK_BYTES, DatabaseSnapshots, Sink, Snapshot, read_calls

PACKAGED = Path("/usr/lib/postgresql")
# Somebody who still works on the database keeps a restore from beginning.
LOCK_TIMEOUT = "15s"


_CLEAR = """
DROP SCHEMA IF EXISTS dbos CASCADE;
DO $$
DECLARE found record;
BEGIN
  FOR found IN
    SELECT c.oid::regclass AS name FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
      AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
  LOOP EXECUTE format('DROP TABLE IF EXISTS %s CASCADE', found.name); END LOOP;
  FOR found IN
    SELECT p.oid::regprocedure AS name FROM pg_proc p
    WHERE p.pronamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
  LOOP EXECUTE format('DROP ROUTINE IF EXISTS %s CASCADE', found.name); END LOOP;
END $$;
"""


class PostgresSnapshot(Snapshot):
    """A transaction's view of the database, which pg_dump shares."""

    def __init__(
        self,
        snapshots: "PostgresSnapshots",
        exported: str,
        revision: str,
        call_ids: frozenset[str],
    ) -> None:
        """Dump what the exported view shows."""
        self._snapshots = snapshots
        self._exported = exported
        self.revision = revision
        self.call_ids = call_ids

    def write(self, sink: Sink) -> None:
        """Write a dump in PostgreSQL's own compressed form."""
        command = ["pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--no-password"]
        with self._snapshots.program(*command, f"--snapshot={self._exported}") as process:
            assert process.stdout is not None
            while block := process.stdout.read(BLOCK_BYTES):
                sink.write(block)


class PostgresSnapshots(DatabaseSnapshots):
    """Dumps what one transaction sees, and restores in one transaction."""

    dialect = "postgresql"

    @contextmanager
    def taken(self) -> Iterator[Snapshot]:
        """Hold a view of the database open."""
        self.check_tools()
        with reading(self._engine) as connection:
            exported = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
            revision, call_ids = read_calls(connection)
            yield PostgresSnapshot(self, exported, revision, call_ids)

    def restore(self, content: Iterable[bytes]) -> None:
        """Have pg_restore tell what to do, and do it in one transaction that is ours to commit.

        What is there goes in the same transaction, also what a later schema has added.
        """
        self.check_tools()
        unpacking = ["pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--file=-"]
        loading = ["psql", "--quiet", "--no-psqlrc", "--no-password", "--set=ON_ERROR_STOP=1"]
        with self.program(*loading, f"--output={os.devnull}") as database:
            assert database.stdin is not None
            database.stdin.write(b"BEGIN;\n" + _CLEAR.encode())
            with self.program(*unpacking) as unpacker:
                passing = Thread(target=_pass_on, args=(unpacker, content), daemon=True)
                passing.start()
                assert unpacker.stdout is not None
                while block := unpacker.stdout.read(BLOCK_BYTES):
                    database.stdin.write(block)
                passing.join()
            # Without this line, as after a kill, everything stays as it was.
            database.stdin.write(b"\nCOMMIT;\n")

    def is_in_use(self) -> bool:
        """Say whether there are other connections to the database."""
        self._engine.dispose()
        others = text(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        with reading(self._engine) as connection:
            return bool(connection.execute(others).scalar_one())

    def check_tools(self) -> None:
        """Raise DatabaseToolsMissing where PostgreSQL's programs aren't installed."""
        for name in ("pg_dump", "pg_restore", "psql"):
            _found(name)

    @contextmanager
    def program(self, name: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run one of PostgreSQL's programs on this database.

        Raises DatabaseToolsMissing when it fails; an exception of the block ends it.
        """
        process = subprocess.Popen(
            [_found(name), *arguments],
            env={**os.environ, **self._place()},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield process
        except BrokenPipeError:
            # It has ended before it had read everything: its status says why.
            pass
        except BaseException:
            process.kill()
            raise
        finally:
            status = _ended(process)
        if status != 0:
            telemetry.warning("backup.program_failed", program=name, status=status)
            raise DatabaseToolsMissing

    def _place(self) -> Mapping[str, str]:
        """Return the database's address as variables: arguments are seen by everybody."""
        url = self._engine.url
        given = {
            "PGHOST": url.host,
            "PGPORT": url.port and str(url.port),
            "PGDATABASE": url.database,
            "PGUSER": url.username,
            "PGPASSWORD": url.password and str(url.password),
            "PGOPTIONS": f"-c lock_timeout={LOCK_TIMEOUT}",
            **{f"PG{name.upper()}": str(value) for name, value in url.query.items()},
        }
        return {name: str(value) for name, value in given.items() if value}


def _pass_on(unpacker: "subprocess.Popen[bytes]", content: Iterable[bytes]) -> None:
    """Give a dump to who unpacks it; one that can't be read to its end ends that one, too."""
    assert unpacker.stdin is not None
    try:
        for block in content:
            unpacker.stdin.write(block)
        unpacker.stdin.close()
    except BrokenPipeError:
        return
    except BaseException as error:
        telemetry.fault("backup.unreadable", error)
        unpacker.kill()


def _ended(process: subprocess.Popen[bytes]) -> int:
    pipes: tuple[IO[bytes] | None, ...] = (process.stdin, process.stdout)
    for pipe in pipes:
        if pipe is not None:
            try:
                pipe.close()
            except BrokenPipeError:
                continue
    return process.wait()


def _found(name: str) -> str:
    """Return where a program lies; the newest of Debian's. Raises DatabaseToolsMissing."""
    packaged = sorted(PACKAGED.glob(f"*/bin/{name}"), key=lambda p: int(p.parts[-3]))
    found = shutil.which(name) or (str(packaged[-1]) if packaged else None)
    if found is None:
        raise DatabaseToolsMissing
    return found
