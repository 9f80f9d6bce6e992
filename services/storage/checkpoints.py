"""What a run has done so far, kept across a kill of its process.

The contents are encrypted with the call's data key (they hold words that redaction may still take
out) and are gone when the run ends.
"""

from collections.abc import Iterator, MutableMapping

from sqlalchemy import ColumnElement, Engine, and_, delete, func, select
from sqlalchemy.exc import IntegrityError

from services.domain.errors import NotFound
from services.storage.database import reading, writing
from services.storage.keys import DataKey
from services.storage.models import RUN_CHECKPOINTS
from services.storage.rows import upsert
from services.storage.run_changes import GOT_ON, named


class RunCheckpoints(MutableMapping[str, bytes]):
    """The checkpoints of one run by name.

    Writing one raises NotFound when the run has ended, its call has been deleted or another worker
    has the run, and starts the count of attempts again. Reading raises KeyError for a missing one,
    DataDamaged for one that was changed or moved.
    """

    def __init__(
        self, engine: Engine, call_id: str, run: int, cipher: DataKey, *, claim: int | None = None
    ) -> None:
        """Keep the checkpoints of this run; ``cipher`` is the call's data key.

        With ``claim``, only while that is the claim of the worker that has the run.
        """
        self._engine = engine
        self._call_id = call_id
        self._run = run
        self._cipher = cipher
        self._claim = claim

    def __setitem__(self, name: str, content: bytes) -> None:
        """Keep this content."""
        sealed = self._cipher.seal(content, context=self._context(name))
        mine = named(self._call_id, self._run, self._claim)
        with writing(self._engine) as connection:
            # Touching the run's row first orders this against the run's end on any database.
            found = connection.execute(GOT_ON, mine).first()
            if found is None:
                raise NotFound
            row = {
                "call_id": self._call_id,
                "run": self._run,
                "name": name,
                "org_id": found.org_id,
                "content": sealed,
            }
            try:
                upsert(connection, RUN_CHECKPOINTS, row, key=("call_id", "run", "name"))
            except IntegrityError:
                raise NotFound from None

    def __getitem__(self, name: str) -> bytes:
        """Return the content kept under this name."""
        query = select(RUN_CHECKPOINTS.c.content).where(self._is(name))
        with reading(self._engine) as connection:
            sealed = connection.execute(query).scalar()
        if sealed is None:
            raise KeyError(name)
        return self._cipher.unseal(sealed, context=self._context(name))

    def __delitem__(self, name: str) -> None:
        """Forget the content kept under this name."""
        with writing(self._engine) as connection:
            if not connection.execute(delete(RUN_CHECKPOINTS).where(self._is(name))).rowcount:
                raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        """Yield the names in order."""
        query = select(RUN_CHECKPOINTS.c.name).where(self._mine()).order_by("name")
        with reading(self._engine) as connection:
            names = list(connection.execute(query).scalars())
        return iter(names)

    def __len__(self) -> int:
        """Return how many there are."""
        query = select(func.count()).select_from(RUN_CHECKPOINTS).where(self._mine())
        with reading(self._engine) as connection:
            return connection.execute(query).scalar_one()

    def clear(self) -> None:
        """Forget everything."""
        with writing(self._engine) as connection:
            connection.execute(delete(RUN_CHECKPOINTS).where(self._mine()))

    def _mine(self) -> ColumnElement[bool]:
        return and_(RUN_CHECKPOINTS.c.call_id == self._call_id, RUN_CHECKPOINTS.c.run == self._run)

    def _is(self, name: str) -> ColumnElement[bool]:
        return and_(self._mine(), RUN_CHECKPOINTS.c.name == name)

    def _context(self, name: str) -> str:
        return f"checkpoint {self._call_id} {self._run} {name}"
