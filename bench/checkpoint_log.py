"""A log of every window that a run remembers, written by the database itself."""

from dataclasses import dataclass

from sqlalchemy import Engine, text

from services.engine.recogniser import LANGUAGE_KEY
from services.storage.database import reading, writing

# Moments in seconds since 1970, by the one clock that parent and worker share.
_NOW = "(julianday('now') - 2440587.5) * 86400.0"
_SELECT = "SELECT name, at_s FROM bench_windows WHERE run = :run ORDER BY rowid"
_TABLE = "CREATE TABLE bench_windows (run INTEGER, name TEXT, at_s REAL)"
_TRIGGER = f"""
CREATE TRIGGER bench_{{change}} AFTER {{change}} ON run_checkpoints
WHEN NEW.name LIKE 'recognise.%' AND NEW.name <> '{LANGUAGE_KEY}'
BEGIN INSERT INTO bench_windows VALUES (NEW.run, NEW.name, {_NOW}); END
"""


@dataclass(frozen=True, kw_only=True)
class Remembered:
    """A window of recognition whose words were put away; ``at_s`` in seconds since 1970."""

    name: str
    at_s: float


class CheckpointLog:
    """Reads what a worker in another process puts away, also what is cleared at the run's end.

    For a throw-away SQLite database only: it adds a table and triggers.
    """

    def __init__(self, engine: Engine) -> None:
        """Install the triggers."""
        self._engine = engine
        with writing(engine) as connection:
            connection.execute(text(_TABLE))
            for change in ("INSERT", "UPDATE"):
                connection.execute(text(_TRIGGER.format(change=change)))

    def of_run(self, run: int) -> list[Remembered]:
        """Return the windows of a run in the order they were put away, repeated ones too."""
        query = text(_SELECT)
        with reading(self._engine) as connection:
            rows = connection.execute(query, {"run": run}).all()
        return [Remembered(name=name, at_s=at_s) for name, at_s in rows]

    def count(self, run: int) -> int:
        """Return how many times a window of this run was put away."""
        query = text("SELECT count(*) FROM bench_windows WHERE run = :run")
        with reading(self._engine) as connection:
            return int(connection.execute(query, {"run": run}).scalar_one())

    def last(self, run: int) -> Remembered | None:
        """Return the window that was put away last."""
        query = text(f"{_SELECT} DESC LIMIT 1")
        with reading(self._engine) as connection:
            row = connection.execute(query, {"run": run}).one_or_none()
        return Remembered(name=row.name, at_s=row.at_s) if row else None
