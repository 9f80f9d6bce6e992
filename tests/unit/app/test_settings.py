"""Settings: where they come from, what they hide, what they refuse."""

from pathlib import Path

import pytest

from app import settings as settings_module
from app.settings import ROOT, Settings, is_loopback, load_settings
from app.wiring import build_alerts, build_watch
from services.domain.calls import ProcessingOptions
from services.domain.errors import BadSettings
from services.domain.live_warnings import WarningKind
from services.domain.people import Role


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for field in Settings.model_fields.values():
        monkeypatch.delenv(str(field.validation_alias), raising=False)
    use_secrets(monkeypatch, tmp_path / "none.toml")


def use_secrets(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    monkeypatch.setitem(settings_module.Settings.model_config, "toml_file", file)


def test_defaults_need_nothing() -> None:
    settings = load_settings()
    assert settings.data_dir == ROOT / "data"
    assert settings.database_url == f"sqlite:///{ROOT}/data/partyline.db"
    assert settings.storage_url == (ROOT / "data" / "audio").as_uri()
    assert settings.listens_on_loopback
    assert settings.port == 8501


def test_relative_places_count_from_the_current_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PARTYLINE_DATA_DIR", "here")
    monkeypatch.setenv("DATABASE_URL", "sqlite:///calls.db")
    monkeypatch.setenv("STORAGE_URL", "sound")
    settings = load_settings()
    assert settings.data_dir == tmp_path / "here"
    assert settings.database_url == f"sqlite:///{tmp_path}/calls.db"
    assert settings.storage_url == (tmp_path / "sound").as_uri()


def test_other_places_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://u@h/db")
    monkeypatch.setenv("STORAGE_URL", "s3://bucket/prefix")
    settings = load_settings()
    assert settings.database_url == "postgresql+psycopg://u@h/db"
    assert settings.storage_url == "s3://bucket/prefix"


def test_places_lead_to_the_same_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PARTYLINE_DATA_DIR", "here")
    first = load_settings()
    for name, value in first.places().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir("/")
    second = load_settings()
    assert second.database_url == first.database_url
    assert second.storage_url == first.storage_url
    assert second.data_dir == first.data_dir


def test_the_environment_wins_over_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secrets = tmp_path / "secrets.toml"
    secrets.write_text('PORT = "9000"\nHOST = "127.0.0.2"\n[auth]\nclient_id = "x"\n')
    use_secrets(monkeypatch, secrets)
    monkeypatch.setenv("PORT", "9001")
    settings = load_settings()
    assert (settings.port, settings.host) == (9001, "127.0.0.2")


def test_secrets_stay_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "canary-7f3a"
    for name in ("PARTYLINE_KEY", "AZURE_SPEECH_KEY", "ASSEMBLYAI_API_KEY"):
        monkeypatch.setenv(name, secret)
    monkeypatch.setenv("PARTYLINE_API_TOKEN", secret * 3)
    monkeypatch.setenv("DATABASE_URL", f"postgresql://u:{secret}@h/db")
    monkeypatch.setenv("STORAGE_URL", f"s3://{secret}@h/b")
    assert secret not in repr(load_settings())
    assert secret not in str(load_settings())


@pytest.mark.parametrize(
    ("endpoint", "wish", "taken"),
    [
        ("https://s3.example.com", "", True),
        ("http://127.0.0.1:9000/", "", True),
        ("http://s3.internal:9000", "", False),
        ("http://s3.internal:9000", "true", True),
        ("http://127.0.0.1.example.com", "", False),
        ("ftp://s3.example.com", "true", False),
        ("https://user:pw@s3.example.com", "", False),
    ],
)
def test_a_bucket_is_reached_encrypted_or_by_explicit_wish(
    monkeypatch: pytest.MonkeyPatch, endpoint: str, wish: str, taken: bool
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT", endpoint)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-7f3a")
    if wish:
        monkeypatch.setenv("AWS_ALLOW_HTTP", wish)
    if not taken:
        with pytest.raises(BadSettings, match="AWS_ENDPOINT"):
            load_settings()
        return
    settings = load_settings()
    assert settings.bucket_access.endpoint == endpoint.rstrip("/")
    assert settings.bucket_access.allow_http is True
    assert settings.bucket_access.secret == "canary-7f3a"
    assert "canary" not in f"{settings!r} {settings.bucket_access!r}"


def test_a_setting_that_makes_no_sense_is_named_without_its_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PORT", "canary")
    with pytest.raises(BadSettings) as caught:
        load_settings()
    assert "PORT" in caught.value.user_message
    assert "canary" not in caught.value.user_message


@pytest.mark.parametrize(
    "token", ["canary-7f3a", "canary " * 8, "canäry" * 8, "canary\t" * 8, "x" * 31]
)
def test_a_token_that_could_be_guessed_or_no_header_carries_is_refused(
    monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("PARTYLINE_API_TOKEN", token)
    with pytest.raises(BadSettings) as caught:
        load_settings()
    assert "PARTYLINE_API_TOKEN" in caught.value.user_message
    assert token[:6] not in caught.value.user_message


def test_an_api_token_is_taken_without_the_space_around_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARTYLINE_API_TOKEN", f" {'t' * 32}\n")
    token = load_settings().api_token
    assert token is not None
    assert token.get_secret_value() == "t" * 32
    monkeypatch.setenv("PARTYLINE_API_TOKEN", " ")
    assert load_settings().api_token is None


def test_a_broken_secrets_file_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secrets = tmp_path / "secrets.toml"
    secrets.write_text("PORT = ")
    use_secrets(monkeypatch, secrets)
    with pytest.raises(BadSettings, match=r"secrets\.toml"):
        load_settings()


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("LOCALHOST", True),
        ("app.localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("", False),
        ("192.168.1.5", False),
        ("localhost.evil.test", False),
        ("127.0.0.1.evil.test", False),
        ("example.com", False),
    ],
)
def test_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://calls.example.com", "calls.example.com"),
        ("https://Calls.example.com:8443/under/", "calls.example.com"),
        ("http://127.0.0.1:8501", "127.0.0.1"),
        ("http://localhost:8501", "localhost"),
        ("", None),
    ],
)
def test_public_addresses(monkeypatch: pytest.MonkeyPatch, url: str, host: str | None) -> None:
    monkeypatch.setenv("PARTYLINE_PUBLIC_URL", url)
    assert load_settings().public_host == host


@pytest.mark.parametrize(
    "url",
    [
        "http://calls.example.com",
        "calls.example.com",
        "ftp://localhost",
        "https://",
        "https://[",
        "https://calls.example.com/?key=1",
    ],
)
def test_public_addresses_that_would_not_do(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("PARTYLINE_PUBLIC_URL", url)
    with pytest.raises(BadSettings, match="PARTYLINE_PUBLIC_URL"):
        load_settings()


def test_default_provider_and_fallback(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().default_options == ProcessingOptions()
    monkeypatch.setenv("PARTYLINE_PROVIDER", "azure")
    monkeypatch.setenv("PARTYLINE_FALLBACK", " assemblyai, local ,")
    options = load_settings().default_options
    assert (options.provider, options.fallback) == ("azure", ("assemblyai", "local"))


def test_nobody_is_alerted_unless_it_is_set() -> None:
    settings = load_settings()
    assert settings.alert_url is None
    assert settings.smtp_url is None
    assert settings.alerted == (WarningKind.RULE, WarningKind.NEGATIVE)
    assert build_alerts(settings).deliveries() == []


def test_where_alerts_go_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARTYLINE_ALERT_URL", "https://hooks.example.com/T0/s3cret?k=1")
    monkeypatch.setenv("PARTYLINE_ALERT_SECRET", "s3cret")
    monkeypatch.setenv("PARTYLINE_SMTP_URL", "smtps://me:s3cret@mail.example.com")
    monkeypatch.setenv("PARTYLINE_ALERT_TO", "s3cret@example.com")
    settings = load_settings()
    assert "s3cret" not in repr(settings)
    ways = [delivery.channel for delivery in build_alerts(settings).deliveries()]
    assert ways == ["webhook", "e-mail"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PARTYLINE_ALERT_URL", "http://hooks.example.com/"),
        ("PARTYLINE_ALERT_URL", "http://127.0.0.1.example.com/"),
        ("PARTYLINE_ALERT_URL", "https://me:pw@hooks.example.com/"),
        ("PARTYLINE_ALERT_URL", "https://hooks.example.com/a\nb"),
        ("PARTYLINE_ALERT_URL", "ftp://127.0.0.1/"),
        ("PARTYLINE_SMTP_URL", "mail.example.com"),
        ("PARTYLINE_ALERT_TO", "nobody"),
        ("PARTYLINE_ALERT_FROM", "a@x.org\nBcc: b@x.org"),
        ("PARTYLINE_ALERT_KINDS", "rule,anger"),
        ("PARTYLINE_WATCH_MONOLOGUE_MS", "10"),
    ],
)
def test_alerts_that_would_not_do(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSettings) as raised:
        load_settings()
    assert name in raised.value.user_message
    assert value not in raised.value.user_message


def test_what_live_calls_are_watched_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PARTYLINE_DATA_DIR", str(tmp_path / "none"))
    monkeypatch.setenv("PARTYLINE_WATCH_WORDS", "lawyer, speak to a manager")
    monkeypatch.setenv("PARTYLINE_WATCH_SILENCE_MS", "8000")
    watch = build_watch(load_settings())
    assert watch.silence_ms == 8_000
    assert all(rule.alert and rule.enabled for rule in watch.rules)
    names = [rule.name for rule in watch.rules]
    assert names[-2:] == ["Watch list: lawyer", "Watch list: speak to a manager"]
    assert not (tmp_path / "none").exists()


def test_a_watch_list_that_cannot_be_read_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PARTYLINE_DATA_DIR", str(tmp_path / "none"))
    monkeypatch.setenv("PARTYLINE_WATCH_WORDS", "(((")
    with pytest.raises(BadSettings, match="PARTYLINE_WATCH_WORDS"):
        build_watch(load_settings())


# --- phone calls of Azure Communication Services -------------------------------------------------


def test_a_connection_string_does_as_well_as_address_and_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert load_settings().acs_access is None
    assert "ACS_ENDPOINT" in load_settings().acs_missing
    key = "c2VjcmV0LXNlY3JldC1zZWNyZXQ="
    monkeypatch.setenv("ACS_CONNECTION_STRING", f"endpoint=https://a.example.org/;accesskey={key}")
    monkeypatch.setenv("ACS_RESOURCE_ID", " r-1 ")
    monkeypatch.setenv("ACS_SPEECH_ENDPOINT", "https://s.example.org")
    settings = load_settings()
    assert settings.acs_access is not None
    assert settings.acs_access.endpoint == "https://a.example.org"
    assert settings.acs_access.speech_endpoint == "https://s.example.org"
    assert settings.acs_missing == ()
    assert settings.acs_resource_id == "r-1"
    assert key not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ACS_CALLER_NUMBER", "0800 1234"),
        ("PARTYLINE_PHONE_PREFIXES", "+44, 0049"),
        ("ACS_EVENT_SECRET", "short"),
        ("ACS_TOKEN_ISSUER", "http://example.org"),
        ("ACS_ANSWER", "never"),
        ("ACS_LOCALES", "en"),
    ],
)
def test_a_setting_of_phone_calls_that_cannot_be_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSettings, match=name):
        load_settings()


def test_nobody_answers_by_rule_where_somebody_has_to_say_that_people_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ACS_ANSWER", "rule")
    load_settings()
    monkeypatch.setenv("PARTYLINE_CONSENT_REQUIRED", "1")
    with pytest.raises(BadSettings, match=r"ACS_ANSWER=rule.*PARTYLINE_CONSENT_REQUIRED"):
        load_settings()
    monkeypatch.delenv("ACS_ANSWER")
    load_settings()
    monkeypatch.setenv("AUDIOHOOK_API_KEY", "k" * 32)
    monkeypatch.setenv("AUDIOHOOK_CLIENT_SECRET", "c2VjcmV0" * 4)
    with pytest.raises(BadSettings, match=r"AUDIOHOOK_API_KEY.*PARTYLINE_CONSENT_REQUIRED"):
        load_settings()


LOGIN = {
    "PARTYLINE_OIDC_ISSUER": "https://id.example.com/",
    "PARTYLINE_OIDC_CLIENT_ID": "partyline",
    "PARTYLINE_OIDC_CLIENT_SECRET": "known to both",
}


def use(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return load_settings()


def test_signing_in_needs_a_service_a_client_and_its_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert not load_settings().has_login
    for missing in LOGIN:
        with monkeypatch.context() as patch, pytest.raises(BadSettings, match=missing):
            use(patch, **{name: value for name, value in LOGIN.items() if name != missing})
    settings = use(monkeypatch, **LOGIN)
    assert settings.has_login
    assert settings.metadata_url == "https://id.example.com/.well-known/openid-configuration"
    assert "known to both" not in repr(settings)


def test_claims_are_named_and_read_as_roles(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = use(
        monkeypatch,
        PARTYLINE_OIDC_ROLE_CLAIM="groups",
        PARTYLINE_OIDC_ROLES="cn=leads=supervisor, staff = viewer",
        PARTYLINE_ORG="acme",
    ).claim_rules
    assert rules.roles == {"cn=leads": Role.SUPERVISOR, "staff": Role.VIEWER}
    assert rules.default_org == "acme"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PARTYLINE_OIDC_ISSUER", "http://id.example.com"),
        ("PARTYLINE_OIDC_ISSUER", "ftp://id.example.com"),
        ("PARTYLINE_OIDC_METADATA_URL", "id.example.com"),
        ("PARTYLINE_PAGES_URL", "http://calls.example.com"),
        ("PARTYLINE_PAGES_URL", "https://calls.example.com/path"),
        ("PARTYLINE_COOKIE_SECRET", "short"),
        ("PARTYLINE_OIDC_ROLES", "staff=king"),
        ("PARTYLINE_OIDC_ROLES", "=viewer"),
        ("PARTYLINE_ORG", "a b"),
        ("PARTYLINE_SESSION_IDLE_MS", "0"),
    ],
)
def test_what_would_sign_nobody_in_safely_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    with pytest.raises(BadSettings, match=name):
        use(monkeypatch, **{**LOGIN, name: value})
