"""Starts the web server: checks first, then one line with the address, then serves."""

import errno
import os
import socket
import sys
import threading
from typing import TYPE_CHECKING

from app.processes import loading
from app.security import refuse_unsafe_exposure
from app.settings import ROOT, Settings, is_concrete
from services import telemetry
from services.domain.errors import EngineError, PortTaken, StorageError

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp

BACKLOG = 1024
CLOSE_SOCKETS_WITHIN_S = 3
PING_EVERY_S = 20.0
# What pages send are values of their fields; recordings come in by other ways.
MOST_FRAME_BYTES = 16 * 1024 * 1024


def run_server(settings: Settings, *, workers: bool = True) -> int:
    """Serve until stopped; the exit status. With ``workers`` a worker process runs along.

    Raises UnsafeExposure, PortTaken, DatabaseTooNew, WrongKey, StorageError before anything is
    served.
    """
    refuse_unsafe_exposure(settings)
    os.environ.update(settings.places())
    os.environ["PARTYLINE_EMBEDDED_WORKER"] = "1" if workers else "0"
    os.environ["STREAMLIT_SERVER_ADDRESS"] = settings.host
    os.environ["STREAMLIT_SERVER_PORT"] = str(settings.port)
    # Streamlit looks for .streamlit/config.toml in the current folder and turns its telemetry
    # back on where it finds none.
    os.chdir(ROOT)
    telemetry.configure()
    with _listening_socket(settings.host, settings.port) as listener:
        # Checksums take no interpreter time, imports take nothing else.
        weights = threading.Thread(target=_check_weights, args=(settings,), name="weights")
        weights.start()
        try:
            server = _server(settings)
        finally:
            weights.join()
        _tell(settings, listener.getsockname()[1])
        server.run(sockets=[listener])
    return 0 if server.started else 1


def _server(settings: Settings) -> "uvicorn.Server":
    """Prepare everything that can fail while there still is a person to tell."""
    with loading():
        from app.wiring import process_services

    process_services()

    with loading():
        import uvicorn

        from app.server import app

    return uvicorn.Server(server_config(app))


def server_config(app: "ASGIApp") -> "uvicorn.Config":
    """Return how an application is served.

    Whom a proxy speaks for is decided by PARTYLINE_PROXIES alone: uvicorn would believe whatever
    comes from this machine, or whom FORWARDED_ALLOW_IPS names.
    """
    import uvicorn

    return uvicorn.Config(
        app,
        log_level="warning",
        # Addresses carry tokens.
        access_log=False,
        server_header=False,
        ws="websockets-sansio",
        ws_ping_interval=PING_EVERY_S,
        ws_ping_timeout=PING_EVERY_S,
        ws_max_size=MOST_FRAME_BYTES,
        proxy_headers=False,
        timeout_graceful_shutdown=CLOSE_SOCKETS_WITHIN_S,
    )


def _listening_socket(host: str, port: int) -> socket.socket:
    """Bind before anything else starts, so that a taken port costs no waiting."""
    address = host.strip("[]")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno in {errno.EADDRINUSE, errno.EACCES}:
            raise PortTaken(f"It is port {port}.") from None
        raise
    return listener


def _check_weights(settings: Settings) -> None:
    """Warn when the local provider can't work; stored calls and other providers can."""
    from services.engine.weights import ensure_weights

    try:
        ensure_weights(settings.models_dir, whisper_model=settings.whisper_model)
    except (EngineError, StorageError) as error:
        sys.stderr.write(f"partyline: {error.user_message}\n")


def _tell(settings: Settings, port: int) -> None:
    has_name = is_concrete(settings.host) and not settings.listens_on_loopback
    name = settings.host if has_name else "localhost"
    sys.stdout.write(f"Partyline is running on http://{name}:{port}\n")
    sys.stdout.flush()
