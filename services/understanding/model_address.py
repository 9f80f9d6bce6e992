"""Where a language model is asked and how it is told the key, read off the base address.

Known forms: ``http://127.0.0.1:11434`` or ``…/v1`` (Ollama, vLLM, gateways), Azure OpenAI's
``…/openai/deployments/NAME?api-version=…`` and ``…/openai/v1``, or the whole address of
``…/chat/completions``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit, urlunsplit

from services.domain.errors import LanguageModelNotConfigured

_CHAT = "/chat/completions"
_VERSION = re.compile(r"/v\d+(?:beta\d*|alpha\d*)?$")
_DEPLOYMENT = re.compile(r"/openai/deployments/([^/]+)$")
_AZURE = (".openai.azure.com", ".cognitiveservices.azure.com", ".services.ai.azure.com")
_BARE_KEY = (".assemblyai.com",)


@dataclass(frozen=True, kw_only=True)
class ModelAddress:
    """The address that answers chats, the headers it wants, and the model's name there."""

    url: str
    model: str
    headers: Mapping[str, str] = field(repr=False)

    @property
    def is_on_this_machine(self) -> bool:
        """Whether nothing leaves this machine."""
        host = urlsplit(self.url).hostname or ""
        try:
            return ip_address(host).is_loopback
        except ValueError:
            # A name, though it may begin like an address: 127.0.0.1.example.org is elsewhere.
            return host == "localhost"


def read_address(
    base_url: str, model: str | None, key: str | None, *, is_gateway: bool = False
) -> ModelAddress:
    """Return where and how to ask; AssemblyAI's gateway may have any address.

    Raises LanguageModelNotConfigured with what is wrong.
    """
    if is_gateway and not key:
        raise LanguageModelNotConfigured("ASSEMBLYAI_API_KEY is missing.")
    try:
        parts = urlsplit(base_url.strip())
        _ = parts.port
    except ValueError:
        raise LanguageModelNotConfigured("LLM_BASE_URL is not an address.") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise LanguageModelNotConfigured("LLM_BASE_URL has to start with http:// or https://.")
    if parts.username or parts.password:
        raise LanguageModelNotConfigured("Set LLM_API_KEY instead of a key in LLM_BASE_URL.")
    path = parts.path.rstrip("/")
    base = path.removesuffix(_CHAT)
    deployment = _DEPLOYMENT.search(base)
    if base == path and not deployment and not _VERSION.search(base):
        base = f"{base}/v1"
    name = model or (deployment[1] if deployment else None)
    if not name:
        raise LanguageModelNotConfigured("LLM_MODEL is missing.")
    url = urlunsplit((parts.scheme, parts.netloc, base + _CHAT, parts.query, ""))
    azure = bool(deployment) or parts.hostname.endswith(_AZURE)
    bare = is_gateway or parts.hostname.endswith(_BARE_KEY)
    return ModelAddress(url=url, model=name, headers=_headers(key, azure=azure, bare=bare))


def _headers(key: str | None, *, azure: bool, bare: bool) -> Mapping[str, str]:
    if not key:
        return {}
    if not key.isascii() or not key.isprintable():
        raise LanguageModelNotConfigured("LLM_API_KEY has characters that no key has.")
    if azure:
        return {"api-key": key}
    return {"Authorization": key if bare else f"Bearer {key}"}
