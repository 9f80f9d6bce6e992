"""What becomes of the sound when the database doesn't tell what has become of the call."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection

from services.domain.errors import DiskFull, StorageError
from services.storage.audio_vault import Rendition
from tests.unit.jobs.conftest import Installation, tone


@pytest.mark.parametrize("lost", [StorageError, KeyboardInterrupt])
def test_a_call_that_was_stored_keeps_its_sound(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, lost: type[BaseException]
) -> None:
    services = installation.services
    transaction = services.calls.transaction

    @contextmanager
    def without_an_answer() -> Iterator[Connection]:
        with transaction() as connection:
            yield connection
        raise lost

    with monkeypatch.context() as patched:
        patched.setattr(type(services.calls), "transaction", lambda _: without_an_answer())
        with pytest.raises(lost):
            installation.take_in()
    again = installation.take_in()
    assert again.duplicate
    assert services.vault.size(again.call_id, Rendition.ORIGINAL) == len(tone())


@pytest.mark.parametrize("told", [DiskFull, RuntimeError])
def test_of_a_call_that_was_not_stored_nothing_stays(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, told: type[Exception]
) -> None:
    def fail(*_: object) -> None:
        raise told

    monkeypatch.setattr(type(installation.services.queue), "enqueue", fail)
    with pytest.raises(told):
        installation.take_in()
    assert not list(installation.services.vault.stored())
