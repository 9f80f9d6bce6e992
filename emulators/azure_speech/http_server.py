"""Azure Speech over HTTP on loopback: fast transcription, voice signatures, access tokens.

``AzureHttpEmulator`` is a real server in threads. Each request takes the next behaviour of its
script, the last one again and again; what was asked is kept for tests to look at. It refuses what
the service refuses: a missing key, an unknown version, a form or a sound it can't use.
"""

import base64
import json
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from threading import Event, Lock
from typing import Any
from urllib.parse import parse_qs, urlsplit

from emulators.azure_speech.http_answers import REFUSALS, error_body, transcription
from emulators.azure_speech.http_forms import (
    API_VERSIONS,
    MOST_AUDIO_BYTES,
    Refused,
    Sound,
    check_channels,
    check_voice_sample,
    definition_in,
    parts_of,
    sound_in,
)
from emulators.azure_speech.http_script import Behaviour, SpokenLine, default_call
from emulators.serving import Emulator, HttpServer

TRANSCRIBE = "/speechtotext/transcriptions:transcribe"
SIGN = "/api/v1/Signature/GenerateVoiceSignatureFromByteArray"
TOKEN = "/sts/v1.0/issueToken"
KEY_HEADER = "Ocp-Apim-Subscription-Key"
MOST_REQUEST_BYTES = MOST_AUDIO_BYTES + 1024 * 1024
ELSEWHERE = "http://127.0.0.1:9/"


@dataclass(frozen=True, kw_only=True)
class SeenRequest:
    """One request as it arrived; ``definition`` and ``audio`` of a transcription only."""

    path: str
    headers: Mapping[str, str]
    sent_bytes: int
    arrived_s: float
    definition: Mapping[str, Any] = field(default_factory=dict)
    audio: bytes = field(default=b"", repr=False)


class AzureHttpEmulator(Emulator):
    """Serves from ``__enter__`` to ``__exit__``; ``endpoint`` is for AZURE_SPEECH_ENDPOINT."""

    def __init__(
        self,
        *script: Behaviour,
        lines: Sequence[SpokenLine] | None = None,
        key: str | None = None,
        port: int = 0,
        wait_s: float = 1.0,
        delay_s: float = 0.0,
    ) -> None:
        """Follow this script and speak these lines, or a call as long as the sound.

        ``key`` is the only one accepted (None: any), ``wait_s`` goes to Retry-After, and each good
        answer takes ``delay_s``.
        """
        self._script = list(script) or [Behaviour.GOOD]
        self._lines = lines
        self.key = key
        self.wait_s = wait_s
        self.delay_s = delay_s
        self.requests: list[SeenRequest] = []
        self.stopping = Event()
        self.arrived = Event()
        self._lock = Lock()
        self._server = HttpServer(_handler_of(self), port)

    @property
    def endpoint(self) -> str:
        """Scheme, host and port."""
        return self._server.address

    @property
    def connections(self) -> int:
        """How many connections were opened."""
        return self._server.connections

    def count(self, path: str) -> int:
        """Return how many requests came for a path."""
        with self._lock:
            return sum(urlsplit(seen.path).path == path for seen in self.requests)

    def start(self) -> None:
        """Begin to answer."""
        self._server.start()

    def stop(self) -> None:
        """Stop answering; what is under way gets no answer any more. Safe to call twice."""
        self.stopping.set()
        self._server.stop()

    def take(self, request: SeenRequest) -> Behaviour:
        """Keep a request and return what is to be done with it."""
        with self._lock:
            self.requests.append(request)
            behaviour = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        self.arrived.set()
        return behaviour

    def spoken_in(self, sound: Sound) -> list[SpokenLine]:
        """Return what is heard in a sound: nothing in silence, nothing after its end."""
        if sound.is_silent:
            return []
        lines = default_call(sound.duration_ms) if self._lines is None else self._lines
        return [line for line in lines if line.start_ms < sound.duration_ms]


def _handler_of(emulator: AzureHttpEmulator) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        service = emulator

    return Handler


class _Handler(BaseHTTPRequestHandler):
    service: AzureHttpEmulator
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: requests hold calls."""

    def do_GET(self) -> None:
        """Refuse: there is nothing to get."""
        self._send(404, error_body("NotFound", "There is nothing here."))

    def do_POST(self) -> None:
        """Answer a request."""
        body = self._body()
        if body is None:
            return
        path = urlsplit(self.path).path
        seen = SeenRequest(
            path=self.path,
            headers={name.lower(): value for name, value in self.headers.items()},
            sent_bytes=len(body),
            arrived_s=time.monotonic(),
            **(self._read_form(body) if path == TRANSCRIBE else {}),
        )
        behaviour = self.service.take(seen)
        try:
            self._check_key()
            if not self._misbehave(behaviour):
                self._answer(path, body, behaviour)
        except Refused as refused:
            self._send(refused.status, error_body(refused.code, refused.message))
        except OSError:
            self.close_connection = True

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length") or ""
        if not length.isdigit() or int(length) > MOST_REQUEST_BYTES:
            self.close_connection = True
            status = 413 if length.isdigit() else 411
            self._send(
                status, error_body("InvalidLength", "The length of the request is not usable.")
            )
            return None
        return self.rfile.read(int(length))

    def _read_form(self, body: bytes) -> dict[str, Any]:
        """Return what tests look at; whether it is right is found out when it is answered."""
        with suppress(Refused):
            parts = parts_of(self.headers.get("Content-Type") or "", body)
            return {"definition": definition_in(parts), "audio": parts.get("audio", b"")}
        return {}

    def _check_key(self) -> None:
        bearer = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        given = self.headers.get(KEY_HEADER) or bearer
        if not given or self.service.key not in (None, given):
            raise Refused(401, "401", "Access denied due to invalid subscription key.")

    def _answer(self, path: str, body: bytes, behaviour: Behaviour) -> None:
        if path == TRANSCRIBE:
            answer: Any = self._transcribed(body)
        elif path == SIGN:
            seconds = check_voice_sample(body)
            data = base64.b64encode(f"emulated {seconds:.3f}".encode()).decode()
            signature = {"Version": 0, "Tag": "emulated", "Data": data}
            answer = {"Status": "OK", "Signature": signature, "Transcription": "Good morning."}
        elif path == TOKEN:
            return self._write(200, b"emulated.access.token", "application/jwt")
        else:
            raise Refused(404, "404", "Resource not found")
        written = json.dumps(answer).encode()
        if self.service.stopping.wait(self.service.delay_s):
            # A service that dies answers nobody, however soon its connections are cut.
            self.close_connection = True
            return None
        if behaviour is Behaviour.DROPPED:
            return self._drop(written)
        if behaviour is Behaviour.BROKEN_JSON:
            written = written[:-9]
        if behaviour is Behaviour.WRONG_SHAPE:
            written = b'{"phrases": [{"text": 7}], "Signature": "none"}'
        return self._write(200, written, "application/json")

    def _transcribed(self, body: bytes) -> Mapping[str, Any]:
        version = parse_qs(urlsplit(self.path).query).get("api-version", [""])[0]
        if version not in API_VERSIONS:
            raise Refused(400, "UnsupportedApiVersion", "The API version is not supported.")
        parts = parts_of(self.headers.get("Content-Type") or "", body)
        asked = definition_in(parts)
        sound = sound_in(parts.get("audio", b""))
        check_channels(asked, sound)
        return transcription(asked, sound, self.service.spoken_in(sound))

    def _misbehave(self, behaviour: Behaviour) -> bool:
        """Do what is no answer to the question; return whether that was done."""
        if behaviour in REFUSALS:
            status, code = REFUSALS[behaviour]
            self._send(status, error_body(code, "This was scripted."), self._headers(behaviour))
        elif behaviour is Behaviour.SLOW:
            self.service.stopping.wait()
            self.close_connection = True
        elif behaviour is Behaviour.CUT_OFF:
            self.close_connection = True
        else:
            return False
        return True

    def _headers(self, behaviour: Behaviour) -> dict[str, str]:
        if behaviour is Behaviour.BUSY_FOR_A_WHILE:
            return {"Retry-After": f"{self.service.wait_s:g}"}
        if behaviour is Behaviour.REDIRECT:
            return {"Location": ELSEWHERE}
        return {"Retry-After": "3600"} if behaviour is Behaviour.BUSY_FOR_AN_HOUR else {}

    def _send(
        self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> None:
        self._write(status, json.dumps(body).encode(), "application/json", headers)

    def _write(
        self, status: int, body: bytes, media_type: str, headers: Mapping[str, str] | None = None
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _drop(self, body: bytes) -> None:
        """Begin the answer and go away in the middle of it."""
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2])
