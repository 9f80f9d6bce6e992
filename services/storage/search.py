"""Searching the lines of all calls: by FTS5 on SQLite, by ``tsvector`` on PostgreSQL.

Newest means: of the calls that were held last. What is found is where a phrase begins; it may end
in the next line of the same speaker.
"""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy import Engine, Row, select, text, update

from services.domain.marking import Marks, best_first, marks_in
from services.domain.searching import FoundCount, FoundLine, FoundPage, LineFilter, WordQuery
from services.domain.speech import SentimentLabel, SpeakerRole
from services.storage.database import reading, writing
from services.storage.search_filters import call_conditions, line_conditions
from services.storage.search_looking import look
from services.storage.search_places import moment_of
from services.storage.search_tables import FTS_TABLE, INDEX_STATE, SHOWN_UTTERANCES
from services.storage.search_terms import fits_fts5, fits_tsvector, lacks_words
from services.storage.search_ways import FOUND_COLUMNS, LINES, NEWEST, PLACE_BITS, Sought, Way

__all__ = ["NEWEST", "SearchIndex", "line_from_row"]

ROWS_AT_ONCE = 5_000
RANKED_AMONG = 2_000
MOST_COUNTED = 1_000
COUNTING_S = 0.25
# How long is looked for lines to show before what was found so far is shown.
LOOKING_S = 5.0
_S = SHOWN_UTTERANCES.c


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
        """Return the lines that the query finds, newest first, those after a page before it.

        After 5 s of looking, those found so far; the next page goes on from there.
        """
        sought = Sought(
            org_id=org_id,
            wanted=wanted,
            among=among or LineFilter(),
            below=NEWEST if below is None else below,
            limit=limit + 1,
        )
        way = self._found(sought)
        lines = tuple(line_from_row(row, marks) for row, marks in way.found[:limit])
        if way.done:
            more = way.found[limit - 1][0].row_id if len(way.found) > limit else None
            return FoundPage(lines=lines, next_page=None if more is None else f"{more:x}")
        back_to = moment_of(way.below >> PLACE_BITS)
        return FoundPage(lines=lines, next_page=f"{way.below:x}", looked_back_to=back_to)

    def best(
        self, org_id: str, wanted: WordQuery, among: LineFilter | None = None, limit: int = 20
    ) -> list[FoundLine]:
        """Return the lines of ``ranked``."""
        return list(self.ranked(org_id, wanted, among, limit).lines)

    def ranked(
        self, org_id: str, wanted: WordQuery, among: LineFilter | None = None, limit: int = 20
    ) -> FoundPage:
        """Return the newest lines that the query finds, those that fit best first.

        Only the newest 2,000 are compared, or those found within 5 s: to rank all lines that hold
        a common word takes seconds.
        """
        among = among or LineFilter()
        sought = Sought(org_id=org_id, wanted=wanted, among=among, limit=RANKED_AMONG)
        found = self._found(sought).found
        order = best_first([row.words.split() for row, _ in found], wanted)[:limit]
        lines = tuple(line_from_row(*found[at]) for at in order)
        return FoundPage(lines=lines, compared=len(found))

    def count(self, org_id: str, wanted: WordQuery, among: LineFilter | None = None) -> FoundCount:
        """Return how many lines the query finds: at most 1,000, and only while that is quick."""
        sought = Sought(
            org_id=org_id,
            wanted=wanted,
            among=among or LineFilter(),
            limit=MOST_COUNTED + 1,
            until=time.monotonic() + COUNTING_S,
        )
        way = self._found(sought)
        lines = len(way.found)
        return FoundCount(lines=min(lines, MOST_COUNTED), exact=way.done and lines <= MOST_COUNTED)

    def latest(
        self, org_id: str, among: LineFilter | None = None, limit: int = 50
    ) -> list[FoundLine]:
        """Return the newest lines whatever they say, backchannels left out."""
        sought = Sought(org_id=org_id, wanted=None, among=among or LineFilter(), limit=limit)
        return [line_from_row(row, marks) for row, marks in self._found(sought).found]

    def every(
        self, org_id: str, wanted: WordQuery, among: LineFilter | None = None
    ) -> Iterator[FoundLine]:
        """Yield all lines that the query finds, oldest first, reading some at a time."""
        after, among = 0, among or LineFilter()
        while wanted.groups:
            query = select(*FOUND_COLUMNS).where(
                *call_conditions(org_id, among),
                *line_conditions(among),
                *lacks_words(wanted),
                _S.row_id > after,
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

    def _found(self, sought: Sought) -> Way:
        """Return the way that has found what is sought; the better one if time is up before."""
        if sought.until == float("inf"):
            sought = replace(sought, until=time.monotonic() + LOOKING_S)
        with reading(self._engine) as connection:
            return look(connection, sought)


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
