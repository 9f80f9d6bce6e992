"""Searching the lines of all calls: by FTS5 on SQLite, by ``tsvector`` on PostgreSQL.

Newest means: whose lines came in last. A line holds the first words of its speaker's next one too,
so what is found is where a phrase may begin.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Engine,
    Float,
    FromClause,
    Integer,
    Row,
    Select,
    Text,
    column,
    func,
    literal_column,
    select,
    table,
    text,
    update,
)

from services.domain.searching import FoundLine, LineFilter, Phrase, WordQuery
from services.domain.speech import SpeakerRole
from services.storage.database import reading, writing
from services.storage.models import CALLS
from services.storage.search_tables import (
    FTS_TABLE,
    INDEX_STATE,
    SHOWN_UTTERANCES,
    TSVECTOR_COLUMN,
)

ROWS_AT_ONCE = 5_000
RANKED_AMONG = 2_000
_S = SHOWN_UTTERANCES.c
_LINES = SHOWN_UTTERANCES.join(CALLS, CALLS.c.id == _S.call_id)
_FTS = table(FTS_TABLE, column("rowid", Integer))
_COLUMNS = (
    _S.row_id,
    _S.call_id,
    CALLS.c.source_name,
    CALLS.c.agent_name,
    CALLS.c.held_at,
    _S.utterance_id,
    _S.position,
    _S.role,
    _S.start_ms,
    _S.end_ms,
    _S.text,
    _S.sentiment_score,
)


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
        if not wanted.groups:
            return []
        query = self._matching(org_id, wanted, among).order_by(_S.row_id.desc()).limit(limit)
        with reading(self._engine) as connection:
            return [_found(row) for row in connection.execute(query)]

    def best(
        self, org_id: str, wanted: WordQuery, among: LineFilter | None = None, limit: int = 20
    ) -> list[FoundLine]:
        """Return the newest lines that the query finds, those that fit best first.

        Only the newest 2,000 are compared: to rank all lines that hold a common word takes seconds.
        """
        if not wanted.groups:
            return []
        newest = (
            self._matching(org_id, wanted, among, rank=True)
            .order_by(_S.row_id.desc())
            .limit(RANKED_AMONG)
            .subquery()
        )
        query = select(newest).order_by(newest.c.rank, newest.c.row_id.desc()).limit(limit)
        with reading(self._engine) as connection:
            return [_found(row) for row in connection.execute(query)]

    def latest(
        self, org_id: str, among: LineFilter | None = None, limit: int = 50
    ) -> list[FoundLine]:
        """Return the newest lines whatever they say, backchannels left out."""
        conditions = _conditions(org_id, among or LineFilter())
        query: Select[Any] = select(*_COLUMNS).select_from(_LINES)
        query = query.where(*conditions, ~_S.is_backchannel)
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(_S.row_id.desc()).limit(limit))
            return [_found(row) for row in rows]

    def every(
        self, org_id: str, wanted: WordQuery, among: LineFilter | None = None
    ) -> Iterator[FoundLine]:
        """Yield all lines that the query finds, oldest first, reading some at a time."""
        after = 0
        while wanted.groups:
            query = self._matching(org_id, wanted, among).where(_S.row_id > after)
            query = query.order_by(_S.row_id).limit(ROWS_AT_ONCE)
            with reading(self._engine) as connection:
                rows = connection.execute(query).all()
            yield from map(_found, rows)
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

    def _matching(
        self, org_id: str, wanted: WordQuery, among: LineFilter | None, *, rank: bool = False
    ) -> Select[Any]:
        find = _by_fts5 if self._is_sqlite else _by_tsvector
        tables, matches, closeness = find(wanted)
        columns = (*_COLUMNS, closeness.label("rank")) if rank else _COLUMNS
        conditions = _conditions(org_id, among or LineFilter())
        return select(*columns).select_from(tables).where(matches, *conditions)


_Found = tuple[FromClause, ColumnElement[bool], ColumnElement[float]]
"""Tables to read from, the condition on them, and how close a line is: less is closer."""


def _by_fts5(wanted: WordQuery) -> _Found:
    matches = literal_column(FTS_TABLE, Text).op("MATCH", is_comparison=True)(_fts5(wanted))
    return (
        _LINES.join(_FTS, _FTS.c.rowid == _S.row_id),
        matches,
        literal_column(f"{FTS_TABLE}.rank", Float),
    )


def _by_tsvector(wanted: WordQuery) -> _Found:
    index = literal_column(f"{SHOWN_UTTERANCES.name}.{TSVECTOR_COLUMN}", Text)
    sought = func.to_tsquery("simple", _tsquery(wanted))
    return _LINES, index.op("@@", is_comparison=True)(sought), -func.ts_rank(index, sought)


def _conditions(org_id: str, among: LineFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [_S.org_id == org_id]
    if among.said_by:
        found.append(_S.role == among.said_by.value)
    if among.first_day:
        found.append(CALLS.c.day >= among.first_day)
    if among.last_day:
        found.append(CALLS.c.day <= among.last_day)
    if among.agents:
        found.append(CALLS.c.agent_name.in_(among.agents))
    if among.queues:
        found.append(CALLS.c.queue.in_(among.queues))
    if among.call_ids:
        found.append(_S.call_id.in_(among.call_ids))
    return found


def _fts5(wanted: WordQuery) -> str:
    def phrase(words: Phrase) -> str:
        *first, last = words
        plain = " ".join((*first, last.removesuffix("*")))
        return f'"{plain}"' + (" *" if last.endswith("*") else "")

    return " AND ".join(f"({' OR '.join(map(phrase, group))})" for group in wanted.groups)


def _tsquery(wanted: WordQuery) -> str:
    def word(folded: str) -> str:
        return f"'{folded.removesuffix('*')}'" + (":*" if folded.endswith("*") else "")

    def phrase(words: Phrase) -> str:
        return f"({' <-> '.join(map(word, words))})"

    return " & ".join(f"({' | '.join(map(phrase, group))})" for group in wanted.groups)


def _found(row: Row[Any]) -> FoundLine:
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
    )
