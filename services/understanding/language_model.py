"""A client of language models that speak OpenAI's chat protocol.

Whatever goes wrong is a LanguageModelError; keys and words of calls are never logged, and stand in
no error. Nothing is followed to another address.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic

from services import telemetry
from services.domain.errors import LanguageModelRejected
from services.understanding.model_address import read_address
from services.understanding.model_replies import Completion, Shape, read_completion, read_shape
from services.understanding.model_transport import Failed, ModelTransport, Question

PER_PRICE = 1_000_000
# The gateway's own limit cuts the summary of a long call off; answers here stay far below this one.
GATEWAY_MOST_TOKENS = 4_000


@dataclass(frozen=True, kw_only=True)
class ModelAccess:
    """What is set about a language model.

    ``timeout_s`` is for one question with all its retries. Prices are per million tokens, in
    any currency; None: unknown. ``context_chars`` is how much of a call is sent at once.
    ``is_gateway`` says that AssemblyAI's gateway is asked.
    """

    base_url: str
    model: str | None = None
    key: str | None = field(default=None, repr=False)
    timeout_s: float = 30.0
    price_in: float | None = None
    price_out: float | None = None
    context_chars: int = 24_000
    is_gateway: bool = False


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message of a chat: ``role`` is system, user or assistant."""

    role: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Expense:
    """What one or several questions took: time, tokens and cost, None where nobody knows."""

    took_ms: int = 0
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost: float | None = None

    def __add__(self, other: "Expense") -> "Expense":
        """Return what both took; what is unknown of one is unknown of both."""
        return Expense(
            took_ms=self.took_ms + other.took_ms,
            tokens_in=_sum(self.tokens_in, other.tokens_in),
            tokens_out=_sum(self.tokens_out, other.tokens_out),
            cost=None if self.cost is None or other.cost is None else self.cost + other.cost,
        )


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer as free text."""

    text: str
    expense: Expense


@dataclass(frozen=True, kw_only=True)
class Shaped(Generic[Shape]):
    """An answer of the shape that was asked for."""

    value: Shape
    expense: Expense


class AnswerFormat(StrEnum):
    """How a server is asked for JSON; what it rejects is not tried again."""

    SCHEMA = "json_schema"
    OBJECT = "json_object"
    PLAIN = "plain"


def _never() -> bool:
    return False


class LanguageModel:
    """Asks one model. Safe to share between threads; it blocks, so a coroutine leaves it to one.

    Waiting ends when ``is_cancelled()`` says so (Cancelled) or the time is up
    (LanguageModelTimeout), whatever the server does meanwhile.
    """

    def __init__(self, access: ModelAccess) -> None:
        """Read the address; nothing is connected. Raises LanguageModelNotConfigured."""
        self._access = access
        self._address = read_address(
            access.base_url, access.model, access.key, is_gateway=access.is_gateway
        )
        self._transport = ModelTransport(self._address)
        self._format = AnswerFormat.SCHEMA

    @property
    def name(self) -> str:
        """What the model is called."""
        return self._address.model

    @property
    def context_chars(self) -> int:
        """How many characters of a call may be sent at once."""
        return self._access.context_chars

    @property
    def leaves_machine(self) -> bool:
        """Whether questions go to another machine."""
        return not self._address.is_on_this_machine

    def ask(
        self, messages: Sequence[Message], *, is_cancelled: Callable[[], bool] = _never
    ) -> Reply:
        """Return the answer as text. Raises a LanguageModelError, Cancelled."""
        question = Question(deadline=self._deadline(), is_cancelled=is_cancelled)
        completion = self._answered({"messages": _written(messages)}, question)
        return Reply(text=completion.text, expense=self._expense(completion, question))

    def ask_for(
        self,
        shape: type[Shape],
        messages: Sequence[Message],
        *,
        is_cancelled: Callable[[], bool] = _never,
    ) -> Shaped[Shape]:
        """Return an answer that fits this shape.

        Its schema goes with the request as far as the server knows how, and with the words
        otherwise. Raises a LanguageModelError, Cancelled.
        """
        question = Question(deadline=self._deadline(), is_cancelled=is_cancelled)
        completion = self._in_a_known_format(shape, messages, question)
        return Shaped(
            value=read_shape(completion.text, shape), expense=self._expense(completion, question)
        )

    def _in_a_known_format(
        self, shape: type[Shape], messages: Sequence[Message], question: Question
    ) -> Completion:
        formats = list(AnswerFormat)
        for wanted in formats[formats.index(self._format) :]:
            try:
                completion = self._answered(_shaped(wanted, shape, messages), question)
            except _FormatRejected:
                continue
            self._format = wanted
            return completion
        raise LanguageModelRejected

    def _answered(self, body: Mapping[str, Any], question: Question) -> Completion:
        """Send one question and read the answer; a 400 to a format asks for another one."""
        limits = {"max_tokens": GATEWAY_MOST_TOKENS} if self._access.is_gateway else {}
        sent = json.dumps({"model": self._address.model, **limits, **body}).encode()
        try:
            answer = self._transport.send(sent, question)
        except Failed as failed:
            telemetry.event("language_model.failed", error=failed.error.code, status=failed.status)
            if failed.status in {400, 422} and "response_format" in body:
                raise _FormatRejected from None
            raise failed.error from None
        return read_completion(answer)

    def _deadline(self) -> float:
        return time.monotonic() + self._access.timeout_s

    def _expense(self, completion: Completion, question: Question) -> Expense:
        tokens = (completion.tokens_in, completion.tokens_out)
        prices = (self._access.price_in, self._access.price_out)
        cost = 0.0
        known = True
        for count, price in zip(tokens, prices, strict=True):
            known = known and count is not None and price is not None
            cost += (count or 0) * (price or 0.0) / PER_PRICE
        return Expense(
            took_ms=question.took_ms,
            tokens_in=completion.tokens_in,
            tokens_out=completion.tokens_out,
            cost=cost if known else None,
        )


class _FormatRejected(Exception):
    """The server doesn't know the way in which it was asked for JSON."""


def _written(messages: Sequence[Message]) -> list[dict[str, str]]:
    return [{"role": m.role, "content": m.text} for m in messages]


def _shaped(
    wanted: AnswerFormat, shape: type[Shape], messages: Sequence[Message]
) -> dict[str, Any]:
    """Return the part of a request that asks for this shape in one of the formats."""
    schema = shape.model_json_schema()
    if wanted is AnswerFormat.SCHEMA:
        named = {"name": shape.__name__.strip("_"), "schema": schema, "strict": True}
        return {
            "messages": _written(messages),
            "response_format": {"type": wanted.value, "json_schema": named},
        }
    told = Message(
        role="system",
        text="Answer with one JSON object and nothing else. It has to fit this JSON schema:\n"
        + json.dumps(schema),
    )
    body: dict[str, Any] = {"messages": _written([told, *messages])}
    if wanted is AnswerFormat.OBJECT:
        body["response_format"] = {"type": wanted.value}
    return body


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other
