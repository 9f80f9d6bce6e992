"""Searching the lines of all calls: by FTS5 on SQLite, by ``tsvector`` on PostgreSQL.

Newest means: of the calls that were held last. What is found is where a phrase begins; it may end
in the next line of the same speaker.
"""

import time
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Engine, Row, select, text, update

from services.domain.marking import Marks, best_first, marks_in
from services.domain.searching import FoundCount, FoundLine, FoundPage, LineFilter, WordQuery
from services.domain.speech import SentimentLabel, SpeakerRole
from services.storage.database import reading, writing
from services.storage.search_filters import call_conditions, line_conditions, narrows_calls
from services.storage.search_tables import FTS_TABLE, INDEX_STATE, SHOWN_UTTERANCES
from services.storage.search_terms import fits_fts5, fits_tsvector, has_beginnings
from services.storage.search_ways import (
    FOUND_COLUMNS,
    LINES,
    NEWEST,
    AskingFts5,
    AskingGin,
    ReadingCalls,
    Sought,
    Way,
    calls_there_are,
)

__all__ = ["NEWEST", "SearchIndex", "line_from_row"]

ROWS_AT_ONCE = 5_000
RANKED_AMONG = 2_000
MOST_COUNTED = 1_000
COUNTING_S = 0.25
_S = SHOWN_UTTERANCES.c

# How many calls are read first, and how many times as many with each step after that.
FIRST_READ, GROWTH, MOST_READ = 50, 2, 800
# The index gets through so many calls more in the same time.
FIRST_ASKED = 2_000
# How many calls SQLite reads before it asks its index for beginnings of words.
READ_FOR_BEGINNINGS = 100
# PostgreSQL: how long it takes to test the next line in order, a line of the next call that the
# filter lets through, and one that the index names; in the time of the first.
NEXT_LINE, NEXT_CALLS_LINE, NAMED_LINE = 1, 3, 10
LINES_OF_A_CALL = 40
# What share of all lines a filter by role, or by sentiment, lets through at the least.
LINE_FILTER_SHARE = 0.4


class SearchIndex:
    """Finds lines by their words. Every method raises StorageError when the database can't."""

    def __init__(self, engine: Engine) -> None:
        """Use this database."""
        self._engine = engine
        self._is_sqlite = engine.dialect.name == "sqlite"

    def newest(
        self, org_id: str, wanted: WordQuery, among: LineFilter | None = None, limit: int = 50
    ) -> list[FoundLine]:
        """Return the lines that the query finds, newest first."""
        return list(self.page(org_id, wanted, among, limit).lines)

    def page(
        self,
        org_id: str,
        wanted: WordQuery,
        among: LineFilter | None = None,
        limit: int = 50,
        below: int | None = None,
    ) -> FoundPage:
        """Return the lines that the query finds, newest first, those after a page before it."""
        sought = Sought(
            org_id=org_id,
            wanted=wanted,
            among=among or LineFilter(),
            below=NEWEST if below is None else below,
            limit=limit + 1,
        )
        found = self._found(sought)
        lines = tuple(line_from_row(row, marks) for row, marks in found[:limit])
        more = found[limit - 1][0].row_id if len(found) > limit else None
        return FoundPage(lines=lines, next_page=None if more is None else f"{more:x}")

    def best(
        self, org_id: str, wanted: WordQuery, among: LineFilter | None = None, limit: int = 20
    ) -> list[FoundLine]:
        """Return the lines of ``ranked``."""
        return list(self.ranked(org_id, wanted, among, limit).lines)

    def ranked(
        self, org_id: str, wanted: WordQuery, among: LineFilter | None = None, limit: int = 20
    ) -> FoundPage:
        """Return the newest lines that the query finds, those that fit best first.

        Only the newest 2,000 are compared: to rank all lines that hold a common word takes seconds.
        """
        among = among or LineFilter()
        sought = Sought(org_id=org_id, wanted=wanted, among=among, limit=RANKED_AMONG)
        found = self._found(sought)
        order = best_first([row.words.split() for row, _ in found], wanted)[:limit]
        lines = tuple(line_from_row(*found[at]) for at in order)
        return FoundPage(lines=lines, compared=len(found))

    def count(self, org_id: str, wanted: WordQuery, among: LineFilter | None = None) -> FoundCount:
        """Return how many lines the query finds: at most 1,000, and only while that is quick."""
        sought = Sought(
            org_id=org_id, wanted=wanted, among=among or LineFilter(), limit=MOST_COUNTED + 1
        )
        until = time.monotonic() + COUNTING_S
        with reading(self._engine) as connection:
            way = self._look(connection, sought, until)
        lines = len(way.found)
        return FoundCount(lines=min(lines, MOST_COUNTED), exact=way.done and lines <= MOST_COUNTED)

    def latest(
        self, org_id: str, among: LineFilter | None = None, limit: int = 50
    ) -> list[FoundLine]:
        """Return the newest lines whatever they say, backchannels left out."""
        sought = Sought(org_id=org_id, wanted=None, among=among or LineFilter(), limit=limit)
        with reading(self._engine) as connection:
            way = ReadingCalls(connection, sought)
            _read_all(way)
        return [line_from_row(row, marks) for row, marks in way.found]

    def every(
        self, org_id: str, wanted: WordQuery, among: LineFilter | None = None
    ) -> Iterator[FoundLine]:
        """Yield all lines that the query finds, oldest first, reading some at a time."""
        after, among = 0, among or LineFilter()
        while wanted.groups:
            query = select(*FOUND_COLUMNS).where(
                *call_conditions(org_id, among), *line_conditions(among), _S.row_id > after
            )
            if self._is_sqlite:
                matching = select(text("rowid")).select_from(text(FTS_TABLE))
                matching = matching.where(fits_fts5(wanted))
                query = query.where(_S.row_id.in_(matching))
            else:
                query = query.where(fits_tsvector(wanted))
            query = query.select_from(LINES).order_by(_S.row_id).limit(ROWS_AT_ONCE)
            with reading(self._engine) as connection:
                rows = connection.execute(query).all()
            for row in rows:
                marks = marks_in(row.text, row.words.split(), wanted)
                if marks is not None:
                    yield line_from_row(row, marks)
            if len(rows) < ROWS_AT_ONCE:
                return
            after = rows[-1].row_id

    def remove_deleted_words(self) -> int:
        """Rid the index of words of deleted lines; return how many lines were deleted.

        SQLite's index keeps them until its pieces are merged; PostgreSQL's vacuum does it there.
        """
        if not self._is_sqlite:
            return 0
        with writing(self._engine) as connection:
            deletions = connection.execute(select(INDEX_STATE.c.deletions)).scalar() or 0
            if deletions:
                merge = text(f"INSERT INTO {FTS_TABLE}({FTS_TABLE}) VALUES ('optimize')")
                connection.execute(merge)
                connection.execute(update(INDEX_STATE).values(deletions=0))
        return int(deletions)

    def _found(self, sought: Sought) -> list[tuple[Row[Any], Marks]]:
        with reading(self._engine) as connection:
            return self._look(connection, sought).found

    def _look(self, connection: Connection, sought: Sought, until: float | None = None) -> Way:
        """Return the way that has found what is sought; the better one if time is up before."""
        if sought.wanted is None or not sought.wanted.groups:
            return Way(connection, sought, exhausted=True)
        look = _look_in_sqlite if self._is_sqlite else _look_in_postgresql
        return look(connection, sought, until or float("inf"))


def _look_in_sqlite(connection: Connection, sought: Sought, until: float) -> Way:
    assert sought.wanted is not None
    reader, asker = ReadingCalls(connection, sought), AskingFts5(connection, sought)
    if has_beginnings(sought.wanted):
        # The index gathers all lines of all words so begun before it gives the first one: ask it
        # only when they are few.
        reader.go_on(READ_FOR_BEGINNINGS)
        if not reader.done:
            asker.go_on(None)
        return reader if reader.done else asker
    if asker.below == NEWEST and not narrows_calls(sought.among) and asker.knows_no_others():
        asker.go_on(None)
        return asker
    return _in_turns(reader, asker, until)


def _in_turns(reader: ReadingCalls, asker: AskingFts5, until: float) -> Way:
    """Go on with the way that has taken less time so far, until one is done or time is up.

    So it takes at most about twice as long as the quicker one would alone.
    """
    read, asked, reading_s, asking_s = FIRST_READ, FIRST_ASKED, 0.0, 0.0
    while (now := time.monotonic()) < until:
        if reading_s <= asking_s:
            reader.go_on(read)
            read = _next_read(reader, read)
            reading_s += time.monotonic() - now
        else:
            asker.go_on(asked)
            asked *= GROWTH**2
            asking_s += time.monotonic() - now
        if reader.done or asker.done:
            break
    return asker if asker.done else max(reader, asker, key=lambda way: len(way.found))


def _next_read(reader: ReadingCalls, read: int) -> int:
    """Return how many calls to read next, after so many: more, but not many more than it takes."""
    enough = max(FIRST_READ, reader.calls_left() * 4 // 3) if reader.found else MOST_READ
    return min(read * GROWTH, enough, MOST_READ)


def _look_in_postgresql(connection: Connection, sought: Sought, until: float) -> Way:
    reader, asker = ReadingCalls(connection, sought), AskingGin(connection, sought)
    read, all_calls = 2 * FIRST_READ, calls_there_are(connection)
    while time.monotonic() < until:
        reader.go_on(read)
        if reader.done:
            return reader
        if _index_is_quicker(reader, all_calls):
            asker.go_on()
            return asker
        read = _next_read(reader, read)
    return reader


def _index_is_quicker(reader: ReadingCalls, all_calls: int) -> bool:
    """Tell whether it takes less to fetch all lines with the words than to read on."""
    sought, found = reader.sought, len(reader.found)
    share = 1.0
    for filtered in (sought.among.said_by, sought.among.sentiments):
        share *= LINE_FILTER_SHARE if filtered else 1.0
    per_call = max(found, 0.5) / max(1, reader.calls_seen)
    line = NEXT_CALLS_LINE if narrows_calls(sought.among) else NEXT_LINE
    to_read = (sought.limit - found) / per_call * LINES_OF_A_CALL * line
    to_fetch = per_call / share * max(all_calls, reader.calls_seen) * NAMED_LINE
    return to_fetch < to_read


def _read_all(way: ReadingCalls) -> None:
    read = FIRST_READ
    while not way.done:
        way.go_on(read)
        read = min(read * GROWTH, MOST_READ)


def line_from_row(row: "Row[*tuple[Any, ...]]", marks: Marks) -> FoundLine:
    """Return the line in a row of ``FOUND_COLUMNS``."""
    return FoundLine(
        call_id=row.call_id,
        source_name=row.source_name,
        agent_name=row.agent_name,
        held_at=row.held_at,
        utterance_id=row.utterance_id,
        position=row.position,
        role=SpeakerRole(row.role),
        start_ms=row.start_ms,
        end_ms=row.end_ms,
        text=row.text,
        sentiment_score=row.sentiment_score,
        sentiment=SentimentLabel(row.sentiment_label) if row.sentiment_label else None,
        customer_ref=row.customer_ref,
        queue=row.queue,
        duration_ms=row.duration_ms,
        marks=marks,
    )
