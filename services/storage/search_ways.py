"""Two ways to find the newest lines with some words, each going on step by step.

One asks the index for the words and looks which of the lines the filter lets through; it is quick
unless the words are common and the filter lets little through. The other reads the lines of the
calls that the filter lets through; it is quick unless the words are rare. Both go from the newest
line to the oldest and can stop at any time, so that they can take turns until one has found enough.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import ceil
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Row,
    Select,
    column,
    literal,
    select,
    table,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.selectable import Join

from services.domain.marking import Marks, marks_in
from services.domain.searching import LineFilter, WordQuery
from services.storage.models import CALLS
from services.storage.search_filters import (
    call_conditions,
    line_conditions,
    narrows_calls,
    places_of,
)
from services.storage.search_places import LAST_PLACE, LINES_PER_CALL
from services.storage.search_tables import FTS_TABLE, SHOWN_UTTERANCES
from services.storage.search_terms import fits_tsvector, holds_words, lacks_words

_C, _S = CALLS.c, SHOWN_UTTERANCES.c
FOUND_COLUMNS: tuple[ColumnElement[Any], ...] = (
    _S.row_id,
    _S.call_id,
    _S.utterance_id,
    _S.position,
    _S.role,
    _S.start_ms,
    _S.end_ms,
    _S.text,
    _S.words,
    _S.sentiment_label,
    _S.sentiment_score,
    _C.source_name,
    _C.agent_name,
    _C.customer_ref,
    _C.queue,
    _C.duration_ms,
    _C.held_at,
)
PLACE_BITS = LINES_PER_CALL.bit_length() - 1
NEWEST = LAST_PLACE * LINES_PER_CALL
# Words may stand in what is said next: so many more lines are read than are missing, at least.
SPARE = 12
# When most of them don't, so many times as many are read next, up to so many.
MORE_AT_ONCE = 4
MOST_AT_ONCE = 5_000
_FTS = table(FTS_TABLE, column("rowid", BigInteger))
FTS_ROW = _FTS.c.rowid


class _InOrder(Join):
    """A join whose left side is read first, and calls by their place.

    SQLite keeps no statistics to find that out by, and prefers the index of days.
    """

    inherit_cache = True


@compiles(_InOrder)
def _write_in_order(join: _InOrder, compiler: SQLCompiler, **options: Any) -> str:
    options["asfrom"] = True
    left, right = (compiler.process(side, **options) for side in (join.left, join.right))
    assert join.onclause is not None
    on = compiler.process(join.onclause, **options)
    if compiler.dialect.name != "sqlite":
        return f"{left} JOIN {right} ON {on}"
    by = " INDEXED BY ix_calls_search_place" if join.right is CALLS else ""
    return f"{left} CROSS JOIN {right}{by} ON {on}"


def _with_calls(lines: FromClause, number: ColumnElement[int]) -> FromClause:
    return _InOrder(lines, CALLS, _C.search_place == number.op(">>")(literal(PLACE_BITS, Integer)))


LINES = _with_calls(SHOWN_UTTERANCES, _S.row_id)
# Where the calls are given, databases shall not go through all lines by their numbers.
UNINDEXED_NUMBER = _S.row_id + literal(0)
INDEXED_LINES = _InOrder(_with_calls(_FTS, FTS_ROW), SHOWN_UTTERANCES, _S.row_id == FTS_ROW)


@dataclass(frozen=True, kw_only=True)
class Sought:
    """What to look for: words (None: any line that is no backchannel) below a number of a line.

    Looking is left off at ``until``, by the monotonic clock.
    """

    org_id: str
    wanted: WordQuery | None
    among: LineFilter
    below: int = NEWEST
    limit: int = 50
    until: float = float("inf")


@dataclass
class Way:
    """What one way has found so far, newest first; ``done`` when there can't be more.

    All lines from ``below`` on have been looked at.
    """

    connection: Connection
    sought: Sought
    found: list[tuple[Row[Any], Marks]] = field(default_factory=list)
    below: int = field(init=False)
    last: int = field(init=False)
    calls_seen: int = 0
    exhausted: bool = False
    # So many times as many lines are read as are missing.
    spare_times: ClassVar[int] = 2

    def __post_init__(self) -> None:
        """Begin at the newest line that is wanted; ``last`` is the oldest that can be."""
        places = places_of(self.sought.among)
        self.below = min(self.sought.below, places.stop * LINES_PER_CALL)
        self.last = places.start * LINES_PER_CALL

    def calls_left(self) -> int:
        """Return in about how many calls more there is what is missing, going by those seen."""
        missing = self.sought.limit - len(self.found)
        return ceil(missing * self.calls_seen / max(0.5, len(self.found)))

    def follow(self, other: "Way") -> None:
        """Go on from where another way has got to."""
        self.found, self.below = other.found, other.below
        self.calls_seen = other.calls_seen

    @property
    def done(self) -> bool:
        """Tell whether enough has been found, or all there is."""
        return self.exhausted or len(self.found) >= self.sought.limit

    def _take(self, query: Select[Any], end: int, number: ColumnElement[int]) -> None:
        """Take lines by ``number`` down to ``end``, until enough are found or time is up."""
        times = 1
        while not self.done and self.below > end:
            missing = self.sought.limit - len(self.found)
            few = max(missing * self.spare_times, missing + SPARE)
            at_once = max(few, min(few * times, MOST_AT_ONCE))
            left = query.where(number.between(end, self.below - 1)).order_by(number.desc())
            rows = self.connection.execute(left.limit(at_once)).all()
            self._keep(rows)
            self.below = rows[-1].row_id if len(rows) == at_once else end
            kept = missing - (self.sought.limit - len(self.found))
            times = times * MORE_AT_ONCE if kept < len(rows) // 2 else 1
            if time.monotonic() >= self.sought.until:
                break

    def _keep(self, rows: Iterable[Row[Any]]) -> None:
        wanted = self.sought.wanted
        for row in rows:
            if len(self.found) >= self.sought.limit:
                return
            marks = () if wanted is None else marks_in(row.text, row.words.split(), wanted)
            if marks is not None:
                self.found.append((row, marks))


class ReadingCalls(Way):
    """Reads the lines of the newest calls that the filter lets through."""

    def go_on(self, calls: int) -> None:
        """Read the lines of so many calls more."""
        among, org_id = self.sought.among, self.sought.org_id
        fitting = (
            select(_C.id, _C.search_place)
            .where(
                *call_conditions(org_id, among, in_order=True),
                _C.search_place.between(self.last >> PLACE_BITS, (self.below - 1) >> PLACE_BITS),
            )
            .order_by(_C.search_place.desc())
            .limit(calls)
        )
        read = self.connection.execute(fitting).all()
        end = self.below
        if read:
            end = read[-1].search_place * LINES_PER_CALL
            query = select(*FOUND_COLUMNS).select_from(LINES).where(*self._tests())
            self.below = min(self.below, (read[0].search_place + 1) * LINES_PER_CALL)
            if narrows_calls(among):
                ids = [row.id for row in read]
                query = query.where(_S.call_id.in_(ids))
                self._take(query, end, UNINDEXED_NUMBER)
            else:
                query = query.where(_S.org_id == org_id, *call_conditions(org_id, among))
                self._take(query, end, _S.row_id)
        self.calls_seen += len(read)
        self.exhausted = len(read) < calls and self.below <= end and not self.done

    def _tests(self) -> list[ColumnElement[bool]]:
        wanted, tests = self.sought.wanted, line_conditions(self.sought.among)
        if wanted is None:
            return [*tests, ~_S.is_backchannel]
        is_sqlite = self.connection.dialect.name == "sqlite"
        fits = holds_words(wanted) if is_sqlite else fits_tsvector(wanted, by_index=False)
        return [*tests, fits, *lacks_words(wanted)]
