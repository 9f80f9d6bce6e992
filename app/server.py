"""The web process: pages, routes beside them, and the worker that runs along."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection

EVERY_ADDRESS = "0.0.0.0"
HERE = Path(__file__).resolve().parent
# `streamlit run app/server.py` puts only this folder on the path.
if str(HERE.parent) not in sys.path:
    sys.path.insert(0, str(HERE.parent))

from app.cookies import CookieMiddleware, CookieRules  # noqa: E402
from app.headers import SecurityHeaders, page_script_hashes  # noqa: E402
from app.page_files import PageFiles  # noqa: E402
from app.processes import keep_libraries_quiet, keep_memory_together  # noqa: E402
from app.rate_limits import Network, RateLimits, networks_of  # noqa: E402
from app.routes import build_routes  # noqa: E402
from app.security import AllowedHosts, SecurityMiddleware, refuse_unsafe_exposure  # noqa: E402
from app.settings import Settings, load_settings  # noqa: E402
from app.supervisor import WorkerSupervisor  # noqa: E402
from app.wiring import Services, login_secrets, process_services  # noqa: E402
from components._compat import (  # noqa: E402
    drop_file_of_closed_page,
    files_in_memory,
    told_by_cookies,
    use_secrets,
)
from components.call_review.payload import review_payload  # noqa: E402
from services import telemetry  # noqa: E402
from services.domain.errors import NotSignedIn, PartylineError  # noqa: E402


@cache
def server_settings() -> Settings:
    """Return the settings this server runs under."""
    return load_settings()


@cache
def allowed_hosts() -> AllowedHosts:
    """Return the names under which this server may be asked."""
    return AllowedHosts.of(server_settings()).also([streamlit_address()])


@cache
def cookie_rules() -> CookieRules:
    """Return what holds for the cookies of this server."""
    return CookieRules.of(server_settings())


@cache
def security_headers() -> SecurityHeaders:
    """Return what every answer tells browsers."""
    settings = server_settings()
    is_encrypted = (settings.public_url or "").startswith("https:")
    return SecurityHeaders(
        script_hashes=page_script_hashes(Path(st.__file__).parent / "static" / "index.html"),
        encrypted_host=settings.public_host if is_encrypted else None,
    )


@cache
def proxies() -> tuple[Network, ...]:
    """Return the proxies that say truly for whom they ask."""
    return networks_of(server_settings().proxies)


def requests_per_s() -> float:
    """Return how many requests one address may make for long."""
    return server_settings().requests_per_s


def check_signed_in(connection: HTTPConnection) -> None:
    """Refuse whoever has no sign-in that counts, where people sign in. Raises NotSignedIn."""
    if not server_settings().has_login:
        return
    told = told_by_cookies(connection.cookies, connection.headers.get("origin", ""))
    if told.get("is_logged_in") is not True:
        raise NotSignedIn
    process_services().sign_ins.current(told)


def streamlit_address() -> str:
    """Return where Streamlit listens when it was started by its own command.

    ``partyline serve`` sets the same option, so the answer holds however the server was started.
    """
    return st.get_option("server.address") or EVERY_ADDRESS


def guard_log() -> None:
    """Keep what pages, requests and frameworks say out of the log, but for class and place."""
    telemetry.configure()
    keep_libraries_quiet()
    # Where rich is installed, exceptions of pages are printed by it, past all loggers.
    st.set_option("logger.enableRich", False)


def checked_services(settings: Settings) -> Services:
    """Return the services, unless serving them as it is set would be unsafe.

    Tells why not: the framework only says that the start failed. Raises PartylineError.
    """
    try:
        refuse_unsafe_exposure(settings)
        refuse_unsafe_exposure(settings, streamlit_address())
        return process_services()
    except PartylineError as error:
        sys.stderr.write(f"partyline: {error.user_message}\n")
        raise


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Bring the database up to date and keep a worker running as long as the server does."""
    guard_log()
    keep_memory_together()
    settings = server_settings()
    services = await run_in_threadpool(checked_services, settings)
    use_secrets(await run_in_threadpool(login_secrets, settings))
    supervisor = WorkerSupervisor(settings) if settings.embedded_worker else None
    if supervisor is not None:
        supervisor.start()
    services.live_keeper.start()
    try:
        yield
    finally:
        if supervisor is not None:
            await run_in_threadpool(supervisor.stop)
        await run_in_threadpool(services.close)


app = st.App(
    HERE / "main.py",
    routes=build_routes(process_services, review_payload),
    middleware=[
        Middleware(SecurityMiddleware, allowed=allowed_hosts, headers=security_headers),
        Middleware(RateLimits, per_s=requests_per_s, proxies=proxies),
        Middleware(CookieMiddleware, rules=cookie_rules),
        Middleware(
            PageFiles,
            kept=files_in_memory,
            check=check_signed_in,
            drop_late=drop_file_of_closed_page,
        ),
    ],
    lifespan=lifespan,
)
