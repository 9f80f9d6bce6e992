"""Asking a provider whether it would work, whatever it does with the question."""

import logging
import threading
import time
from collections.abc import Callable

import pytest

from services.domain.errors import (
    InternalFault,
    ProviderNotConfigured,
    ProviderRefusedKey,
    ProviderTimeout,
)
from services.providers.capabilities import Readiness
from services.providers.checking import check_provider
from services.providers.scripted import ScriptedProvider


class Asked(ScriptedProvider):
    """A provider whose check does what the test wants."""

    def __init__(self, act: Callable[[], None], *, ready: bool = True) -> None:
        super().__init__()
        self._act = act
        self._ready = ready

    def readiness(self) -> Readiness:
        return Readiness(ready=self._ready, missing=() if self._ready else ("A_KEY",))

    def check(self) -> None:
        super().check()
        self._act()


def raises(error: Exception) -> Callable[[], None]:
    def act() -> None:
        raise error

    return act


def test_what_works_says_so_with_the_time_it_took() -> None:
    outcome = check_provider(Asked(lambda: time.sleep(0.05)))
    assert outcome.works
    assert outcome.refusal is None
    assert 50 <= outcome.took_ms < 5_000


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ProviderRefusedKey(), ProviderRefusedKey().user_message),
        (ValueError("key sk-123 of http://somewhere"), InternalFault().user_message),
    ],
)
def test_a_refusal_is_the_sentence_a_call_would_end_with(error, sentence) -> None:
    """Foreign exceptions are a fault of ours, without their text."""
    outcome = check_provider(Asked(raises(error)))
    assert not outcome.works
    assert outcome.refusal == sentence


def test_nobody_is_asked_without_a_key() -> None:
    asked: list[bool] = []
    outcome = check_provider(Asked(lambda: asked.append(True), ready=False))
    assert outcome.refusal == ProviderNotConfigured().user_message
    assert asked == []


def test_a_request_that_hangs_is_not_waited_for() -> None:
    released = threading.Event()
    before = time.monotonic()
    outcome = check_provider(Asked(lambda: released.wait(20) or None), within_s=0.1)
    assert time.monotonic() - before < 5
    assert outcome.refusal == ProviderTimeout().user_message
    released.set()


class Kept(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


def test_a_check_tells_the_log_no_more_than_code_and_time(monkeypatch) -> None:
    log, kept = logging.getLogger("partyline"), Kept()
    monkeypatch.setattr(log, "handlers", [kept])
    level = log.level
    log.setLevel(logging.INFO)
    try:
        check_provider(Asked(raises(ValueError("key sk-123 of http://somewhere"))))
    finally:
        log.setLevel(level)
    assert "provider.checked" in [record.msg for record in kept.records]
    assert "sk-123" not in " ".join(str(vars(record)) for record in kept.records)
