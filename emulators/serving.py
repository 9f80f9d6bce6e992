"""What all emulated services share: a server on loopback that starts and stops without a trace."""

import socket
from abc import ABC, abstractmethod
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any, Self

from websockets.sync.server import Server as WebSocketServer

LOOK_EVERY_S = 0.02


class Emulator(ABC):
    """Serves from ``__enter__`` to ``__exit__``; ``stopping`` ends what goes on meanwhile."""

    stopping: Event

    @abstractmethod
    def start(self) -> None:
        """Begin to answer."""

    @abstractmethod
    def stop(self) -> None:
        """Stop answering; neither threads nor sockets are left. Safe to call twice."""

    def __enter__(self) -> Self:
        """Start serving."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop serving."""
        self.stop()


class HttpServer(ThreadingHTTPServer):
    """Answers each connection in a thread, and knows its connections, so that it can cut them."""

    daemon_threads = False
    block_on_close = True
    request_queue_size = 128

    def __init__(self, handler: type[BaseHTTPRequestHandler], port: int) -> None:
        """Take a port of loopback, any when 0; nothing is answered before ``start``."""
        self.connections = 0
        self._open: set[socket.socket] = set()
        self._lock = Lock()
        self._thread: Thread | None = None
        super().__init__(("127.0.0.1", port), handler)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.server_port)

    @property
    def address(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Serve in a thread."""
        self._thread = Thread(
            target=self.serve_forever, args=(LOOK_EVERY_S,), name="emulator", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Cut all connections and wait for the threads. Safe to call twice."""
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
        """Answer a connection, which can be cut from now on."""
        with self._lock:
            self.connections += 1
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget a connection whose thread has ended."""
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that goes away is no fault of the server's."""


class WebSocketEmulator(Emulator):
    """An emulator with one WebSocket server, which ``serve`` makes and this runs."""

    def __init__(self, server: WebSocketServer) -> None:
        """Take the server, which has its port already."""
        self.stopping = Event()
        # Known also when it has stopped: another may take its place.
        self.port = int(server.socket.getsockname()[1])
        self._server = server
        self._thread = Thread(target=server.serve_forever, name="emulator", daemon=True)

    @property
    def host(self) -> str:
        """Scheme, host and port, without a path."""
        return f"ws://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Serve in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Close the connections and wait for the threads. Safe to call twice."""
        self.stopping.set()
        self._server.shutdown()
        if self._thread.is_alive():
            self._thread.join()
