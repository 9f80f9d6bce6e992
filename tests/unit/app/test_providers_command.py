"""``partyline providers``, and the providers and options of ``partyline transcribe``."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli import app
from services.domain.errors import ProviderRefusedKey
from services.providers.azure_speech.provider import AzureSpeechProvider
from tests.unit.app.test_commands import sound

KEY = "an-azure-key-nobody-may-see"


@pytest.fixture(autouse=True)
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation of its own with the scripted provider."""
    for name in ("AZURE_SPEECH_KEY", "AZURE_SPEECH_REGION", "ASSEMBLYAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PARTYLINE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("PARTYLINE_SCRIPTED_PROVIDER", "1")
    # else the log of later tests would go to a stream that ends with this one
    monkeypatch.setattr("services.telemetry.configure", lambda level: None)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def listed(*arguments: str) -> dict[str, dict]:
    done = run("providers", "--json", *arguments)
    return {(row := json.loads(line))["name"]: row for line in done.stdout.splitlines()}


def test_the_list_says_what_is_ready_missing_and_possible() -> None:
    done = run("providers")
    assert done.exit_code == 0
    assert "set AZURE_SPEECH_KEY and AZURE_SPEECH_REGION" in done.stdout
    assert "This machine: " in done.stdout
    assert "added here: " in done.stdout


def test_keys_are_never_written(monkeypatch) -> None:
    monkeypatch.setenv("AZURE_SPEECH_KEY", KEY)
    for arguments in ((), ("--json",), ("--check",)):
        done = run("providers", *arguments)
        assert "AZURE_SPEECH_REGION" in done.stdout
        assert KEY not in done.output


def test_limits_and_price_are_those_that_are_set(monkeypatch) -> None:
    monkeypatch.setenv("PARTYLINE_AZURE_AT_ONCE", "3")
    monkeypatch.setenv("PARTYLINE_AZURE_PER_MINUTE", "30")
    monkeypatch.setenv("PARTYLINE_AZURE_COST_PER_HOUR", "0.4")
    monkeypatch.setenv("PARTYLINE_PROVIDER", "azure")
    azure = listed()["azure"]
    assert (azure["at_once"], azure["per_minute"], azure["cost_per_hour"]) == (3, 30, 0.4)
    assert azure["is_default"] is True
    assert "3 at once, 30 begun a minute" in run("providers").stdout


def test_a_check_asks_only_who_is_set_up(monkeypatch) -> None:
    found = listed("--check")
    assert found["scripted"]["check"]["works"] is True
    assert found["azure"]["check"] is None


def test_a_failed_check_is_a_sentence_and_exit_status_2(monkeypatch) -> None:
    def refuse(self) -> None:
        raise ProviderRefusedKey

    monkeypatch.setenv("AZURE_SPEECH_KEY", KEY)
    monkeypatch.setenv("AZURE_SPEECH_REGION", "westeurope")
    monkeypatch.setattr(AzureSpeechProvider, "check", refuse)
    done = run("providers", "--check")
    assert done.exit_code == 2
    assert ProviderRefusedKey().user_message in done.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--fallback", "nobody"), "There is no speech provider of this name."),
        (("--fallback", "assemblyai"), "Set ASSEMBLYAI_API_KEY."),
        (("--fallback", "scripted"), "A speech provider is named twice."),
        (("--option", "model"), "An option is given as NAME=VALUE."),
        (("--option", "model=best"), "The speech provider has no option of this name."),
    ],
)
@pytest.mark.parametrize("kept", [(), ("--save",)])
def test_what_can_not_be_asked_for_is_one_line(tmp_path, arguments, sentence, kept) -> None:
    file = sound(tmp_path / "a.wav")
    done = run("transcribe", file, "--provider", "scripted", *arguments, *kept)
    assert done.exit_code == 2
    assert done.stderr.splitlines()[-1].startswith("partyline: ")
    assert sentence in done.stderr


def test_the_usual_provider_is_the_one_that_is_set(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PARTYLINE_PROVIDER", "scripted")
    done = run("transcribe", sound(tmp_path / "a.wav"))
    assert done.exit_code == 0, done.stderr
    assert "scripted" in json.dumps(json.loads(done.stdout))
