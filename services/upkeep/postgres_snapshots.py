"""Snapshots of a PostgreSQL database, by its own pg_dump, pg_restore and psql."""

import zlib
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import chain

from sqlalchemy import text

from services.domain.errors import BackupDamaged
from services.storage.database import reading
from services.upkeep.postgres_dumps import erased_ids, rows_of, without
from services.upkeep.postgres_programs import (
    IN_USE,
    Passing,
    check_programs,
    program,
    send,
)
from services.upkeep.snapshots import (
    BLOCK_BYTES,
    Content,
    DatabaseSnapshots,
    IsErased,
    Sink,
    Snapshot,
    read_calls,
)

LEVEL = 1
GZIP = 16 + zlib.MAX_WBITS
_GZIP_MARK = b"\x1f\x8b"

# Whoever may not see what others are is shown whose sessions they are, and the server's own
# processes are nobody's.
_OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
  AND (backend_type = 'client backend' OR backend_type IS NULL AND usesysid IS NOT NULL)
"""
_CHECK_ALONE = f"""
DO $$
BEGIN
  IF ({_OTHERS}) > 0 THEN RAISE EXCEPTION USING ERRCODE = '{IN_USE}'; END IF;
END $$;
"""
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
        command.append(f"--snapshot={self._exported}")
        with program(self._snapshots.url, *command) as process:
            assert process.stdout is not None
            while block := process.stdout.read(BLOCK_BYTES):
                sink.write(block)


class PostgresSnapshots(DatabaseSnapshots):
    """Dumps what one transaction sees, and restores in one transaction."""

    dialect = "postgresql"

    @contextmanager
    def taken(self) -> Iterator[Snapshot]:
        """Hold a view of the database open."""
        with reading(self._engine) as connection:
            exported = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
            revision, call_ids = read_calls(connection)
            yield PostgresSnapshot(self, exported, revision, call_ids)

    def restore(self, content: Iterable[bytes]) -> None:
        """Have pg_restore tell what to do, and do it in one transaction that is ours to commit.

        What is there goes in the same transaction, also what a later schema has added. Raises
        StillRunning when others are connected as it begins or ends.
        """
        # Sessions of our own must not be taken for others'.
        self._engine.dispose()
        loading = ["psql", "--quiet", "--no-psqlrc", "--no-password", "--set=ON_ERROR_STOP=1"]
        loading.append("--set=VERBOSITY=sqlstate")
        with program(self.url, *loading, reads=False) as database:
            send(database, b"BEGIN;\n" + _CHECK_ALONE.encode() + _CLEAR.encode())
            with closing(self._statements(content)) as statements:
                for block in statements:
                    send(database, block)
            # Without this line, as after a kill, everything stays as it was.
            send(database, _CHECK_ALONE.encode() + b"\nCOMMIT;\n")

    def erased_in(self, content: Content, is_erased: IsErased) -> frozenset[str]:
        """Go through the dump's rows."""
        with closing(self._statements(content())) as statements:
            return erased_ids(rows_of(statements), is_erased)[0]

    def without(self, content: Content, is_erased: IsErased) -> Iterator[bytes]:
        """Leave rows out of the dump, which is kept as SQL then, compressed."""
        with closing(self._statements(content())) as statements:
            _, naming = erased_ids(rows_of(statements), is_erased)
        packer = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP)
        with closing(self._statements(content())) as statements:
            for line in without(rows_of(statements), naming):
                yield packer.compress(line)
        yield packer.flush()

    def lines(self, content: Content) -> Iterator[tuple[str, bytes]]:
        """Yield the dump's rows."""
        with closing(self._statements(content())) as statements:
            for row in rows_of(statements):
                if row.table is not None:
                    yield row.table, row.line

    def _statements(self, content: Iterable[bytes]) -> Generator[bytes, None, None]:
        """Yield what a dump says, as SQL: pg_restore tells, unless something was left out of it."""
        blocks = iter(content)
        first = next(blocks, b"")
        whole = chain([first], blocks)
        if first.startswith(_GZIP_MARK):
            yield from _unpacked(whole)
            return
        unpacking = ["pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--file=-"]
        with program(self.url, *unpacking) as unpacker:
            assert unpacker.stdout is not None
            passing = Passing(unpacker, whole)
            passing.start()
            try:
                while block := unpacker.stdout.read(BLOCK_BYTES):
                    yield block
            except BaseException:
                # Before anybody waits: whoever still writes to it would do so for ever.
                unpacker.kill()
                raise
            finally:
                passing.join()
            if passing.fault is not None:
                raise passing.fault

    def is_in_use(self) -> bool:
        """Say whether others are connected to the database; the server's own processes aren't."""
        self._engine.dispose()
        with reading(self._engine) as connection:
            return bool(connection.execute(text(_OTHERS)).scalar_one())

    def check_tools(self) -> None:
        """Raise DatabaseToolsMissing unless PostgreSQL's programs are here, and new enough."""
        with reading(self._engine) as connection:
            number = connection.execute(text("SHOW server_version_num")).scalar_one()
        check_programs(int(number) // 10_000)


def _unpacked(blocks: Iterable[bytes]) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(GZIP)
    try:
        for block in blocks:
            yield unpacker.decompress(block)
        yield unpacker.flush()
    except zlib.error:
        raise BackupDamaged from None
    if not unpacker.eof:
        raise BackupDamaged
