"""Connections to the emulated service: they can be cut, and a body is read however it is sent."""

from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler

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
