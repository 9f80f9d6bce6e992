"""The only reader of the environment and the secrets file."""

import ipaddress
import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from services.audio.covering import Cover
from services.domain.addresses import is_encrypted_or_here, is_this_machine
from services.domain.calls import ProcessingOptions
from services.domain.errors import BadSettings
from services.domain.limits import ProviderLimits

ROOT = Path(__file__).resolve().parent.parent
SECRETS_FILE = ROOT / ".streamlit" / "secrets.toml"
GIBIBYTE = 1024**3
HOUR_MS = 3_600_000
# As LLM_BASE_URL: the language models behind AssemblyAI's gateway, with AssemblyAI's key.
ASSEMBLYAI = "assemblyai"


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


class Settings(BaseSettings):
    """Everything an installation can set, by the names that docs/deploying.md lists.

    The environment wins over ``.streamlit/secrets.toml``, which may hold the same names. Secrets
    are hidden in repr.
    """

    model_config = SettingsConfigDict(
        toml_file=SECRETS_FILE, extra="ignore", frozen=True, populate_by_name=True
    )

    data_dir: Annotated[Path, Field(validation_alias="PARTYLINE_DATA_DIR")] = ROOT / "data"
    database: Annotated[str | None, Field(validation_alias="DATABASE_URL", repr=False)] = None
    storage: Annotated[str | None, Field(validation_alias="STORAGE_URL", repr=False)] = None
    partyline_key: Annotated[SecretStr | None, Field(validation_alias="PARTYLINE_KEY")] = None

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
    whisper_model: Annotated[str | None, Field(validation_alias="WHISPER_MODEL")] = None
    threads: Annotated[int, Field(validation_alias="PARTYLINE_THREADS", ge=1)] = 2
    embedded_worker: Annotated[bool, Field(validation_alias="PARTYLINE_EMBEDDED_WORKER")] = True
    scripted_provider: Annotated[bool, Field(validation_alias="PARTYLINE_SCRIPTED_PROVIDER")] = (
        False
    )
    scripted_pause_ms: Annotated[
        int, Field(validation_alias="PARTYLINE_SCRIPTED_PAUSE_MS", ge=0)
    ] = 0

    azure_speech_key: Annotated[SecretStr | None, Field(validation_alias="AZURE_SPEECH_KEY")] = None
    azure_speech_region: Annotated[str | None, Field(validation_alias="AZURE_SPEECH_REGION")] = None
    azure_speech_host: Annotated[str | None, Field(validation_alias="AZURE_SPEECH_HOST")] = None
    azure_speech_endpoint: Annotated[
        str | None, Field(validation_alias="AZURE_SPEECH_ENDPOINT")
    ] = None
    assemblyai_api_key: Annotated[
        SecretStr | None, Field(validation_alias="ASSEMBLYAI_API_KEY")
    ] = None
    assemblyai_base_url: Annotated[str | None, Field(validation_alias="ASSEMBLYAI_BASE_URL")] = None

    assemblyai_streaming_host: Annotated[
        str | None, Field(validation_alias="ASSEMBLYAI_STREAMING_HOST")
    ] = None
    assemblyai_llm_gateway: Annotated[
        str, Field(validation_alias="ASSEMBLYAI_LLM_GATEWAY_BASE_URL")
    ] = "https://llm-gateway.assemblyai.com"
    azure_at_once: Annotated[int, Field(validation_alias="PARTYLINE_AZURE_AT_ONCE", ge=1)] = 8
    azure_per_minute: Annotated[
        int | None, Field(validation_alias="PARTYLINE_AZURE_PER_MINUTE", ge=1)
    ] = None
    azure_cost_per_hour: Annotated[
        float | None, Field(validation_alias="PARTYLINE_AZURE_COST_PER_HOUR", ge=0)
    ] = None
    assemblyai_at_once: Annotated[
        int, Field(validation_alias="PARTYLINE_ASSEMBLYAI_AT_ONCE", ge=1)
    ] = 8
    assemblyai_per_minute: Annotated[
        int | None, Field(validation_alias="PARTYLINE_ASSEMBLYAI_PER_MINUTE", ge=1)
    ] = None
    assemblyai_cost_per_hour: Annotated[
        float | None, Field(validation_alias="PARTYLINE_ASSEMBLYAI_COST_PER_HOUR", ge=0)
    ] = None
    provider: Annotated[str, Field(validation_alias="PARTYLINE_PROVIDER")] = "local"
    fallback: Annotated[str, Field(validation_alias="PARTYLINE_FALLBACK")] = ""
    public_url: Annotated[
        str | None,
        Field(validation_alias="PARTYLINE_PUBLIC_URL"),
        AfterValidator(_encrypted_or_here),
    ] = None
    acs_endpoint: Annotated[str | None, Field(validation_alias="ACS_ENDPOINT")] = None
    acs_access_key: Annotated[SecretStr | None, Field(validation_alias="ACS_ACCESS_KEY")] = None
    acs_resource_id: Annotated[str | None, Field(validation_alias="ACS_RESOURCE_ID")] = None
    llm_base_url: Annotated[str | None, Field(validation_alias="LLM_BASE_URL")] = None
    llm_api_key: Annotated[SecretStr | None, Field(validation_alias="LLM_API_KEY")] = None
    llm_model: Annotated[str | None, Field(validation_alias="LLM_MODEL")] = None
    llm_timeout_s: Annotated[float, Field(validation_alias="PARTYLINE_LLM_TIMEOUT_S", gt=0)] = 30.0
    llm_price_in: Annotated[
        float | None, Field(validation_alias="PARTYLINE_LLM_PRICE_IN", ge=0)
    ] = None
    llm_price_out: Annotated[
        float | None, Field(validation_alias="PARTYLINE_LLM_PRICE_OUT", ge=0)
    ] = None
    llm_context_chars: Annotated[
        int, Field(validation_alias="PARTYLINE_LLM_CONTEXT_CHARS", ge=1_000)
    ] = 24_000

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
        return self.database or f"sqlite:///{self.data_dir / 'partyline.db'}"

    @property
    def storage_url(self) -> str:
        """Where audio is kept; a folder under the data folder unless set otherwise."""
        return self.storage or (self.data_dir / "audio").as_uri()

    @property
    def default_options(self) -> ProcessingOptions:
        """What a run is asked for where nobody says otherwise."""
        return ProcessingOptions(provider=self.provider, fallback=names_in(self.fallback))

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
    def limits_elsewhere(self) -> dict[str, ProviderLimits]:
        """The limits of the providers elsewhere, which hold for all workers together."""
        return {
            "azure": ProviderLimits(at_once=self.azure_at_once, per_minute=self.azure_per_minute),
            "assemblyai": ProviderLimits(
                at_once=self.assemblyai_at_once, per_minute=self.assemblyai_per_minute
            ),
        }

    def limits_of(self, provider: str) -> ProviderLimits | None:
        """Return the limits set for a provider, None for one that has none."""
        if provider == "local":
            return ProviderLimits(at_once=self.jobs_at_once)
        return self.limits_elsewhere.get(provider)

    @property
    def language_model(self) -> dict[str, Any] | None:
        """What is set about the language model, by the names of its client; None without one."""
        if not self.llm_base_url:
            return None
        by_gateway = self.llm_base_url.strip().casefold() == ASSEMBLYAI
        key = self.assemblyai_api_key if by_gateway else self.llm_api_key
        return {
            "base_url": self.assemblyai_llm_gateway if by_gateway else self.llm_base_url,
            "is_gateway": by_gateway,
            "model": self.llm_model or None,
            "key": key.get_secret_value() if key else None,
            "timeout_s": self.llm_timeout_s,
            "price_in": self.llm_price_in,
            "price_out": self.llm_price_out,
            "context_chars": self.llm_context_chars,
        }

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

    Raises BadSettings, which names the settings that can't be understood.
    """
    try:
        given = kind()
    except tomllib.TOMLDecodeError as error:
        raise BadSettings("It is the file .streamlit/secrets.toml.") from error
    except ValidationError as error:
        names = sorted({str(problem["loc"][0]) for problem in error.errors()})
        raise BadSettings(f"It is {', '.join(names)}.") from None
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
