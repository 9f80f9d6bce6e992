"""Calls of a version without rollups get them, with what rows about calls repeat since."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, make_url, text

from services.domain.together import AnalyticsFilter, Period
from services.storage import database, schema
from services.storage.analytics import Analytics
from services.storage.categories import CategoryStore
from services.storage.rollup_tables import ROLLUPS, WHO
from services.storage.rollups import RollupStore
from services.storage.score_figures import ScoreAnalytics
from services.storage.topic_analytics import TopicAnalytics
from tests.contract.stores import ORG

BEFORE, WEEKS = "0014", "0026"
WHOSE = "'2026-04-29', '2026-04-27', 'Ann', 'Billing'"
ROWS = (
    f"""INSERT INTO calls (id, org_id, source_name, content_hash, size_bytes, state, created_at,
        held_at, day, week, agent_name, queue, run, is_demo, key_id, wrapped_key)
        VALUES ('c', '{ORG}', 'n', 'h', 1, 'ready', '2026-04-29 09:00:00', '2026-04-29 09:00:00',
        {WHOSE}, 1, false, 'k', :key)""",
    f"""INSERT INTO call_figures (call_id, org_id, day, week, agent_name, queue, duration_ms,
        speech_ms, all_talk_ms, agent_talk_ms, non_talk_ms, longest_silence_ms, hold_ms, overlap_ms,
        sentiment_sum, sentiment_count, customer_sentiment_sum, customer_sentiment_count,
        negative_utterances, form) VALUES ('c', '{ORG}', {WHOSE}, 60000, 40000, 40000, 30000, 20000,
        9000, 0, 0, 1, 4, 1.5, 3, 1, 2)""",
    f"""INSERT INTO call_topics (call_id, topic, org_id, day, week, agent_name, queue, confidence)
        VALUES ('c', 'fraud', '{ORG}', {WHOSE}, 0.5), ('c', 'refund', '{ORG}', {WHOSE}, 0.9)""",
    f"""INSERT INTO call_categories (call_id, rule_id, org_id, day, kind, alert, evidence)
        VALUES ('c', 'upset', '{ORG}', '2026-04-29', 'event', false, '[]')""",
    f"""INSERT INTO rule_facts (org_id, call_id, day, facts, words, passages, lines)
        VALUES ('{ORG}', 'c', '2026-04-29', '[]', '', :key, :key)""",
    f"""INSERT INTO call_scores (call_id, org_id, scorecard_id, scorecard_version, name, points,
        possible, share, auto_failed, answers, day, week, agent_name, queue)
        VALUES ('c', '{ORG}', 'mine', 2, 'Mine', 3, 4, 0.75, false, '[]', {WHOSE})""",
    """INSERT INTO call_answers (call_id, scorecard_id, question_id, value, is_good, by_person)
        VALUES ('c', 'mine', 'q', 'yes', true, false)""",
)


@pytest.fixture(params=["sqlite", "postgresql"])
def older(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database that the version before has made."""
    if request.param == "sqlite":
        engine = database.open_engine(f"sqlite:///{tmp_path / 'older.db'}")
    else:
        server: Engine = request.getfixturevalue("postgres")
        with server.connect() as connection:
            connection.exec_driver_sql("CREATE DATABASE older")
        address = make_url(server.url).set(database="older")
        engine = create_engine(address)
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    config.set_main_option("path_separator", "os")
    with database.writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, BEFORE)
        for row in ROWS:
            connection.execute(text(row), {"key": b"k"} if ":key" in row else {})
    yield engine
    engine.dispose()
    if request.param == "postgresql":
        with server.connect() as connection:
            connection.exec_driver_sql("DROP DATABASE older WITH (FORCE)")


def test_calls_there_are_get_their_sums(older: Engine) -> None:
    schema.migrate(older)
    assert RollupStore(older).differing() == ()
    [ann] = Analytics(older).by_agent(ORG)
    assert (ann.name, ann.calls, ann.transcribed) == ("Ann", 1, 1)
    assert ann.agent_share_of_speech.mean == pytest.approx(0.75)
    assert ann.dead_air_share.n == ann.resolution.known == 0
    topics = TopicAnalytics(older)
    assert {(t.topic, t.handle_ms) for t in topics.by_topic(ORG)} == {
        ("fraud", 60_000), ("refund", 60_000),
    }  # fmt: skip
    assert topics.by_topic(ORG)[0].customer_sentiment.mean == pytest.approx(0.5)
    assert topics.reach(ORG).with_topic == 1
    only_hers = AnalyticsFilter(agents=("Ann",), queues=("Billing",))
    assert CategoryStore(older).counts_among(ORG, only_hers) == (1, {"upset": 1})
    scores = ScoreAnalytics(older)
    assert scores.by_agent(ORG, "mine", only_hers)[0].share.mean == pytest.approx(0.75)
    assert scores.by_question(ORG, "mine", only_hers)[0].yes == 1


def test_sums_of_days_there_are_give_those_of_weeks(older: Engine) -> None:
    schema.migrate(older)
    rollups = RollupStore(older)
    rollups.fold()
    before = ScriptDirectory.from_config(schema.alembic_config()).get_revision(WEEKS)
    with database.writing(older) as connection:
        for rollup in ROLLUPS.values():
            for who in WHO:
                rollup.of(who, Period.WEEK).drop(connection)
        connection.execute(
            text("UPDATE alembic_version SET version_num = :v"), {"v": before.down_revision}
        )
    schema.migrate(older)
    assert rollups.differing() == ()
    assert Analytics(older).team(ORG).calls == 1
