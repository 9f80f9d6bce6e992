"""Puts made-up calls into a database, batch by batch, and takes them out again.

A batch is one transaction, so that breaking off leaves whole calls, in lists, sums and search
alike; the next time batches that are there are passed over.
"""

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, select

from app.seeding.batches import KEY_COLUMNS, BatchMaker, Rows
from app.seeding.calls import MARK, History, made_id
from services.storage.database import forget_log, reading, writing
from services.storage.keys import MasterKey
from services.storage.models import CALLS
from services.storage.rollups import RollupStore
from services.storage.search_places import LINES_PER_CALL, place_of_call
from services.storage.search_tables import SHOWN_UTTERANCES

CALLS_AT_ONCE = 1_000
BATCHES_PER_FOLD = 10
FEW = 4_000
Told = Callable[[int], None]


class SeededCalls:
    """Adds made-up calls and removes them. Raises StorageError, DiskFull."""

    def __init__(self, engine: Engine, key: MasterKey, made_with: str) -> None:
        """Use this database and key; ``made_with`` says by what calls count as scored."""
        self._engine = engine
        self._key = key
        self._made_with = made_with

    def add(self, history: History, told: Told, *, processes: int | None = None) -> int:
        """Add the calls of a history that aren't there yet; return how many those were.

        ``told`` hears how many of all there are. Several ``processes`` make them up, one writes.
        """
        missing = self._missing(history)
        maker = BatchMaker(
            history=history,
            made_with=self._made_with,
            moments_in_zone=self._engine.dialect.name != "sqlite",
        )
        wanted = sum(end - first for first, end in missing)
        done = history.calls - wanted
        few = processes == 1 or wanted <= FEW
        made = _made_here(maker, missing) if few else _made_apart(maker, missing, processes)
        rollups = RollupStore(self._engine)
        for number, ((first, end), batch) in enumerate(zip(missing, made, strict=True), 1):
            with writing(self._engine) as connection:
                for rows in batch:
                    _write(connection, _numbered(connection, self._with_keys(rows)))
            done += end - first
            told(done)
            if number % BATCHES_PER_FOLD == 0:
                rollups.fold()
        rollups.fold()
        forget_log(self._engine)
        return wanted

    def _with_keys(self, rows: Rows) -> Rows:
        """Return the rows of calls each with its key; others as they are."""
        if rows.table != CALLS.name:
            return rows
        at = rows.columns.index("id")
        keys = [self._key.new_data_key(values[at]) for values in rows.values]
        both = zip(rows.values, keys, strict=True)
        return Rows(
            table=rows.table,
            columns=(*rows.columns, *KEY_COLUMNS),
            values=[(*values, key.key_id, key.sealed) for values, key in both],
        )

    def _missing(self, history: History) -> list[tuple[int, int]]:
        """Return first and last number of the batches that aren't there."""
        starts = range(0, history.calls, CALLS_AT_ONCE)
        batches = [(first, min(history.calls, first + CALLS_AT_ONCE)) for first in starts]
        mark = f"{MARK}{history.seed}:"
        with reading(self._engine) as connection:
            query = select(CALLS.c.id).where(
                CALLS.c.org_id == history.org_id,
                CALLS.c.content_hash.startswith(mark, autoescape=True),
            )
            there = set(connection.execute(query).scalars())
        # A shorter history ends in a batch that is not full; its calls stay, the others are added.
        return [
            (next(n for n in range(first, end) if made_id(history, n) not in there), end)
            for first, end in batches
            if made_id(history, end - 1) not in there
        ]

    def count(self, org_id: str) -> int:
        """Return how many made-up calls there are."""
        query = select(func.count()).select_from(CALLS).where(*_seeded(org_id))
        with reading(self._engine) as connection:
            return connection.execute(query).scalar_one()

    def remove(self, org_id: str, told: Told) -> int:
        """Delete all made-up calls; return how many there were."""
        removed = 0
        some = select(CALLS.c.id).where(*_seeded(org_id)).limit(CALLS_AT_ONCE)
        rollups = RollupStore(self._engine)
        while True:
            with writing(self._engine) as connection:
                ids = connection.execute(some).scalars().all()
                if not ids:
                    break
                connection.execute(delete(CALLS).where(CALLS.c.id.in_(ids)))
            rollups.fold()
            removed += len(ids)
            told(removed)
        forget_log(self._engine)
        return removed


def _seeded(org_id: str) -> Sequence[Any]:
    return (CALLS.c.org_id == org_id, CALLS.c.content_hash.startswith(MARK, autoescape=True))


def _made_here(maker: BatchMaker, batches: Sequence[tuple[int, int]]) -> Iterator[list[Rows]]:
    return (maker.make(first, end) for first, end in batches)


def _made_apart(
    maker: BatchMaker, batches: Sequence[tuple[int, int]], processes: int | None
) -> Iterator[list[Rows]]:
    """Have batches made in children, a few ahead of the one that is asked for."""
    count = processes or min(os.cpu_count() or 1, 8)
    pool = ProcessPoolExecutor(
        count,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin_child,
        initargs=(maker,),
    )
    ahead: deque[Future[list[Rows]]] = deque()
    try:
        for first, end in batches:
            ahead.append(pool.submit(_make_in_child, first, end))
            if len(ahead) > count + 1:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_maker_of_child: list[BatchMaker] = []


def _begin_child(maker: BatchMaker) -> None:
    # Breaking off is the parent's: it lets the children finish what they are at.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _maker_of_child[:] = [maker]


def _make_in_child(first: int, end: int) -> list[Rows]:
    return _maker_of_child[0].make(first, end)


def _numbered(connection: Connection, rows: Rows) -> Rows:
    """Give lines the numbers that say when their calls were held, which are stored by now."""
    if rows.table != SHOWN_UTTERANCES.name:
        return rows
    call, position = rows.columns.index("call_id"), rows.columns.index("position")
    first = {
        call_id: place_of_call(connection, call_id) * LINES_PER_CALL
        for call_id in dict.fromkeys(values[call] for values in rows.values)
    }
    return replace(
        rows,
        columns=("row_id", *rows.columns),
        values=[(first[values[call]] + values[position], *values) for values in rows.values],
    )


def _write(connection: Connection, rows: Rows) -> None:
    """Write rows with the driver itself, which takes many of them the fastest way there is."""
    driver: Any = connection.connection.driver_connection
    names = ", ".join(rows.columns)
    if connection.dialect.name == "sqlite":
        places = ", ".join("?" * len(rows.columns))
        driver.executemany(f"INSERT INTO {rows.table} ({names}) VALUES ({places})", rows.values)
        return
    with (
        driver.cursor() as cursor,
        cursor.copy(f"COPY {rows.table} ({names}) FROM STDIN") as copy,
    ):
        for values in rows.values:
            copy.write_row(values)
