"""What a store of events that telephone services sent promises, on every database."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from services.storage.phone_seen import PhoneSeenStore
from services.storage.phone_tables import PHONE_SEEN

NOW = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)


@pytest.fixture
def seen(engine: Engine) -> PhoneSeenStore:
    """The store under test."""
    return PhoneSeenStore(engine)


def test_an_event_is_new_once(seen, engine):
    assert seen.is_new("e-1", NOW)
    assert not seen.is_new("e-1", NOW + timedelta(minutes=1))
    assert seen.is_new("E-1", NOW)
    assert not PhoneSeenStore(engine).is_new("e-1", NOW)


def test_one_that_could_not_be_dealt_with_is_new_again(seen):
    seen.is_new("e-1", NOW)
    seen.is_new("e-2", NOW)
    seen.forget("e-1")
    seen.forget("unknown")
    assert seen.is_new("e-1", NOW)
    assert not seen.is_new("e-2", NOW)


@pytest.mark.parametrize("event_id", ["", "x" * 10_000, "Zoë ☎", "a\x00b", "\ud800", "'; --"])
def test_a_service_may_number_its_events_as_it_likes(seen, event_id):
    assert seen.is_new(event_id, NOW)
    assert not seen.is_new(event_id, NOW)
    assert seen.is_new(f"{event_id}.", NOW)


def test_old_ones_are_forgotten(seen):
    for minutes in range(5):
        seen.is_new(f"e-{minutes}", NOW + timedelta(minutes=minutes))
    assert seen.delete_before(NOW + timedelta(minutes=3)) == 3
    assert seen.delete_before(NOW) == 0
    assert seen.is_new("e-2", NOW)
    assert not seen.is_new("e-3", NOW)


def test_no_id_is_kept_as_it_came(seen, engine):
    seen.is_new("call of nora", NOW)
    with engine.connect() as connection:
        [row] = connection.execute(select(PHONE_SEEN))
    assert "nora" not in row.event
    assert row.seen_at == NOW


def test_of_many_at_once_one_is_told_that_it_is_new(seen):
    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(lambda n: (n % 5, seen.is_new(f"e-{n % 5}", NOW)), range(40)))
    assert sorted(event for event, is_new in told if is_new) == list(range(5))
