"""People and tokens in a database of their own, and a clock that tests turn."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from services.access.authority import Authority
from services.access.trails import KeptTrail
from services.domain.errors import NotFound
from services.storage.database import open_engine
from services.storage.models import METADATA
from services.storage.people_tables import API_TOKENS, PEOPLE, SIGN_INS

BEGIN = datetime(2027, 1, 5, 9, 0, tzinfo=UTC)


class Clock:
    """The time, as it is told."""

    def __init__(self) -> None:
        self.now = BEGIN

    def __call__(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        return (self.now - BEGIN).total_seconds()

    def go_on(self, **amount: float) -> None:
        self.now += timedelta(**amount)


class NoCalls:
    def get(self, _org_id: str, _call_id: str) -> object:
        raise NotFound


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def trail() -> KeptTrail:
    return KeptTrail()


@pytest.fixture
def authority(trail: KeptTrail) -> Authority:
    return Authority(NoCalls(), trail)  # type: ignore[arg-type]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{tmp_path / 'people.db'}")
    METADATA.create_all(engine, [PEOPLE, SIGN_INS, API_TOKENS])
    yield engine
    engine.dispose()
