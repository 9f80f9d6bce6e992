"""The web process: pages, routes beside them, and the worker that runs along."""

import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware

HERE = Path(__file__).resolve().parent
# `streamlit run app/server.py` puts only this folder on the path.
if str(HERE.parent) not in sys.path:
    sys.path.insert(0, str(HERE.parent))

from app.routes import build_routes  # noqa: E402
from app.security import SecurityMiddleware, refuse_unsafe_exposure  # noqa: E402
from app.settings import Settings, load_settings  # noqa: E402
from app.supervisor import WorkerSupervisor  # noqa: E402
from app.wiring import process_services  # noqa: E402
from components.call_review.payload import review_payload  # noqa: E402
from services import telemetry  # noqa: E402


@cache
def server_settings() -> Settings:
    """Return the settings this server runs under."""
    return load_settings()


class _Nothing(logging.Filter):
    """Drops every record."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let nothing through."""
        return False


def silence_access_log() -> None:
    """Keep addresses out of the log: they carry tokens.

    Streamlit gives uvicorn's loggers handlers and levels of its own when it starts, whatever
    uvicorn was told; a filter outlives that. Requests go to one log, sockets to the other.
    """
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    log = logging.getLogger("uvicorn.access")
    if not any(isinstance(f, _Nothing) for f in log.filters):
        log.addFilter(_Nothing())


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Bring the database up to date and keep a worker running as long as the server does."""
    telemetry.configure()
    silence_access_log()
    settings = server_settings()
    refuse_unsafe_exposure(settings)
    services = await run_in_threadpool(process_services)
    supervisor = WorkerSupervisor(settings) if settings.embedded_worker else None
    if supervisor is not None:
        supervisor.start()
    try:
        yield
    finally:
        if supervisor is not None:
            await run_in_threadpool(supervisor.stop)
        services.close()


app = st.App(
    HERE / "main.py",
    routes=build_routes(process_services, review_payload),
    middleware=[
        Middleware(SecurityMiddleware, only_loopback=lambda: server_settings().listens_on_loopback)
    ],
    lifespan=lifespan,
)
