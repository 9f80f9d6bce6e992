"""Calls of a version that numbered lines as they came in are found as before, in order of time."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData, Table, insert, make_url

from services.domain.searching import LineFilter, read_query
from services.domain.speech import SentimentLabel
from services.storage.calls import CallStore
from services.storage.database import open_engine
from services.storage.schema import MIGRATIONS
from services.storage.search import SearchIndex
from services.storage.transcripts import TranscriptStore
from tests.builders import transcript, utterance
from tests.contract.stores import ORG, add, analysed

OURS = "0019"
JUNE = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An engine on a database without any table."""
    if request.param == "sqlite":
        engine = open_engine(f"sqlite:///{tmp_path / 'old.db'}")
        yield engine
        engine.dispose()
        return
    server: Engine = request.getfixturevalue("postgres")
    with server.connect() as connection:
        connection.exec_driver_sql("CREATE DATABASE before_search")
    address = make_url(server.url).set(database="before_search")
    engine = open_engine(address.render_as_string(hide_password=False))
    yield engine
    engine.dispose()
    with server.connect() as connection:
        connection.exec_driver_sql("DROP DATABASE before_search WITH (FORCE)")


def upgrade(engine: Engine, to: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    before = ScriptDirectory.from_config(config).get_revision(OURS).down_revision
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, str(before) if to == "before" else to)


def stored(engine: Engine, name: str, *rows: dict[str, Any]) -> None:
    with engine.begin() as connection:
        connection.execute(insert(Table(name, MetaData(), autoload_with=engine)), rows)


def old_call(engine: Engine, number: int, held: datetime, *lines: str) -> None:
    """Store a call as the version before did; its lines are its customer's, each annoyed."""
    call, text = f"call{number}", f"text{number}"
    stored(engine, "calls", {
        "id": call, "org_id": ORG, "source_name": call, "content_hash": call, "size_bytes": 1,
        "state": "ready", "created_at": held, "held_at": held, "day": held.date(),
        "week": held.date(), "run": 1, "active_transcript_id": text, "is_demo": False,
        "key_id": "k", "wrapped_key": b"",
    })  # fmt: skip
    stored(engine, "transcripts", {
        "id": text, "org_id": ORG, "call_id": call, "run": 1, "provider": "local",
        "redacted": False, "created_at": held, "body": "{}",
    })  # fmt: skip
    common = {
        "org_id": ORG, "call_id": call, "start_ms": 0, "end_ms": 1, "sentiment_score": -0.5,
        "is_backchannel": False,
    }  # fmt: skip
    for n, line in enumerate(lines):
        stored(engine, "utterances", {
            **common, "transcript_id": text, "position": n, "id": f"u{n}", "text": line,
            "sentiment_label": "negative", "words": "[]",
        })  # fmt: skip
        stored(engine, "shown_utterances", {
            **common, "position": n, "utterance_id": f"u{n}", "role": "customer", "text": line,
            "words": line,
        })  # fmt: skip


def test_old_lines_are_found_in_the_order_of_their_calls(empty: Engine) -> None:
    upgrade(empty, "before")
    old_call(empty, 1, JUNE, "refund one", "refund two")
    old_call(empty, 2, JUNE.replace(day=3), "refund three")
    old_call(empty, 3, JUNE, "refund four")
    upgrade(empty, "head")
    index, wanted = SearchIndex(empty), read_query("refund")
    annoyed = LineFilter(sentiments=(SentimentLabel.NEGATIVE,))
    found = [f.text for f in index.newest(ORG, wanted, annoyed)]
    assert found[0] == "refund three"
    assert sorted(found[1:]) == ["refund four", "refund one", "refund two"]
    assert found.index("refund two") + 1 == found.index("refund one")
    # What comes later is numbered the same way, and the index follows what is deleted.
    calls = CallStore(empty)
    made = add(calls)
    spoken = analysed(transcript(utterance(1, "s1", 0, "a newer refund")))
    TranscriptStore(empty).save(ORG, made.id, 1, spoken)
    calls.delete(ORG, "call2")
    assert [f.text for f in index.newest(ORG, wanted)] == ["a newer refund", *found[1:]]
