"""Reads what a language model answers: the completion, and the JSON somewhere in its text."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from services.domain.errors import LanguageModelAnswerUnusable, LanguageModelDeclined

_FENCED = re.compile(r"```(?:json)?\s*\n(.*?)```", re.DOTALL | re.IGNORECASE)
MOST_PLACES = 20

Shape = TypeVar("Shape", bound=BaseModel)


@dataclass(frozen=True, kw_only=True)
class Completion:
    """The text of an answer and the tokens that the server counted, if it did."""

    text: str
    tokens_in: int | None = None
    tokens_out: int | None = None


def read_completion(body: bytes) -> Completion:
    """Read the answer to a chat.

    Raises LanguageModelAnswerUnusable when there is none or it was cut off, LanguageModelDeclined
    when the model would not answer or a content filter held the answer back.
    """
    try:
        written = json.loads(body)
        choice = written["choices"][0]
        message = choice["message"]
        reason, refusal = choice.get("finish_reason"), message.get("refusal")
        text = _text_of(message.get("content"))
        usage = written.get("usage") or {}
        tokens_in, tokens_out = (
            _count(usage.get(name)) for name in ("prompt_tokens", "completion_tokens")
        )
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise LanguageModelAnswerUnusable from None
    if refusal or reason == "content_filter":
        raise LanguageModelDeclined
    if reason == "length":
        raise LanguageModelAnswerUnusable("It was cut off.")
    if not text.strip():
        raise LanguageModelAnswerUnusable("It was empty.")
    return Completion(text=text, tokens_in=tokens_in, tokens_out=tokens_out)


def _text_of(content: Any) -> str:
    if isinstance(content, list):
        return "".join(str(part.get("text") or "") for part in content)
    return content if isinstance(content, str) else ""


def _count(value: Any) -> int | None:
    """Return a number of tokens if it is one."""
    return value if isinstance(value, int) and 0 <= value < 10**9 else None


def read_shape(text: str, shape: type[Shape]) -> Shape:
    """Return the JSON in a text that fits the shape, wherever it stands in it.

    Some servers put it into a code fence or behind what the model thought aloud. Raises
    LanguageModelAnswerUnusable when nothing fits.
    """
    for candidate in _candidates(text):
        try:
            return shape.model_validate(json.loads(candidate))
        except (ValueError, ValidationError, RecursionError):
            continue
    raise LanguageModelAnswerUnusable("It is not of the form that was asked for.")


def _candidates(text: str) -> Iterator[str]:
    yield text
    yield from _FENCED.findall(text)[:MOST_PLACES]
    end = text.rfind("}") + 1
    at = text.find("{")
    for _ in range(MOST_PLACES):
        if at < 0:
            return
        yield text[at:end]
        at = text.find("{", at + 1)
