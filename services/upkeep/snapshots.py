"""The database as a whole: taken at one moment while others work on it, and put back."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from sqlalchemy import URL, Connection, Engine, inspect, select, text

from services.domain.errors import NothingToKeep
from services.storage.database import reading
from services.storage.models import CALLS
from services.storage.schema import found_revision

BLOCK_BYTES = 1024 * 1024

# What was written into a snapshot, from its beginning each time it is asked for.
Content = Callable[[], Iterable[bytes]]
IsErased = Callable[[str], bool]

# A call, one that was being held, and what was to become one: the call then has its id.
CALL_TABLES = ("calls", "live_calls", "uploads")
# What providers keep of a call is to be deleted there, whoever's it was.
COPIES = "provider_copies"
# What is written down for good names ids and nothing else of a call.
_FOR_GOOD = ("audit", "erased_calls")

# What people have made; where all of these are empty, restoring takes nothing away.
_PRECIOUS = (
    "calls",
    "live_calls",
    "known_voices",
    "vocabularies",
    "rules",
    "scorecards",
    "voice_signatures",
)


class Sink(Protocol):
    """Takes bytes."""

    def write(self, data: bytes, /) -> object:
        """Take the next bytes."""


class Snapshot(ABC):
    """The database at one moment; ``revision`` is its schema's, ``call_ids`` whom it has."""

    revision: str
    call_ids: frozenset[str]

    @abstractmethod
    def write(self, sink: Sink) -> None:
        """Write all of it. Raises StorageError, DiskFull, DatabaseRefused."""


class DatabaseSnapshots(ABC):
    """Takes and restores one kind of database."""

    dialect: str

    def __init__(self, engine: Engine, folder: Path) -> None:
        """Work on this database; ``folder`` may hold a copy of it for a while."""
        self._engine = engine
        self._folder = folder

    @property
    def url(self) -> URL:
        """The database's address."""
        return self._engine.url

    @abstractmethod
    def check_tools(self) -> None:
        """Raise DatabaseToolsMissing unless everything that the work needs is installed."""

    @abstractmethod
    def taken(self) -> AbstractContextManager[Snapshot]:
        """Return a context that holds the database's state of its beginning."""

    @abstractmethod
    def restore(self, content: Iterable[bytes]) -> None:
        """Put a snapshot in the place of all there is, at once or not at all.

        Raises BackupDamaged, StillRunning, DatabaseRefused, StorageError, DiskFull,
        DatabaseToolsMissing.
        """

    @abstractmethod
    def erased_in(self, content: Content, is_erased: IsErased) -> frozenset[str]:
        """Return the ids of calls in a snapshot that have been erased since it was taken.

        Raises BackupDamaged, DatabaseToolsMissing, StorageError, DiskFull.
        """

    @abstractmethod
    def without(self, content: Content, is_erased: IsErased) -> Iterator[bytes]:
        """Yield a snapshot without all that names one of those calls; ``restore`` takes it.

        Raises as ``erased_in``.
        """

    @abstractmethod
    def lines(self, content: Content) -> Iterator[tuple[str, bytes]]:
        """Yield each row of a snapshot with its table's name, to look for something in it.

        Raises as ``erased_in``.
        """

    @abstractmethod
    def is_in_use(self) -> bool:
        """Say whether anybody else is connected to the database."""

    def is_empty(self) -> bool:
        """Say whether there is nothing that restoring would take away."""
        with reading(self._engine) as connection:
            there = set(inspect(connection).get_table_names())
            return not any(
                connection.execute(text(f"SELECT 1 FROM {name} LIMIT 1")).first()
                for name in _PRECIOUS
                if name in there
            )


def is_for_good(table: str) -> bool:
    """Say whether rows of a table outlive the calls that they name."""
    return table.startswith(_FOR_GOOD)


def read_calls(connection: Connection) -> tuple[str, frozenset[str]]:
    """Return the schema's revision and the ids of all calls.

    Raises NothingToKeep where there is no installation.
    """
    revision = found_revision(connection)
    if revision is None:
        raise NothingToKeep
    return revision, frozenset(connection.execute(select(CALLS.c.id)).scalars())
