"""Stands in for the routes that will take phone calls: a WebSocket and a callback address.

Everything that decides is the product's own: token check, sessions, parsers, idempotence.
"""

import json
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import serve

from emulators.serving import HttpServer, WebSocketEmulator
from services.domain.errors import PartylineError
from services.telephony.acs.hearing.session import PhoneSession
from services.telephony.acs.wire.events import parse_callbacks
from services.telephony.acs.wire.incoming import is_secret, parse_delivery
from services.telephony.acs.wire.keys import SigningKeys
from services.telephony.acs.wire.tokens import TokenCheck, keys_address
from services.telephony.streaming.seen import SeenIds

WAIT_S = 20.0
EVENT_SECRET = "a-secret-of-24-characters"


class Receiver(WebSocketEmulator):
    """Takes the calls of one emulated service."""

    def __init__(self, service):
        keys = SigningKeys(keys_address(service.endpoint))
        self.check = TokenCheck(keys, audience=service.issuer.audience, issuer=service.endpoint)
        self.sessions, self.events, self.told = {}, {}, []
        self.refused = 0
        self.incoming = []
        self.headers = []
        self.open_session = self._session
        self._seen = SeenIds(kept_s=3_600.0)
        self._changed = threading.Condition()
        super().__init__(
            serve(self._serve, "127.0.0.1", 0, process_request=self._admit, compression=None)
        )
        handler = type("Callbacks", (_Callbacks,), {"receiver": self})
        self._callbacks = HttpServer(handler, 0)

    @property
    def transport_url(self):
        return f"{self.host}/acs/transcription"

    @property
    def callback_url(self):
        return f"{self._callbacks.address}/acs/events"

    def incoming_url(self, secret=EVENT_SECRET):
        return f"{self._callbacks.address}/acs/incoming?secret={secret}"

    def start(self):
        super().start()
        self._callbacks.start()

    def stop(self):
        super().stop()
        self._callbacks.stop()

    def wait(self, condition):
        """Wait until something is so; it is looked at whenever something has come."""
        until = time.monotonic() + WAIT_S
        while not condition():
            assert time.monotonic() < until, "it didn't happen"
            with self._changed:
                self._changed.wait(0.05)

    def _changes(self):
        with self._changed:
            self._changed.notify_all()

    def _admit(self, connection, request):
        try:
            self.check.check(request.headers.get("Authorization"))
        except PartylineError:
            self.refused += 1
            return connection.respond(HTTPStatus.UNAUTHORIZED, "")
        return None

    def _session(self, connection_id):
        events = self.events.setdefault(connection_id, [])
        return PhoneSession("acs", events.append)

    def _serve(self, connection):
        headers = connection.request.headers
        self.headers.append(dict(headers.raw_items()))
        connection_id = headers["x-ms-call-connection-id"]
        if connection_id not in self.sessions:
            self.sessions[connection_id] = self.open_session(connection_id)
        session = self.sessions[connection_id]
        session.connected()
        try:
            for frame in connection:
                session.take_frame(frame)
                self._changes()
        except ConnectionClosed:
            pass
        finally:
            session.disconnected()
            self._changes()

    def take_delivery(self, secret, body):
        if not is_secret(secret, EVENT_SECRET):
            self.refused += 1
            return HTTPStatus.UNAUTHORIZED, {}
        delivery = parse_delivery(body)
        self.incoming += [call for call in delivery.calls if self._seen.is_new(call.id)]
        return HTTPStatus.OK, delivery.answer

    def take_callback(self, authorization, body):
        try:
            self.check.check(authorization)
        except PartylineError:
            self.refused += 1
            return HTTPStatus.UNAUTHORIZED
        self.told += [event for event in parse_callbacks(body) if self._seen.is_new(event.id)]
        self._changes()
        return HTTPStatus.OK


class _Callbacks(BaseHTTPRequestHandler):
    receiver: Receiver
    protocol_version = "HTTP/1.1"

    def log_message(self, format, *args):
        """Say nothing."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        parts, answer = urlsplit(self.path), {}
        if parts.path == "/acs/incoming":
            secret = parse_qs(parts.query).get("secret", [None])[0]
            status, answer = self.receiver.take_delivery(secret, body)
        else:
            status = self.receiver.take_callback(self.headers.get("Authorization"), body)
        written = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(written)))
        self.end_headers()
        self.wfile.write(written)
