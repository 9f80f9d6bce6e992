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


def test_an_event_is_known_once_it_is_noted(seen, engine):
    assert not seen.is_known("e-1")
    assert not seen.is_known("e-1")
    seen.note("e-1", NOW)
    assert seen.is_known("e-1")
    assert not seen.is_known("E-1")
    assert PhoneSeenStore(engine).is_known("e-1")


def test_one_that_is_noted_again_is_kept_as_long_as_it_was(seen):
    seen.note("e-1", NOW)
    seen.note("e-1", NOW + timedelta(minutes=1))
    assert seen.delete_before(NOW + timedelta(seconds=1)) == 1
    assert not seen.is_known("e-1")


@pytest.mark.parametrize("event_id", ["", "x" * 10_000, "Zoë ☎", "a\x00b", "\ud800", "'; --"])
def test_a_service_may_number_its_events_as_it_likes(seen, event_id):
    assert not seen.is_known(event_id)
    seen.note(event_id, NOW)
    assert seen.is_known(event_id)
    assert not seen.is_known(f"{event_id}.")


def test_old_ones_are_forgotten(seen):
    for minutes in range(5):
        seen.note(f"e-{minutes}", NOW + timedelta(minutes=minutes))
    assert seen.delete_before(NOW + timedelta(minutes=3)) == 3
    assert seen.delete_before(NOW) == 0
    assert not seen.is_known("e-2")
    assert seen.is_known("e-3")


def test_no_id_is_kept_as_it_came(seen, engine):
    seen.note("call of nora", NOW)
    with engine.connect() as connection:
        [row] = connection.execute(select(PHONE_SEEN))
    assert "nora" not in row.event
    assert row.seen_at == NOW


def test_many_may_note_one_at_once(seen):
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda n: seen.note(f"e-{n % 5}", NOW), range(40)))
    assert all(seen.is_known(f"e-{n}") for n in range(5))
    assert seen.delete_before(NOW + timedelta(seconds=1)) == 5
