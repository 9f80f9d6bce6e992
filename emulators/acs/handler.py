"""The HTTP side of the emulated service: requests come in, answers go out."""

import json
from collections.abc import Mapping
from enum import StrEnum
from http.server import BaseHTTPRequestHandler
from typing import Any, Protocol
from urllib.parse import urlsplit

from emulators.acs.tokens import Issuer

KEYS = "/calling/keys"
CONFIGURATION = "/calling/.well-known/acsopenidconfiguration"
MOST_BODY_BYTES = 1024 * 1024


class Spoilt(StrEnum):
    """An answer that says less than it should, to a request that was carried out."""

    CUT = "cut"
    """It breaks off in its middle."""
    GARBLED = "garbled"
    """It is no JSON."""
    NAMELESS = "nameless"
    """It doesn't say what the call is named."""


class Service(Protocol):
    """Who does what is asked for."""

    issuer: Issuer
    keys_asked: int
    spoils: Spoilt | None

    @property
    def endpoint(self) -> str:
        """Its address."""

    def take(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Any:
        """Do it; return the answer, None for one without a body. Raises Refused."""


class Refused(Exception):
    """The request is answered with this status and code, and when to try again."""

    def __init__(self, status: int, code: str, retry_after: str | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.retry_after = retry_after


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    service: Service
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: requests hold phone numbers."""

    def do_GET(self) -> None:
        """Answer with keys, or with how a call stands."""
        path = urlsplit(self.path).path
        if path == KEYS:
            self.service.keys_asked += 1
            return self._send(200, self.service.issuer.published())
        if path == CONFIGURATION:
            address = self.service.endpoint
            return self._send(200, {"issuer": address, "jwks_uri": address + KEYS})
        return self._answer()

    def do_POST(self) -> None:
        """Do something with a call."""
        self._answer()

    def do_DELETE(self) -> None:
        """Hang up."""
        self._answer()

    def _answer(self) -> None:
        length = self.headers.get("Content-Length") or "0"
        if not length.isdigit() or int(length) > MOST_BODY_BYTES:
            self.close_connection = True
            return self._send(413, _error("TooLarge"))
        body = self.rfile.read(int(length))
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            answer = self.service.take(self.command, self.path, headers, body)
        except Refused as refused:
            return self._send(refused.status, _error(refused.code), refused.retry_after)
        path = urlsplit(self.path).path
        if answer is None:
            is_action = self.command == "POST" and not path.endswith(":terminate")
            return self._send(202 if is_action else 204, None)
        opened = self.command == "POST" and not path.endswith((":answer", ":connect"))
        status = 201 if opened else 200
        if self.service.spoils is None or not isinstance(answer, dict):
            return self._send(status, answer)
        return self._send_spoilt(status, answer, self.service.spoils)

    def _send_spoilt(self, status: int, answer: dict[str, Any], how: Spoilt) -> None:
        if how is Spoilt.NAMELESS:
            return self._send(status, answer | {"callConnectionId": None})
        written = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        # Of a cut one the other half never comes.
        announced = len(written) if how is Spoilt.CUT else len(written) // 2
        self.send_header("Content-Length", str(announced))
        self.end_headers()
        self.wfile.write(written[: len(written) // 2])
        self.close_connection = True

    def _send(self, status: int, answer: Any, retry_after: str | None = None) -> None:
        is_sound = isinstance(answer, bytes)
        written = answer if is_sound else b"" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        if answer is not None:
            kind = "application/octet-stream" if is_sound else "application/json"
            self.send_header("Content-Type", kind)
        if retry_after is not None:
            self.send_header("Retry-After", retry_after)
        if status != 204:
            self.send_header("Content-Length", str(len(written)))
        self.end_headers()
        self.wfile.write(written)


def _error(code: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": "Emulated."}}
