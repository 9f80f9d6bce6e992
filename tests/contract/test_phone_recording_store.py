"""What a store of calls that may get a recording promises, on every database."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from services.storage.phone_recordings import PhoneRecordingStore
from services.storage.phone_tables import PHONE_RECORDINGS

NOW = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)


@pytest.fixture
def recordings(engine: Engine) -> PhoneRecordingStore:
    """The store under test."""
    return PhoneRecordingStore(engine)


def test_a_call_is_found_by_the_name_that_the_service_gives_it(recordings, engine):
    recordings.expect("aHR0cHM6Ly9h", "call-1", NOW)
    recordings.expect("aHR0cHM6Ly9h", "call-2", NOW + timedelta(hours=1))
    recordings.expect("\ud800 ☎" * 1_000, "call-3", NOW)
    assert recordings.find("aHR0cHM6Ly9h") == "call-1"
    assert recordings.find("\ud800 ☎" * 1_000) == "call-3"
    assert recordings.find("ahr0cHM6Ly9h") is None
    assert PhoneRecordingStore(engine).find("") is None


def test_no_name_is_kept_as_it_came(recordings, engine):
    recordings.expect("call of nora", "call-1", NOW)
    with engine.connect() as connection:
        [row] = connection.execute(select(PHONE_RECORDINGS))
    assert "nora" not in row.server_call
    assert row.expected_at == NOW


def test_what_is_old_is_forgotten(recordings):
    for hours in range(4):
        recordings.expect(f"c-{hours}", f"call-{hours}", NOW + timedelta(hours=hours))
    assert recordings.delete_before(NOW + timedelta(hours=2)) == 2
    assert recordings.find("c-1") is None
    assert recordings.find("c-2") == "call-2"
