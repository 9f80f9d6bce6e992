"""Made-up calls are like any others in lists, sums and search, on every database."""

from datetime import date
from itertools import islice

import pytest
from sqlalchemy import Engine, select

from app.seeding import loading
from app.seeding.batches import BatchMaker
from app.seeding.calls import History
from app.seeding.loading import SeededCalls
from app.seeding.team import Calendar
from services.domain.errors import NotFound
from services.domain.searching import read_query
from services.domain.together import AnalyticsFilter
from services.storage.analytics import Analytics
from services.storage.calls import CallStore
from services.storage.categories import CategoryStore
from services.storage.models import CALLS
from services.storage.rollups import RollupStore
from services.storage.scores import ScoreStore
from services.storage.search import SearchIndex
from services.storage.transcripts import TranscriptStore
from tests.contract.stores import MASTER_KEY, ORG, add

HISTORY = History(
    seed="7",
    calls=60,
    with_text=15,
    agents=4,
    calendar=Calendar(last_day=date(2026, 3, 31), days=30),
    org_id=ORG,
)


class BrokenOff(Exception):
    """Somebody pressed Ctrl+C."""


@pytest.fixture
def loader(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> SeededCalls:
    """Puts them into the database in small batches."""
    monkeypatch.setattr(loading, "CALLS_AT_ONCE", 25)
    return SeededCalls(engine, MASTER_KEY, "what is in use")


def nobody(done: int) -> None:
    """Nobody listens."""


def test_they_are_calls_like_others(engine: Engine, loader: SeededCalls) -> None:
    heard: list[int] = []
    assert loader.add(HISTORY, heard.append) == 60
    assert heard == [25, 50, 60]
    calls, transcripts = CallStore(engine), TranscriptStore(engine)
    rows = calls.list(ORG)
    assert len(rows) == 60
    assert all(not row.call.has_recording for row in rows)
    with_text = [row.call for row in rows if row.call.active_transcript_id]
    assert 12 <= len(with_text) <= 15
    assert calls.key(ORG, with_text[0].id).sealed
    talk = transcripts.active(ORG, with_text[0].id)
    assert talk.duration_ms >= talk.utterances[-1].end_ms > 0
    assert RollupStore(engine).differing() == ()
    together = Analytics(engine).team(ORG)
    assert together == Analytics(engine, from_rows=True).team(ORG)
    assert together.calls == 60
    assert 0 < together.resolution.resolved < together.resolution.known
    assert SearchIndex(engine).newest(ORG, read_query(talk.utterances[2].text))
    read, counts = CategoryStore(engine).counts_among(ORG, AnalyticsFilter())
    assert read == together.transcribed
    assert counts["closing_offer"] > 0
    assert ScoreStore(engine).count_outdated(ORG, "what is in use")[0] == 0
    assert transcripts.in_older_form(10) == []


def test_broken_off_it_goes_on_where_it_was(engine: Engine, loader: SeededCalls) -> None:
    def break_off(done: int) -> None:
        raise BrokenOff

    with pytest.raises(BrokenOff):
        loader.add(HISTORY, break_off)
    assert loader.count(ORG) == 25
    assert RollupStore(engine).differing() == ()
    assert loader.add(HISTORY, nobody) == 35
    assert loader.add(HISTORY, nobody) == 0
    assert loader.count(ORG) == Analytics(engine).team(ORG).calls == 60


def test_they_can_be_taken_away_and_nothing_else_goes(
    engine: Engine, loader: SeededCalls, calls: CallStore
) -> None:
    own = add(calls)
    loader.add(HISTORY, nobody)
    assert loader.remove(ORG, nobody) == 60
    with engine.connect() as connection:
        assert connection.execute(select(CALLS.c.id)).scalars().all() == [own.id]
    assert RollupStore(engine).differing() == ()
    assert Analytics(engine).team(ORG).calls == 1
    with pytest.raises(NotFound):
        calls.get(ORG, "seeded")


def test_the_same_seed_makes_the_same_calls_in_whichever_process() -> None:
    maker = BatchMaker(history=HISTORY, made_with="x", moments_in_zone=False)
    first = maker.make(0, 20)
    assert maker.make(0, 20) == first
    assert maker.make(20, 40) != first
    apart = loading._made_apart(maker, [(0, 20), (20, 40)], 1)
    assert next(islice(apart, 1)) == first
