"""Asking the index for words: SQLite's goes from the newest line on, PostgreSQL's in no order."""

import time

from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import OperationalError

from services.storage.models import CALLS
from services.storage.search_filters import call_conditions, line_conditions
from services.storage.search_places import LINES_PER_CALL
from services.storage.search_tables import SHOWN_UTTERANCES
from services.storage.search_terms import fits_fts5, fits_tsvector, lacks_words
from services.storage.search_ways import (
    FOUND_COLUMNS,
    FTS_ROW,
    INDEXED_LINES,
    LINES,
    PLACE_BITS,
    UNINDEXED_NUMBER,
    Way,
)

_C, _S = CALLS.c, SHOWN_UTTERANCES.c
# What PostgreSQL says of a statement that took longer than it was given.
TOOK_TOO_LONG = "57014"


class AskingFts5(Way):
    """Asks SQLite's index, which gives its lines in the order of their numbers."""

    def go_on(self, calls: int | None) -> None:
        """Ask for the lines of so many calls more; None: of all."""
        end = self.last if calls is None else self._end(calls)
        assert self.sought.wanted is not None
        query = (
            select(*FOUND_COLUMNS)
            .select_from(INDEXED_LINES)
            .where(
                fits_fts5(self.sought.wanted),
                *lacks_words(self.sought.wanted),
                *call_conditions(self.sought.org_id, self.sought.among, one_by_one=True),
                *line_conditions(self.sought.among),
            )
        )
        self._take(query, end, FTS_ROW)
        self.exhausted = self.below <= self.last and not self.done

    def knows_no_others(self) -> bool:
        """Tell whether all calls there are belong to the organisation that asks."""
        first, last = (select(end(_C.org_id)).scalar_subquery() for end in (func.min, func.max))
        return set(self.connection.execute(select(first, last)).one()) <= {self.sought.org_id, None}

    def _end(self, calls: int) -> int:
        """Return the number below the lines of the next calls, or of the last that can be."""
        query = (
            select(_C.search_place)
            .where(_C.org_id == self.sought.org_id, _C.search_place < self.below >> PLACE_BITS)
            .order_by(_C.search_place.desc())
            .offset(calls)
            .limit(1)
        )
        place = self.connection.execute(query).scalar()
        return self.last if place is None else max(self.last, int(place) * LINES_PER_CALL)


class AskingGin(Way):
    """Asks PostgreSQL's index, which gives all lines with the words at once, in no order.

    So it is asked for those with certain numbers only, which another index has: of both, the
    server makes a map of lines, and reads those that are in both maps.
    """

    gave_up = False
    # It is asked for all of them however few are taken.
    spare_times = 6

    def go_on(self, calls: int | None) -> None:
        """Find what is in so many calls more, None: in all; ``gave_up`` if that takes too long."""
        try:
            with self.connection.begin_nested():
                self._ask(self.last if calls is None else self._end(calls))
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) != TOOK_TOO_LONG:
                raise
            self.gave_up = True
        self.calls_seen += calls or 0

    def _end(self, calls: int) -> int:
        """Return the number below the lines of so many calls more that the filter lets through."""
        sought, place = self.sought, self.below >> PLACE_BITS
        fitting = call_conditions(sought.org_id, sought.among, in_order=True)
        query = select(_C.search_place).where(*fitting, _C.search_place.between(0, place))
        query = query.order_by(_C.search_place.desc()).offset(calls).limit(1)
        found = self.connection.execute(query).scalar()
        return self.last if found is None else max(self.last, int(found) * LINES_PER_CALL)

    def _ask(self, end: int) -> None:
        assert self.sought.wanted is not None
        # Lines come first, then the call of each: the planner may take them for more than they are.
        wished = dict.fromkeys(("enable_seqscan", "enable_hashjoin", "enable_mergejoin"), "off")
        if self.sought.until < float("inf"):
            left_ms = max(1, int(1000 * (self.sought.until - time.monotonic()) / 2))
            wished["statement_timeout"] = str(left_ms)
        self.connection.execute(
            select(*(func.set_config(name, value, True) for name, value in wished.items()))
        )
        query = (
            select(*FOUND_COLUMNS)
            .select_from(LINES)
            .where(
                _S.row_id.between(end, self.below - 1),
                fits_tsvector(self.sought.wanted),
                *lacks_words(self.sought.wanted),
                _S.org_id == self.sought.org_id,
                *call_conditions(self.sought.org_id, self.sought.among, one_by_one=True),
                *line_conditions(self.sought.among),
            )
        )
        self._take(query, end, UNINDEXED_NUMBER)
        self.exhausted = self.below <= self.last and not self.done


def lines_there_are(connection: Connection) -> int:
    """Return about how many lines PostgreSQL has, from its own statistics."""
    query = select(func.coalesce(func.max(text("reltuples")), 0)).select_from(text("pg_class"))
    found = connection.execute(query.where(text(f"oid = '{SHOWN_UTTERANCES.name}'::regclass")))
    return max(0, int(found.scalar_one()))
