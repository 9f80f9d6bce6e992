"""Where Azure Speech answers, read off the settings."""

import re

from services.domain.errors import ProviderNotConfigured
from services.providers.azure_speech.access import AzureAccess
from services.providers.given_access import safe_address, safe_host, safe_key

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
    return safe_host(access.host, "AZURE_SPEECH_HOST", "AZURE_SPEECH_KEY")


def region_of(access: AzureAccess) -> str:
    """Return the region. Raises ProviderNotConfigured where there is none, or none that can be."""
    return _region(access)


def key_of(access: AzureAccess) -> str:
    """Return the key. Raises ProviderNotConfigured where there is none that can be sent."""
    return safe_key(access.key, "AZURE_SPEECH_KEY")


def _given(access: AzureAccess) -> str | None:
    if not access.endpoint:
        return None
    return safe_address(access.endpoint, "AZURE_SPEECH_ENDPOINT", "AZURE_SPEECH_KEY")


def _region(access: AzureAccess) -> str:
    region = (access.region or "").strip().lower().replace(" ", "")
    if not region:
        raise ProviderNotConfigured("AZURE_SPEECH_REGION or AZURE_SPEECH_ENDPOINT is missing.")
    if not _REGION.fullmatch(region):
        raise ProviderNotConfigured("AZURE_SPEECH_REGION is not the name of a region.")
    return region
