"""The only reader of the environment and the secrets file."""

import ipaddress
import tomllib
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from app.api_settings import ApiSettings
from app.auth_settings import AuthSettings
from app.decoding_settings import DecodingSettings
from app.elsewhere_settings import ElsewhereSettings
from app.ingest_settings import IngestSettings
from app.key_settings import KeySettings
from app.limits_settings import LimitsSettings
from app.phone_settings import Answering, PhoneSettings
from app.storage_settings import StorageSettings
from app.watch_settings import WatchSettings
from services.audio.covering import Cover
from services.domain.addresses import is_encrypted_or_here, is_this_machine
from services.domain.calls import ProcessingOptions
from services.domain.errors import BadSettings
from services.domain.limits import ProviderLimits
from services.domain.people import User

ROOT = Path(__file__).resolve().parent.parent
SECRETS_FILE = ROOT / ".streamlit" / "secrets.toml"
GIBIBYTE = 1024**3
HOUR_MS = 3_600_000
# As LLM_BASE_URL: the language models behind AssemblyAI's gateway, with AssemblyAI's key.


class OriginalAudio(StrEnum):
    """What becomes of a recording once its personal data is covered."""

    KEEP = "keep"
    DROP = "drop"


def _encrypted_or_here(url: str | None) -> str | None:
    """Take an address that is https, or http on this very machine; an empty one is none."""
    if not url:
        return None
    parts = urlsplit(url)
    is_web = parts.scheme in {"https", "http"} and not (parts.query or parts.fragment)
    if not (is_web and is_encrypted_or_here(url)):
        raise ValueError
    return url


class Settings(
    ApiSettings,
    AuthSettings,
    ElsewhereSettings,
    IngestSettings,
    KeySettings,
    DecodingSettings,
    LimitsSettings,
    PhoneSettings,
    StorageSettings,
    WatchSettings,
):
    """Everything an installation can set, by the names that docs/deploying.md lists.

    The environment wins over ``.streamlit/secrets.toml``, which may hold the same names. Secrets
    are hidden in repr.
    """

    model_config = SettingsConfigDict(
        toml_file=SECRETS_FILE,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        hide_input_in_errors=True,  # it may be a secret in the wrong place
    )

    data_dir: Annotated[Path, Field(validation_alias="PARTYLINE_DATA_DIR")] = ROOT / "data"
    database: Annotated[str | None, Field(validation_alias="DATABASE_URL", repr=False)] = None
    storage: Annotated[str | None, Field(validation_alias="STORAGE_URL", repr=False)] = None

    host: Annotated[str, Field(validation_alias="HOST")] = "127.0.0.1"
    port: Annotated[int, Field(validation_alias="PORT", ge=0, le=65535)] = 8501
    allow_anonymous: Annotated[bool, Field(validation_alias="PARTYLINE_ALLOW_ANONYMOUS")] = False
    allowed_hosts: Annotated[str, Field(validation_alias="PARTYLINE_ALLOWED_HOSTS")] = ""
    max_upload_bytes: Annotated[int, Field(validation_alias="PARTYLINE_MAX_UPLOAD_BYTES", gt=0)] = (
        4 * GIBIBYTE
    )
    max_duration_ms: Annotated[int, Field(validation_alias="PARTYLINE_MAX_DURATION_MS", gt=0)] = (
        12 * HOUR_MS
    )

    redacted_audio: Annotated[Cover, Field(validation_alias="PARTYLINE_REDACTED_AUDIO")] = (
        Cover.BEEP
    )
    original_audio: Annotated[OriginalAudio, Field(validation_alias="PARTYLINE_ORIGINAL_AUDIO")] = (
        OriginalAudio.KEEP
    )

    worker_id: Annotated[str | None, Field(validation_alias="WORKER_ID")] = None
    jobs_at_once: Annotated[int, Field(validation_alias="PARTYLINE_JOBS_AT_ONCE", ge=1, le=64)] = 1
    org_at_once: Annotated[int | None, Field(validation_alias="PARTYLINE_ORG_AT_ONCE", ge=1)] = None
    drain_ms: Annotated[int, Field(validation_alias="PARTYLINE_DRAIN_MS", ge=0)] = 20_000
    whisper_model: Annotated[str | None, Field(validation_alias="WHISPER_MODEL")] = None
    threads: Annotated[int, Field(validation_alias="PARTYLINE_THREADS", ge=1)] = 2
    embedded_worker: Annotated[bool, Field(validation_alias="PARTYLINE_EMBEDDED_WORKER")] = True
    scripted_provider: Annotated[bool, Field(validation_alias="PARTYLINE_SCRIPTED_PROVIDER")] = (
        False
    )
    scripted_pause_ms: Annotated[
        int, Field(validation_alias="PARTYLINE_SCRIPTED_PAUSE_MS", ge=0)
    ] = 0

    consent_required: Annotated[bool, Field(validation_alias="PARTYLINE_CONSENT_REQUIRED")] = False
    consent_notice: Annotated[
        str, Field(validation_alias="PARTYLINE_CONSENT_NOTICE", min_length=1, max_length=500)
    ] = "Everybody on the call is told that it is recorded."
    live_away_ms: Annotated[int, Field(validation_alias="PARTYLINE_LIVE_AWAY_MS", ge=10_000)] = (
        600_000
    )
    live_pause_ms: Annotated[int, Field(validation_alias="PARTYLINE_LIVE_PAUSE_MS", ge=60_000)] = (
        7_200_000
    )
    live_in_child: Annotated[bool, Field(validation_alias="PARTYLINE_LIVE_IN_CHILD")] = True

    provider: Annotated[str, Field(validation_alias="PARTYLINE_PROVIDER")] = "local"
    fallback: Annotated[str, Field(validation_alias="PARTYLINE_FALLBACK")] = ""
    search_by_meaning: Annotated[bool, Field(validation_alias="PARTYLINE_SEARCH_BY_MEANING")] = (
        False
    )
    public_url: Annotated[
        str | None,
        Field(validation_alias="PARTYLINE_PUBLIC_URL"),
        AfterValidator(_encrypted_or_here),
    ] = None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read what the caller gives first, then the environment, then the secrets file."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def models_dir(self) -> Path:
        """Where joined model weights lie."""
        return self.data_dir / "models"

    @property
    def working_folder(self) -> Path:
        """Where encrypted working files of running jobs lie."""
        return self.data_dir / "tmp"

    @property
    def live_folder(self) -> Path:
        """Where the encrypted tapes of live calls lie until they have become calls."""
        return self.data_dir / "live"

    @property
    def workers_dir(self) -> Path:
        """Where the workers of this machine keep their locks and heartbeats."""
        return self.data_dir / "workers"

    @property
    def key_file(self) -> Path:
        """The master key's file, used when no key is set."""
        return self.data_dir / "partyline.key"

    @property
    def database_url(self) -> str:
        """The database of calls and jobs; one SQLite file unless set otherwise."""
        if self.database:
            return self.with_tls(self.database)
        return f"sqlite:///{self.data_dir / 'partyline.db'}"

    @property
    def storage_url(self) -> str:
        """Where audio is kept; a folder under the data folder unless set otherwise."""
        return self.storage or (self.data_dir / "audio").as_uri()

    @property
    def default_options(self) -> ProcessingOptions:
        """What a run is asked for where nobody says otherwise."""
        return ProcessingOptions(provider=self.provider, fallback=names_in(self.fallback))

    @property
    def phone_owner(self) -> User:
        """Who has the phone calls that nobody of us has begun."""
        return replace(self.local_user, org_id=self.phone_org or self.org)

    @property
    def public_host(self) -> str | None:
        """The name under which services elsewhere reach the server, None when they can't."""
        return urlsplit(self.public_url).hostname if self.public_url else None

    def places(self) -> dict[str, str]:
        """Return the variables that lead another process, in any folder, to the same data."""
        return {
            "PARTYLINE_DATA_DIR": str(self.data_dir),
            "DATABASE_URL": self.database_url,
            "STORAGE_URL": self.storage_url,
        }

    @property
    def pages_url(self) -> str:
        """Where people find the pages, as far as this machine can know."""
        told = self.pages_address or self.public_url
        return (told or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def sign_in_url(self) -> str | None:
        """Where the pages are that people sign in to, None where nobody told.

        It is part of what cookies are for, and the sign-in service sends people back to it.
        """
        if self.pages_address is not None:
            return self.pages_address
        return f"http://localhost:{self.port}" if self.listens_on_loopback else None

    def limits_of(self, provider: str) -> ProviderLimits | None:
        """Return the limits set for a provider, None for one that has none."""
        if provider == "local":
            return ProviderLimits(at_once=self.jobs_at_once)
        return self.limits_elsewhere.get(provider)

    def draining_after(self, drain_s: int | None) -> "Settings":
        """Return the same settings with so long for calls in work when told to stop, if given."""
        return self if drain_s is None else self.model_copy(update={"drain_ms": drain_s * 1000})

    def without_language_model(self) -> "Settings":
        """Return the same settings without a language model."""
        return self.model_copy(update={"llm_base_url": None})

    @property
    def listens_on_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return is_loopback(self.host)


class GivenSettings(Settings):
    """The settings of a process that gets its few variables from its parent, and reads no file."""

    model_config = SettingsConfigDict(toml_file=None)


def is_loopback(host: str) -> bool:
    """Say whether what comes in under a host name or address was meant for this very machine.

    Browsers keep all names below localhost here, which not every resolver does: nothing is sent to
    those.
    """
    return is_this_machine(host) or host.lower().endswith(".localhost")


def names_in(text: str) -> tuple[str, ...]:
    """Return the names that a text lists between commas."""
    return tuple(name for part in text.split(",") if (name := part.strip()))


def is_concrete(host: str) -> bool:
    """Say whether a host is one name or address, not a word for all addresses of a machine."""
    try:
        return not ipaddress.ip_address(host.strip("[]")).is_unspecified
    except ValueError:
        return bool(host) and "/" not in host


def load_settings(kind: type[Settings] = Settings) -> Settings:
    """Read the settings of this kind; relative folders count from the current directory.

    Raises BadSettings, which names the settings that can't be understood, or don't go together.
    """
    try:
        given = kind()
    except tomllib.TOMLDecodeError as error:
        raise BadSettings("It is the file .streamlit/secrets.toml.") from error
    except ValidationError as error:
        names = sorted({str(problem["loc"][0]) for problem in error.errors()})
        raise BadSettings(f"It is {', '.join(names)}.") from None
    if given.consent_required and given.acs_answer is Answering.RULE:
        # Nobody would be there to say that people are told.
        raise BadSettings("ACS_ANSWER=rule doesn't go with PARTYLINE_CONSENT_REQUIRED.")
    if given.consent_required and given.audiohook_api_key is not None:
        raise BadSettings("AUDIOHOOK_API_KEY doesn't go with PARTYLINE_CONSENT_REQUIRED.")
    given.check_bucket()
    given.check_login()
    given.check_database_tls()
    return given.model_copy(
        update={
            "data_dir": given.data_dir.expanduser().absolute(),
            "database": _absolute_database(given.database),
            "storage": _absolute_storage(given.storage),
            "whisper_model": _absolute_folder(given.whisper_model),
        }
    )


def _absolute_folder(name: str | None) -> str | None:
    """Return a model's folder as an absolute path, and a model's name as it is."""
    folder = Path(name or "").expanduser()
    return str(folder.absolute()) if name and folder.is_dir() else name or None


def _absolute_database(url: str | None) -> str | None:
    """Return the address with a relative SQLite file counted from the current directory."""
    prefix, _, file = (url or "").partition(":///")
    if not prefix.startswith("sqlite") or not file or file == ":memory:":
        return url or None
    return f"{prefix}:///{Path(file).absolute()}"


def _absolute_storage(url: str | None) -> str | None:
    if not url or "://" in url:
        return url or None
    return Path(url).expanduser().absolute().as_uri()
