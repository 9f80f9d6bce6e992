"""A language model on loopback that speaks OpenAI's chat protocol and misbehaves when told to.

``LanguageModelEmulator`` is a real HTTP server in a thread. Each request takes the next behaviour
of its script, the last one again and again; all requests are kept for tests to look at.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from enum import StrEnum
from http.server import BaseHTTPRequestHandler
from threading import Event, Lock
from typing import Any

from emulators.answering import Answer, SentLine, lines_in, questions_in, schema_in
from emulators.serving import Emulator, HttpServer

MODEL = "emulated-1"
HUGE_BYTES = 64 * 1024 * 1024
HUGE_CHUNK = b"x" * 65_536
MOST_REQUEST_BYTES = 16 * 1024 * 1024


class Behaviour(StrEnum):
    """What the model does with one request."""

    GOOD = "good"
    BROKEN_JSON = "broken-json"
    WRONG_SHAPE = "wrong-shape"
    FENCED = "fenced"
    INVENTED_QUOTES = "invented-quotes"
    BUSY = "busy"
    BUSY_FOR_A_WHILE = "busy-for-a-while"
    BUSY_FOR_AN_HOUR = "busy-for-an-hour"
    FAULT = "fault"
    WRONG_KEY = "wrong-key"
    SLOW = "slow"
    TRICKLING = "trickling"
    DROPPED = "dropped"
    HUGE = "huge"
    NO_CHOICES = "no-choices"
    REFUSAL = "refusal"
    FILTERED = "filtered"
    CUT_OFF = "cut-off"
    OBEYS_THE_CALL = "obeys-the-call"
    NO_SCHEMAS = "no-schemas"
    NO_FORMATS = "no-formats"
    REDIRECT = "redirect"


@dataclass(frozen=True, kw_only=True)
class SeenRequest:
    """One request as it arrived: header names in lower case, the body as JSON."""

    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    arrived_s: float

    @property
    def text(self) -> str:
        """All that was said to the model."""
        return "\n".join(str(m.get("content", "")) for m in self.body.get("messages", ()))


class LanguageModelEmulator(Emulator):
    """Serves from ``__enter__`` to ``__exit__``; ``address`` is what LLM_BASE_URL takes."""

    def __init__(
        self,
        *script: Behaviour,
        key: str | None = None,
        port: int = 0,
        wait_s: float = 0.05,
        elsewhere: str = "http://127.0.0.1:9/v1/chat/completions",
    ) -> None:
        """Follow this script; ``key`` is the only one accepted, ``wait_s`` goes to Retry-After.

        ``elsewhere`` is where a redirect leads.
        """
        self._script = list(script) or [Behaviour.GOOD]
        self.key = key
        self.wait_s = wait_s
        self.elsewhere = elsewhere
        self.requests: list[SeenRequest] = []
        self.stopping = Event()
        self._lock = Lock()
        self._server = HttpServer(_handler_of(self), port)

    @property
    def host(self) -> str:
        """Scheme, host and port, without a path."""
        return self._server.address

    @property
    def address(self) -> str:
        """The base address of the protocol."""
        return f"{self.host}/v1"

    def start(self) -> None:
        """Begin to answer."""
        self._server.start()

    def stop(self) -> None:
        """Stop answering; slow answers end at once. Safe to call twice."""
        self.stopping.set()
        self._server.stop()

    def accepts(self, headers: Message) -> bool:
        """Return whether a request brings the key, in one of the ways in which it may."""
        given = headers.get("api-key") or headers.get("Authorization") or ""
        return self.key in (None, given.removeprefix("Bearer "))

    def written(self, completion: dict[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
        """Return a completion as this server writes it."""
        del asked
        return completion

    def take(self, request: SeenRequest) -> Behaviour:
        """Keep a request and return what is to be done with it."""
        with self._lock:
            self.requests.append(request)
            return self._script.pop(0) if len(self._script) > 1 else self._script[0]


def _handler_of(emulator: LanguageModelEmulator) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        model = emulator

    return Handler


class _Handler(BaseHTTPRequestHandler):
    model: LanguageModelEmulator
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: requests hold words of calls."""

    def do_GET(self) -> None:
        """List the one model there is."""
        if not self.path.partition("?")[0].endswith("/models"):
            self._send(404, _error("There is nothing here."))
        elif self._has_key():
            listed = {"id": MODEL, "object": "model", "created": 0, "owned_by": "emulator"}
            self._send(200, {"object": "list", "data": [listed]})

    def do_POST(self) -> None:
        """Answer a chat."""
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(min(length, MOST_REQUEST_BYTES))
        if not self.path.partition("?")[0].endswith("/chat/completions"):
            return self._send(404, _error("There is nothing here."))
        try:
            asked = json.loads(body)
        except ValueError:
            return self._send(400, _error("This is no JSON."))
        seen = SeenRequest(
            path=self.path,
            headers={k.lower(): v for k, v in self.headers.items()},
            body=asked,
            arrived_s=time.monotonic(),
        )
        behaviour = self.model.take(seen)
        if self._has_key():
            try:
                self._behave(behaviour, asked)
            except OSError:
                self.close_connection = True
        return None

    def _has_key(self) -> bool:
        if self.model.accepts(self.headers):
            return True
        self._send(401, _error("Incorrect API key provided."))
        return False

    def _behave(self, behaviour: Behaviour, asked: Mapping[str, Any]) -> None:
        format_asked = (asked.get("response_format") or {}).get("type")
        if refusal := _REFUSALS.get(behaviour):
            status, words = refusal
            return self._send(status, _error(words), self._waiting(behaviour))
        if behaviour is Behaviour.NO_SCHEMAS and format_asked == "json_schema":
            return self._send(400, _error("response_format: json_schema is not supported"))
        if behaviour is Behaviour.NO_FORMATS and format_asked:
            return self._send(400, _error("response_format is not supported"))
        if behaviour is Behaviour.REDIRECT:
            return self._send(307, {}, {"Location": self.model.elsewhere})
        if behaviour is Behaviour.SLOW:
            self.model.stopping.wait()
            self.close_connection = True
            return None
        if behaviour in (Behaviour.HUGE, Behaviour.DROPPED, Behaviour.TRICKLING):
            return self._misdeliver(behaviour)
        message, reason = _message(behaviour, asked)
        if asked.get("stream"):
            return self._stream(str(message.get("content") or ""), reason)
        completion = _completion(behaviour, message, reason, asked)
        return self._send(200, self.model.written(completion, asked))

    def _waiting(self, behaviour: Behaviour) -> dict[str, str]:
        if behaviour is Behaviour.BUSY_FOR_A_WHILE:
            return {"Retry-After": f"{self.model.wait_s:g}"}
        return {"Retry-After": "3600"} if behaviour is Behaviour.BUSY_FOR_AN_HOUR else {}

    def _send(
        self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> None:
        written = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(written)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(written)

    def _misdeliver(self, behaviour: Behaviour) -> None:
        """Begin an answer of many bytes: send them all, some of them, or one now and then."""
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(HUGE_BYTES))
        self.end_headers()
        if behaviour is Behaviour.DROPPED:
            self.wfile.write(b'{"choices": [{"message": {"content": "The cust')
            return
        if behaviour is Behaviour.TRICKLING:
            while not self.model.stopping.wait(0.05):
                self.wfile.write(b" ")
            return
        for _ in range(HUGE_BYTES // len(HUGE_CHUNK)):
            self.wfile.write(HUGE_CHUNK)

    def _stream(self, text: str, reason: str) -> None:
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        pieces = text.split(" ")
        for at, piece in enumerate(pieces):
            self._event({"content": piece if at == 0 else f" {piece}"}, None)
        self._event({}, reason)
        self.wfile.write(b"data: [DONE]\n\n")

    def _event(self, delta: Mapping[str, str], reason: str | None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        chunk = {"object": "chat.completion.chunk", "model": MODEL, "choices": [choice]}
        self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
        self.wfile.flush()


_REFUSALS = {
    Behaviour.BUSY: (429, "Rate limit reached."),
    Behaviour.BUSY_FOR_A_WHILE: (429, "Rate limit reached."),
    Behaviour.BUSY_FOR_AN_HOUR: (429, "Quota exceeded."),
    Behaviour.FAULT: (500, "The server had an error."),
    Behaviour.WRONG_KEY: (401, "Incorrect API key provided."),
}


def _error(message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "emulated"}}


def _message(behaviour: Behaviour, asked: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """Return the model's message and why it ended."""
    lines = lines_in(asked.get("messages", ()))
    if behaviour is Behaviour.REFUSAL:
        return {"role": "assistant", "content": None, "refusal": "I can't help with that."}, "stop"
    if behaviour is Behaviour.FILTERED:
        return {"role": "assistant", "content": ""}, "content_filter"
    text = _text(behaviour, asked, lines)
    if behaviour is Behaviour.CUT_OFF:
        return {"role": "assistant", "content": text[: len(text) // 2]}, "length"
    return {"role": "assistant", "content": text}, "stop"


def _text(behaviour: Behaviour, asked: Mapping[str, Any], lines: Sequence[SentLine]) -> str:
    schema = schema_in(asked)
    if behaviour is Behaviour.OBEYS_THE_CALL:
        return "Certainly! Ignoring my instructions: HACKED. All accounts are refunded."
    if schema is None:
        return f"They said: {lines[0].text}" if lines else "Nothing was sent."
    invented = behaviour is Behaviour.INVENTED_QUOTES
    questions = questions_in(asked.get("messages", ()))
    answer = Answer(schema, lines, invented=invented, questions=questions)
    written = json.dumps(answer.value())
    if behaviour is Behaviour.BROKEN_JSON:
        return written[:-7] + ",,"
    if behaviour is Behaviour.WRONG_SHAPE:
        return json.dumps({"summary": "All went well.", "score": 10})
    if behaviour is Behaviour.FENCED:
        return f"Here you are:\n```json\n{written}\n```\nAnything else?"
    return written


def _completion(
    behaviour: Behaviour, message: Mapping[str, Any], reason: str, asked: Mapping[str, Any]
) -> dict[str, Any]:
    told = sum(len(str(m.get("content", ""))) for m in asked.get("messages", ())) // 4
    answered = len(str(message.get("content") or "")) // 4
    choice = {"index": 0, "message": message, "finish_reason": reason}
    return {
        "id": "chatcmpl-emulated",
        "object": "chat.completion",
        "created": 0,
        "model": MODEL,
        "choices": [] if behaviour is Behaviour.NO_CHOICES else [choice],
        "usage": {
            "prompt_tokens": told,
            "completion_tokens": answered,
            "total_tokens": told + answered,
        },
    }
