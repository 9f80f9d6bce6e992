"""Files transcribed by services elsewhere: who steps in, and that no copy is left there."""

import json
from contextlib import suppress
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import app
from app.commands import transcribe
from app.settings import Settings
from services.domain.calls import ProcessingOptions
from services.domain.errors import (
    PartylineError,
    ProviderNotConfigured,
    ProviderRefusedKey,
    ProviderUnavailable,
    ProviderUnknown,
)
from services.domain.running import RunContext
from services.exports import ExportFormat
from services.providers import base, copies
from services.providers.copies import deleting_copies
from services.providers.registry import ProviderRegistry
from tests.unit.app.test_commands import sound
from tests.unit.test_pipeline import Models
from tests.variants import Service, variant

THERE = ProcessingOptions(provider="assemblyai", redact=False)


@pytest.fixture
def service() -> Service:
    made = variant("assemblyai", of=Service, keeps_copies=True)
    assert isinstance(made, Service)
    return made


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, service: Service) -> Settings:
    registry = ProviderRegistry({"assemblyai": lambda: service, "local": lambda: variant("local")})
    monkeypatch.setattr(transcribe, "build_providers", lambda *_: registry)
    monkeypatch.setattr(transcribe, "build_models", lambda _: Models())
    monkeypatch.setattr(base, "FIRST_PAUSE_S", 0.0)
    monkeypatch.setattr(copies, "PAUSE_S", 0.0)
    return Settings(data_dir=tmp_path / "data", partyline_key=None)


def run(settings: Settings, tmp_path: Path, options: ProcessingOptions) -> int:
    file, out = sound(tmp_path / "a.wav"), tmp_path / "out"
    return transcribe.transcribe_files(settings, [file], options, ExportFormat.JSON, out)


def test_a_copy_is_deleted_when_the_work_is_done(
    settings: Settings, service: Service, tmp_path: Path
) -> None:
    assert run(settings, tmp_path, THERE) == 0
    assert service.deleted == service.copies == ["assemblyai-1"]
    assert not (settings.data_dir / "partyline.db").exists()


@pytest.mark.parametrize("error", [ProviderRefusedKey, ProviderUnavailable])
def test_copies_are_deleted_after_a_failure_too(
    settings: Settings, service: Service, tmp_path: Path, error: type[PartylineError]
) -> None:
    service.fails = error
    assert run(settings, tmp_path, THERE) == 2
    assert service.deleted == service.copies
    assert len(service.copies) == (base.ATTEMPTS if error.retryable else 1)


def test_a_copy_that_stays_is_told_of(
    settings: Settings, service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service.deleting_fails = ProviderUnavailable
    assert run(settings, tmp_path, THERE) == 0
    said = "a.wav: AssemblyAI still keeps a copy, assemblyai-1: The speech service can't be reached"
    assert said in capsys.readouterr().err


def test_a_file_is_transcribed_by_who_stands_in(
    settings: Settings, service: Service, tmp_path: Path
) -> None:
    service.fails = ProviderUnavailable
    options = ProcessingOptions(provider="assemblyai", fallback=("local",), redact=False)
    assert run(settings, tmp_path, options) == 0
    [file] = (tmp_path / "out").iterdir()
    document = json.loads(file.read_text())
    assert document["call"]["provider"] == "local"
    assert document["stages"]["fallback"] == (
        "AssemblyAI could not be reached; this machine transcribed the call instead."
    )
    assert service.deleted == service.copies


def test_whom_nobody_knows_is_refused_before_anything_is_read(
    settings: Settings, service: Service, tmp_path: Path
) -> None:
    options = ProcessingOptions(provider="assemblyai", fallback=("nobody",))
    with pytest.raises(ProviderUnknown):
        run(settings, tmp_path, options)
    assert service.attempts == 0


@pytest.mark.parametrize(
    ("error", "times"),
    [
        (ProviderUnavailable(), copies.ATTEMPTS),
        (ProviderNotConfigured(), 1),
        (RuntimeError("what the service said"), 1),
    ],
)
def test_deleting_is_tried_again_only_where_that_can_help(error: Exception, times: int) -> None:
    asked: list[str] = []

    class Failing(Service):
        def delete_copy(self, reference: str) -> None:
            asked.append(reference)
            raise error

    provider, told = variant("assemblyai", of=Failing), list[str]()
    with deleting_copies((provider,), RunContext(), told.append, sleep=lambda _: None) as context:
        context.keep_copy("assemblyai", "r1")
        context.keep_copy("assemblyai", "r1")
    assert asked == ["r1"] * times
    assert len(told) == 1
    assert "what the service said" not in told[0]


@pytest.mark.parametrize("fails", [False, True])
def test_what_was_asked_for_stays_and_is_told_of_unless_it_failed(fails: bool) -> None:
    provider, told = variant("assemblyai", of=Service), list[str]()
    copied = deleting_copies((provider,), RunContext(), told.append, left_by="assemblyai")
    with suppress(ProviderUnavailable), copied as context:
        context.keep_copy("assemblyai", "r1")
        if fails:
            raise ProviderUnavailable
    assert provider.deleted == (["r1"] if fails else [])
    assert told == ([] if fails else ["AssemblyAI keeps what was asked for under r1."])


@pytest.mark.parametrize(
    ("arguments", "provider", "fallback"),
    [
        ([], "azure", ("assemblyai", "local")),
        (["--provider", "azure"], "azure", ("assemblyai", "local")),
        (["--provider", "local"], "local", ()),
    ],
)
def test_the_command_asks_whom_the_settings_name(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], provider: str, fallback: tuple[str, ...]
) -> None:
    asked: list[ProcessingOptions] = []

    def transcribe_files(
        _settings: Settings, _files: object, options: ProcessingOptions, *_: object
    ) -> int:
        asked.append(options)
        return 0

    monkeypatch.setattr(transcribe, "transcribe_files", transcribe_files)
    monkeypatch.setenv("PARTYLINE_PROVIDER", "azure")
    monkeypatch.setenv("PARTYLINE_FALLBACK", "assemblyai,local")
    assert CliRunner().invoke(app, ["transcribe", "a.wav", *arguments]).exit_code == 0
    assert [(one.provider, one.fallback) for one in asked] == [(provider, fallback)]
