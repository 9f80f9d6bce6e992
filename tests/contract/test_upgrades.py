"""Databases of earlier versions are brought up to date, and their calls are still there.

The rows in earlier/ were written by the code of their time, before the next step of the schema.
"""

import base64
import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Boolean, Date, DateTime, Engine, MetaData, Table

from services.domain.searching import read_query
from services.review.refreshing import Refresher
from services.storage.calls import CallStore
from services.storage.database import open_engine, writing
from services.storage.runs import RunStore
from services.storage.schema import alembic_config, known_revisions, migrate
from services.storage.search import SearchIndex
from services.storage.transcripts import TranscriptStore
from services.storage.usage import UsageStore
from tests.contract.places import bare_postgres
from tests.contract.stores import MASTER_KEY, ORG, add, analysed

EARLIER = {file.stem: file for file in sorted((Path(__file__).parent / "earlier").glob("*.json"))}


@pytest.fixture(params=["sqlite", "postgresql"])
def bare(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database of each kind with nothing in it, not even tables."""
    if request.param == "sqlite":
        engine = open_engine(f"sqlite:///{tmp_path / 'bare' / 'partyline.db'}")
    else:
        engine = open_engine(bare_postgres(request.getfixturevalue("postgres")))
    yield engine
    engine.dispose()


def test_there_are_rows_of_the_first_schema_and_of_later_ones() -> None:
    assert "0001" in EARLIER
    assert len(EARLIER) > 4
    assert EARLIER.keys() <= known_revisions()


@pytest.mark.parametrize("revision", EARLIER)
def test_calls_of_earlier_versions_are_still_there(bare: Engine, revision: str) -> None:
    fill(bare, revision)
    migrate(bare)
    calls, runs, transcripts = CallStore(bare), RunStore(bare), TranscriptStore(bare)
    assert {row.call.id for row in calls.list(ORG)} == {"edited", "waiting"}
    spoken = transcripts.active(ORG, "edited")
    assert [line.text for line in spoken.utterances][1] == (
        "my bill is wrong and I am really upset about it"
    )
    assert all(line.words for line in spoken.utterances)
    assert transcripts.edits(ORG, "edited").names == {"s1": "Nora"}
    assert runs.get(ORG, "waiting", 1).options.provider == "local"
    for call_id in ("edited", "waiting"):
        MASTER_KEY.unwrap(calls.key(ORG, call_id), call_id)

    Refresher(calls, transcripts, NoVoices()).refresh()
    assert transcripts.in_older_form(10) == []
    [found] = SearchIndex(bare).newest(ORG, read_query("upset"))
    assert found.call_id == "edited"
    figures = transcripts.figures(ORG, "edited")
    assert figures is not None
    assert figures.duration_ms == spoken.duration_ms

    # Of the call that was transcribed then, not of the one that waits.
    used = UsageStore(bare).transcribed(ORG, date(2000, 1, 1))
    assert [used[key] for key in used if key[1] == "scripted"] == [(1, 22_000)]

    new = add(calls)
    transcripts.save(ORG, new.id, 1, analysed())
    assert len(SearchIndex(bare).newest(ORG, read_query("upset"))) == 2
    calls.delete(ORG, "edited")
    assert len(SearchIndex(bare).newest(ORG, read_query("upset"))) == 1


class NoVoices:
    """Nobody's voice is known."""

    def names(self, _org_id: str) -> dict[str, str]:
        return {}


def fill(engine: Engine, revision: str) -> None:
    """Bring an empty database to an earlier schema and put the rows of its time in."""
    rows: dict[str, list[dict[str, Any]]] = json.loads(EARLIER[revision].read_text())["rows"]
    with writing(engine) as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        there = MetaData()
        there.reflect(connection, resolve_fks=False, only=list(rows))
        for table in there.sorted_tables:
            made = [
                {name: _value(table, name, v) for name, v in r.items()} for r in rows[table.name]
            ]
            connection.execute(table.insert(), made)


def _value(table: Table, column: str, written: Any) -> Any:
    """Return a value as its column takes it."""
    if written is None:
        return None
    if isinstance(written, dict):
        return base64.b64decode(written["base64"])
    kind = table.c[column].type
    if isinstance(kind, Boolean):
        return bool(written)
    if isinstance(kind, DateTime):
        return datetime.fromisoformat(written)
    return date.fromisoformat(written) if isinstance(kind, Date) else written
