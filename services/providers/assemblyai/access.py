"""Where AssemblyAI is reached and with which key."""

from dataclasses import dataclass, field

from services.providers.given_access import safe_address, safe_host, safe_key

_KEY = "ASSEMBLYAI_API_KEY"
_ADDRESS = "https://api.assemblyai.com"
_STREAMING_HOST = "streaming.assemblyai.com"


@dataclass(frozen=True, kw_only=True)
class AssemblyAIAccess:
    """``base_url`` (http) and ``streaming_host`` (ws) None mean the service's own addresses."""

    key: str | None = field(default=None, repr=False)
    base_url: str | None = None
    streaming_host: str | None = None

    @property
    def missing(self) -> tuple[str, ...]:
        """The settings without which nothing works."""
        return () if self.key else (_KEY,)


def key_of(access: AssemblyAIAccess) -> str:
    """Return the key. Raises ProviderNotConfigured where there is none that can be sent."""
    return safe_key(access.key, _KEY)


def address_of(access: AssemblyAIAccess) -> str:
    """Return where recorded calls go. Raises ProviderNotConfigured."""
    if not access.base_url:
        return _ADDRESS
    return safe_address(access.base_url, "ASSEMBLYAI_BASE_URL", _KEY)


def streaming_host_of(access: AssemblyAIAccess) -> str:
    """Return where live calls go: a host, which is asked encrypted, or one with its scheme.

    Raises ProviderNotConfigured.
    """
    given = (access.streaming_host or "").strip()
    if not given:
        return _STREAMING_HOST
    with_scheme = given if "://" in given else f"wss://{given}"
    return safe_host(with_scheme, "ASSEMBLYAI_STREAMING_HOST", _KEY)
