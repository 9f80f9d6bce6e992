"""AssemblyAI's gateway to language models on loopback: OpenAI's protocol, read more strictly."""

import uuid
from collections.abc import Mapping
from email.message import Message
from typing import Any

from emulators.language_model import LanguageModelEmulator


class AssemblyAIGatewayEmulator(LanguageModelEmulator):
    """Takes the bare key only, and writes completions as the gateway's SDK reads them.

    ``host`` is what ASSEMBLYAI_LLM_GATEWAY_BASE_URL takes.
    """

    def accepts(self, headers: Message) -> bool:
        """Return whether the key stands in the header alone; a bearer token is refused."""
        given = headers.get("Authorization") or ""
        return given == self.key if self.key is not None else bool(given) and " " not in given

    def written(self, completion: dict[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
        """Return the completion with the request's id, its echo and both names of the counts."""
        usage = completion["usage"]
        return {
            "request_id": str(uuid.uuid4()),
            "choices": completion["choices"],
            "usage": {
                **usage,
                "input_tokens": usage["prompt_tokens"],
                "output_tokens": usage["completion_tokens"],
            },
            "request": {"model": asked.get("model"), "max_tokens": asked.get("max_tokens")},
        }
