"""Where Azure Speech answers, read off the settings."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from services.domain.errors import ProviderNotConfigured
from services.providers.azure_speech.access import AzureAccess

_REGION = re.compile(r"[a-z][a-z0-9]{1,40}")


def endpoint_of(access: AzureAccess) -> str:
    """Return scheme and host for transcriptions and tokens. Raises ProviderNotConfigured."""
    return _given(access) or f"https://{_region(access)}.api.cognitive.microsoft.com"


def signature_endpoint_of(access: AzureAccess) -> str:
    """Return scheme and host of the voice signatures. Raises ProviderNotConfigured."""
    return _given(access) or f"https://signature.{_region(access)}.cts.speech.microsoft.com"


def stream_host_of(access: AzureAccess) -> str | None:
    """Return scheme and host for sound that is streamed, None where only a region is given.

    Raises ProviderNotConfigured.
    """
    if not access.host:
        return None
    host = access.host.strip().rstrip("/")
    try:
        parts = urlsplit(host)
        _ = parts.port
    except ValueError:
        raise ProviderNotConfigured("AZURE_SPEECH_HOST is not an address.") from None
    if parts.scheme not in {"ws", "wss"} or not parts.hostname or parts.path or parts.query:
        raise ProviderNotConfigured("AZURE_SPEECH_HOST has the form wss://host, without a path.")
    if parts.username or parts.password:
        raise ProviderNotConfigured("Set AZURE_SPEECH_KEY, no key in AZURE_SPEECH_HOST.")
    if parts.scheme == "ws" and not is_on_this_machine(host):
        raise ProviderNotConfigured("AZURE_SPEECH_HOST has to start with wss://.")
    return host


def region_of(access: AzureAccess) -> str:
    """Return the region. Raises ProviderNotConfigured where there is none, or none that can be."""
    return _region(access)


def is_on_this_machine(endpoint: str) -> bool:
    """Return whether nothing leaves this machine."""
    host = urlsplit(endpoint).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        # A name, though it may begin like an address: 127.0.0.1.example.org is elsewhere.
        return host == "localhost"


def key_of(access: AzureAccess) -> str:
    """Return the key. Raises ProviderNotConfigured where there is none, or none that can be sent.

    A header takes no line ends, and what isn't ASCII was pasted with something else.
    """
    if not access.key:
        raise ProviderNotConfigured("AZURE_SPEECH_KEY is missing.")
    if not access.key.isascii() or not access.key.isprintable():
        raise ProviderNotConfigured("AZURE_SPEECH_KEY has characters that no key has.")
    return access.key


def _given(access: AzureAccess) -> str | None:
    if not access.endpoint:
        return None
    endpoint = access.endpoint.strip().rstrip("/")
    try:
        parts = urlsplit(endpoint)
        _ = parts.port
    except ValueError:
        raise ProviderNotConfigured("AZURE_SPEECH_ENDPOINT is not an address.") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
        raise ProviderNotConfigured("AZURE_SPEECH_ENDPOINT is not an address.")
    if parts.username or parts.password:
        raise ProviderNotConfigured("Set AZURE_SPEECH_KEY, no key in AZURE_SPEECH_ENDPOINT.")
    if parts.scheme == "http" and not is_on_this_machine(endpoint):
        raise ProviderNotConfigured("AZURE_SPEECH_ENDPOINT has to start with https://.")
    return endpoint


def _region(access: AzureAccess) -> str:
    region = (access.region or "").strip().lower().replace(" ", "")
    if not region:
        raise ProviderNotConfigured("AZURE_SPEECH_REGION or AZURE_SPEECH_ENDPOINT is missing.")
    if not _REGION.fullmatch(region):
        raise ProviderNotConfigured("AZURE_SPEECH_REGION is not the name of a region.")
    return region
