"""Where a language model is asked and how it is told the key, read off the base address.

Known forms: ``http://127.0.0.1:11434`` or ``…/v1`` (Ollama, vLLM, gateways), Azure OpenAI's
``…/openai/deployments/NAME?api-version=…`` and ``…/openai/v1``, or the whole address of
``…/chat/completions``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

from services.domain.addresses import can_be_sent, is_encrypted_or_here, is_on_this_machine
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
        return is_on_this_machine(self.url)


def read_address(
    base_url: str, model: str | None, key: str | None, *, is_gateway: bool = False
) -> ModelAddress:
    """Return where and how to ask; AssemblyAI's gateway may have any address that is
    encrypted or on this machine, since its key is that of the calls.

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
    if is_gateway and not is_encrypted_or_here(base_url.strip()):
        raise LanguageModelNotConfigured(
            "ASSEMBLYAI_LLM_GATEWAY_BASE_URL has to start with https://."
        )
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
    if key and not can_be_sent(key):
        setting = "ASSEMBLYAI_API_KEY" if is_gateway else "LLM_API_KEY"
        raise LanguageModelNotConfigured(f"{setting} has characters that no key has.")
    return ModelAddress(url=url, model=name, headers=_headers(key, azure=azure, bare=bare))


def _headers(key: str | None, *, azure: bool, bare: bool) -> Mapping[str, str]:
    if not key:
        return {}
    if azure:
        return {"api-key": key}
    return {"Authorization": key if bare else f"Bearer {key}"}
