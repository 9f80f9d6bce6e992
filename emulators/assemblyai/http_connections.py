"""Connections to the emulated service: they can be cut, and a body is read however it is sent."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any

CHUNK = 65_536
IDLE_S = 30.0


class Connection(BaseHTTPRequestHandler):
    """One connection; each of its requests begins afresh."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_S
    _drained = False

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: requests hold words of calls."""

    def handle_one_request(self) -> None:
        """Begin with a body that nobody has read."""
        self._drained = False
        super().handle_one_request()

    def send_bytes(
        self, status: int, body: bytes, kind: str, headers: Mapping[str, str] | None = None
    ) -> None:
        """Send a whole answer."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def drain(self) -> None:
        """Read what is left of the body, so that the client gets to read the answer."""
        try:
            for _ in self.pieces():
                pass
        except (OSError, ValueError):
            self.close_connection = True

    def pieces(self, most: int | None = None) -> Iterator[bytes]:
        """Yield the body, once, whether its length is told or it comes in chunks."""
        if self._drained:
            return
        self._drained = True
        if "chunked" in (self.headers.get("Transfer-Encoding") or "").lower():
            yield from self._chunks()
            return
        left = int(self.headers.get("Content-Length") or 0)
        if most is not None and left > most:
            raise ValueError("too long")
        while left > 0:
            piece = self.rfile.read(min(CHUNK, left))
            if not piece:
                raise ConnectionError
            left -= len(piece)
            yield piece

    def _chunks(self) -> Iterator[bytes]:
        while True:
            head = self.rfile.readline(100).partition(b";")[0].strip()
            if not head:
                raise ConnectionError
            size = int(head, 16)
            if size == 0:
                while self.rfile.readline(1000).strip():
                    pass
                return
            left = size
            while left > 0:
                piece = self.rfile.read(min(CHUNK, left))
                if not piece:
                    raise ConnectionError
                left -= len(piece)
                yield piece
            self.rfile.readline(100)


class Server(ThreadingHTTPServer):
    """Serves until told to stop, then cuts all connections and waits for its threads."""

    daemon_threads = False
    block_on_close = True
    request_queue_size = 128

    def __init__(self, handler: type["Connection"], port: int) -> None:
        """Listen on loopback."""
        self._open: set[socket.socket] = set()
        self._lock = Lock()
        self._thread: Thread | None = None
        super().__init__(("127.0.0.1", port), handler)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.server_port)

    def start(self) -> None:
        """Serve in a thread."""
        self._thread = Thread(
            target=self.serve_forever, args=(0.02,), name="assemblyai-emulator", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop serving; nothing is left open."""
        if self._thread is not None:
            self.shutdown()
            self._thread.join()
            self._thread = None
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, so that it can be cut."""
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection."""
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a bad client is the client's business."""
