"""Secrets are planted in every setting that holds one, and looked for wherever anything is told."""

import base64
import faulthandler
import io
import json
import logging
import pickle
import resource
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.settings import Settings, load_settings
from app.wiring import Services, build_services
from app.wiring.parts import master_key_of
from services import telemetry
from services.domain.errors import BadSettings, InternalFault, WrongKey
from services.storage.database import open_engine, reading
from services.storage.keys import DataKey, MasterKey

KEY = "c0ffee" * 10 + "beef"
CANARY = "canary-7f3a91b2c4d6e8f0"
PACKED = base64.b64encode(CANARY.encode()).decode()
PASSWORD = f"{CANARY}-of-the-database"


def secret_names() -> list[str]:
    """Return the names in the environment of all settings that hold a secret."""
    return [
        str(field.validation_alias)
        for field in Settings.model_fields.values()
        if "SecretStr" in str(field.annotation)
    ]


@dataclass
class Planted:
    """An installation with a secret in every setting that holds one."""

    settings: Settings
    services: Services

    @property
    def secrets(self) -> list[str]:
        raw = bytes.fromhex(KEY)
        return [
            CANARY,
            PACKED,
            KEY,
            KEY.upper(),
            str(raw),
            raw.decode("latin-1"),
        ]

    def leaks(self, told: str) -> bool:
        return any(secret in told for secret in self.secrets)


def secret_of(settings: Settings) -> str:
    assert settings.partyline_key
    return settings.partyline_key.get_secret_value()


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planted]:
    names = secret_names()
    assert {"PARTYLINE_KEY", "PARTYLINE_KEY_PREVIOUS", "AZURE_SPEECH_KEY"} <= set(names)
    given: dict[str, object] = {name: f"{CANARY}-{name}" for name in names}
    given |= {
        "PARTYLINE_KEY": KEY,
        "PARTYLINE_KEY_PREVIOUS": KEY,
        "PARTYLINE_ALERT_URL": f"https://127.0.0.1/{CANARY}",
        "PARTYLINE_SMTP_URL": f"smtp://me:{CANARY}@127.0.0.1",
        "ACS_CONNECTION_STRING": f"endpoint=https://127.0.0.1;accesskey={PACKED}",
        "AUDIOHOOK_CLIENT_SECRET": PACKED,
    }
    settings = Settings(data_dir=tmp_path_factory.mktemp("canary") / "data", **given)
    services = build_services(settings)
    yield Planted(settings=settings, services=services)
    services.close()


def test_nothing_shows_a_secret_when_it_is_shown(planted: Planted) -> None:
    settings, services = planted.settings, planted.services
    key = master_key_of(settings)
    shown = [
        repr(settings),
        str(settings),
        settings.model_dump_json(),
        json.dumps(settings.model_dump(), default=str),
        repr(settings.bucket_access),
        repr(services.tokens),
        repr(services.api_tokens),
        repr(services.providers),
        repr(services.vault),
        repr(key),
        repr(key.new_data_key("call")),
        repr(DataKey.random()),
        repr(vars(services)),
    ]
    assert [told for told in shown if planted.leaks(told)] == []
    with pytest.raises(TypeError):
        pickle.dumps(key)
    # The search would have found it.
    assert planted.leaks(
        settings.partyline_key.get_secret_value() if settings.partyline_key else ""
    )


def failing(planted: Planted) -> None:
    """Fail with secrets in hand, as code anywhere could."""
    key, secret = master_key_of(planted.settings), secret_of(planted.settings)
    assert key.knows(key.key_id)
    try:
        MasterKey.from_text(f"{secret}00")
    except WrongKey as error:
        raise InternalFault from error


def test_neither_logs_nor_tracebacks_nor_dumps_tell_one(
    planted: Planted, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    kept = io.StringIO()
    root, handler = logging.getLogger(), logging.StreamHandler(kept)
    ours, level = logging.getLogger("partyline"), root.level
    for log in (root, ours):
        log.addHandler(handler)
        log.setLevel(logging.DEBUG)
    try:
        with pytest.raises(InternalFault) as caught:
            failing(planted)
        telemetry.fault("canary.fault", caught.value)
        root.error("told by others", exc_info=caught.value)
        url = f"postgresql+psycopg://me:{PASSWORD}@127.0.0.1:1/none"
        engine = open_engine(url)
        with pytest.raises(Exception) as refused, reading(engine):  # noqa: PT011
            pass
        telemetry.fault("canary.database", refused.value)
        root.error("told by others", exc_info=refused.value)
        engine.dispose()
    finally:
        for log in (root, ours):
            log.removeHandler(handler)
        root.setLevel(level)
    with tempfile.TemporaryFile() as dump:
        faulthandler.dump_traceback(dump)
        dump.seek(0)
        dumped = dump.read().decode("latin-1")
    told = [
        kept.getvalue(),
        dumped,
        "".join(traceback.format_exception(caught.value)),
        repr(engine),
        caught.value.user_message,
        "".join(capfd.readouterr()),
    ]
    assert "canary.fault" in kept.getvalue()
    assert [text for text in told if planted.leaks(text)] == []


def test_settings_that_are_wrong_are_named_and_not_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("PORT", "PARTYLINE_SMTP_URL", "AUDIOHOOK_CLIENT_SECRET"):
        monkeypatch.setenv(name, f"{CANARY}-unfit")
        with pytest.raises(BadSettings) as caught:
            load_settings()
        assert name in caught.value.user_message
        assert CANARY not in "".join(traceback.format_exception(caught.value))
        # Nor does whoever reads them in another way.
        with pytest.raises(ValueError, match=name) as refused:
            Settings()
        assert CANARY not in str(refused.value)
        monkeypatch.delenv(name)


def test_a_process_leaves_no_core_dump_and_is_read_by_nobody() -> None:
    code = (
        "import ctypes, resource; from services import telemetry; telemetry.configure();"
        "print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    )

    def allow() -> None:
        _, most = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (most, most))

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, preexec_fn=allow
    )
    assert done.stdout.strip() == "(0, 0) 0"


def test_every_secret_is_hidden_by_its_type() -> None:
    suspicious = ("key", "token", "secret", "password")
    shown = {
        name
        for name, field in Settings.model_fields.items()
        if any(word in name.split("_") for word in suspicious)
        and "SecretStr" not in str(field.annotation)
        and field.repr
    }
    assert shown == {"acs_token_issuer", "token_without_sign_in_days"}
