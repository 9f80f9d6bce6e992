"""Summaries by a language model inside runs: written, fallen back from, cancelled."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.settings import Settings
from app.wiring import build_services
from emulators.language_model import Behaviour, LanguageModelEmulator
from services.domain.calls import CallState, Stage
from services.domain.people import LOCAL_USER
from services.domain.speech import Summary
from tests.unit.jobs.conftest import Installation

KEY = "sk-secret-4711"
Install = Callable[[LanguageModelEmulator], Installation]


@pytest.fixture
def with_model(installation: Installation, tmp_path: Path) -> Iterator[Install]:
    opened = []

    def install(emulator: LanguageModelEmulator) -> Installation:
        settings = Settings.model_validate(
            {
                "data_dir": tmp_path / "data",
                "llm_base_url": emulator.address,
                "llm_model": "emulated-1",
                "llm_api_key": KEY,
                "llm_timeout_s": 20,
            }
        )
        assert KEY not in repr(settings)
        services = build_services(settings)
        opened.append(services)
        return Installation(settings=settings, services=services)

    yield install
    for services in opened:
        services.close()


def summary_of(installation: Installation, call_id: str) -> Summary:
    shown = installation.services.review.load(LOCAL_USER, call_id).transcript
    assert shown.summary is not None
    return shown.summary


def test_a_run_asks_the_model_for_redacted_words(with_model: Install, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    with LanguageModelEmulator(key=KEY) as emulator:
        installation = with_model(emulator)
        with installation.working():
            call_id = installation.take_in().call_id
            assert installation.ended(call_id) is CallState.READY
        summary = summary_of(installation, call_id)
        assert summary.origin is not None
        assert summary.origin.name == "emulated-1"
        assert len(emulator.requests) == 1
        assert call_id not in str(emulator.requests[0].body)
    assert KEY not in "\n".join(str(vars(r)) for r in caplog.records)


def test_a_run_whose_model_fails_is_ready_with_the_local_summary(with_model: Install) -> None:
    with LanguageModelEmulator(Behaviour.BROKEN_JSON) as emulator:
        installation = with_model(emulator)
        with installation.working():
            call_id = installation.take_in().call_id
            assert installation.ended(call_id) is CallState.READY
        origin = summary_of(installation, call_id).origin
    assert origin is not None
    assert origin.name == "local structure"
    assert "could not be used" in (origin.instead_of or "")


def test_a_run_waiting_for_its_model_can_be_cancelled(with_model: Install) -> None:
    with LanguageModelEmulator(Behaviour.SLOW) as emulator:
        installation = with_model(emulator)
        with installation.working():
            call_id = installation.take_in().call_id
            installation.wait(
                call_id, lambda p: p.stage is Stage.ANALYSE and bool(emulator.requests)
            )
            installation.services.desk.cancel(LOCAL_USER, call_id)
            assert installation.ended(call_id) is CallState.CANCELLED
