"""The composition root: connecting twice in a process must not harm what is connected."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from app import local_models
from app.local_models import enrolling_in_child
from app.settings import Settings
from app.wiring import Services, build_providers, build_services, build_worker
from services.domain.errors import InvalidRequest
from services.voices.enrolling import VoiceSource
from tests.unit.app.phone_doubles import logged

OPEN_AND_CLOSE = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("SELECT count(*) FROM calls").fetchone()
connection.close()
"""


def test_the_write_ahead_log_stays_while_it_is_in_use(services: Services) -> None:
    """Another process that leaves must not take the log away from under our connections."""
    database = services.settings.data_dir / "partyline.db"
    again = build_services(services.settings)
    again.close()
    assert services.calls.list("local") == []
    subprocess.run([sys.executable, "-c", OPEN_AND_CLOSE, str(database)], check=True)
    assert database.with_name("partyline.db-wal").exists()


def test_the_database_and_the_key_are_private(services: Services) -> None:
    folder = services.settings.data_dir
    for name in ("partyline.db", "partyline.key"):
        assert (folder / name).stat().st_mode & 0o077 == 0


def test_the_scripted_provider_is_not_offered_by_itself(tmp_path: Path) -> None:
    assert "scripted" not in build_providers(Settings(data_dir=tmp_path)).names()
    told = Settings(data_dir=tmp_path, scripted_provider=True)
    assert build_providers(told).names() == ("local", "azure", "assemblyai", "scripted")


def test_a_worker_does_every_part_of_its_upkeep(services: Services) -> None:
    worker = build_worker(services.settings, "local", stopping=lambda: False)
    with logged() as kept:
        worker.janitor.sweep()
    assert kept == []
    worker.services.close()


def test_making_providers_and_services_loads_no_model(services: Services) -> None:
    for name in services.providers.names():
        readiness = services.providers.readiness(name)
        assert readiness.ready or readiness.missing
    heavy = {"faster_whisper", "onnxruntime", "spacy"}
    code = (
        "import sys; from pathlib import Path; from app.settings import Settings; "
        "from app.wiring import build_services; "
        f"build_services(Settings(data_dir=Path({str(services.settings.data_dir)!r}))).close(); "
        f"print(sorted({heavy!r} & set(sys.modules)))"
    )
    root = Path(__file__).parents[3]
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=root, check=True, capture_output=True, text=True
    )
    assert found.stdout.strip() == "[]"


TELL_ENVIRONMENT = """
import json, os, sys
sys.stdin.buffer.read()
print(json.dumps({"error": "InvalidRequest", "detail": " ".join(os.environ)}))
"""


def test_the_process_that_learns_a_voice_gets_neither_key_nor_addresses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PARTYLINE_KEY", "DATABASE_URL", "STORAGE_URL", "AZURE_SPEECH_KEY"):
        monkeypatch.setenv(name, "secret")
    monkeypatch.setattr(local_models, "ENROLMENT_COMMAND", (sys.executable, "-c", TELL_ENVIRONMENT))
    enrolling = enrolling_in_child(Settings(data_dir=tmp_path))
    with pytest.raises(InvalidRequest) as told:
        enrolling.learn(io.BytesIO(b"sound"), VoiceSource())
    given = set((told.value.detail or "").split())
    assert {"PATH", "PARTYLINE_DATA_DIR", "PARTYLINE_THREADS"} <= given
    assert not {"PARTYLINE_KEY", "DATABASE_URL", "STORAGE_URL", "AZURE_SPEECH_KEY"} & given


TELL_SETTINGS = """
import json, sys
from app import enrolment
def build(settings):
    known = settings.model_dump(mode="json")
    for name in ("partyline_key", "assemblyai_api_key"):
        secret = getattr(settings, name)
        known[name] = secret and secret.get_secret_value()
    print(json.dumps({"error": "InvalidRequest", "detail": json.dumps(known)}))
    sys.exit()
sys.stdin.buffer.read()
from app.settings import GivenSettings, Settings
from pathlib import Path
assert GivenSettings.model_config["toml_file"] is None
Settings.model_config["toml_file"] = Path("SECRETS")
enrolment.build_enrolling = build
enrolment.main()
"""


def test_the_process_that_learns_a_voice_reads_no_secrets_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its only settings are those that it is given, whatever lies in the file beside the code."""
    secrets = tmp_path / "secrets.toml"
    names = ("PARTYLINE_KEY", "DATABASE_URL", "STORAGE_URL", "ASSEMBLYAI_API_KEY", "LLM_MODEL")
    secrets.write_text("".join(f'{name} = "canary-{name}"\n' for name in names))
    code = TELL_SETTINGS.replace("SECRETS", str(secrets))
    monkeypatch.setattr(local_models, "ENROLMENT_COMMAND", (sys.executable, "-c", code))
    given = Settings(data_dir=tmp_path / "data", threads=3, max_duration_ms=60_000)
    with pytest.raises(InvalidRequest) as told:
        enrolling_in_child(given).learn(io.BytesIO(b"sound"), VoiceSource())
    detail = told.value.detail or ""
    assert "canary" not in detail
    known = json.loads(detail)
    assert (known["data_dir"], known["threads"]) == (str(tmp_path / "data"), 3)
    assert known["max_duration_ms"] == 60_000
