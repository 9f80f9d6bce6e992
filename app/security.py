"""Who may reach the server, and what every answer of it carries, Streamlit's included."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.headers import SecurityHeaders
from app.routes import health, measures
from app.settings import Settings, is_concrete, is_loopback
from services.domain.addresses import is_address
from services.domain.errors import UnsafeExposure
from services.jobs.notices import PATH as NOTICES
from services.telephony.acs.paths import EVENTS_PATH, INCOMING_PATH, TRANSCRIPTION_PATH
from services.telephony.streaming.streams import AUDIOHOOK_PATH, TWILIO_PATH

ANY_HOST = "*"
# Services elsewhere ask for these and nothing else; each proves itself to the route.
FOR_SERVICES = frozenset(
    {TWILIO_PATH, AUDIOHOOK_PATH, TRANSCRIPTION_PATH, EVENTS_PATH, INCOMING_PATH}
)
# What watches this server (Kubernetes, Prometheus, load balancers) asks by its address. A page that
# points a name of its own here gives that name, never an address; and these tell nothing of calls.
FOR_MACHINES = frozenset({*health.PATHS, measures.PATH})
REFUSED_SOCKET = 4403
UNKNOWN_HOST = "Not served under this name: PARTYLINE_ALLOWED_HOSTS lists those that are."
FOREIGN_PAGE = "This request was made by another site's page."


def refuse_unsafe_exposure(settings: Settings, address: str | None = None) -> None:
    """Refuse to serve a network without a login. Raises UnsafeExposure.

    ``address`` is where the server listens when something else than ``HOST`` decided that.
    """
    bound = settings.host if address is None else address
    if is_loopback(bound):
        return
    if settings.has_login and settings.sign_in_url is None:
        raise UnsafeExposure(
            "Nobody could sign in: set PARTYLINE_PAGES_URL to the https address of the pages."
        )
    if not settings.has_login and not settings.allow_anonymous:
        raise UnsafeExposure(
            "Whoever reaches it could read every call. Leave HOST at 127.0.0.1, set up how people "
            "sign in (PARTYLINE_OIDC_ISSUER), or set PARTYLINE_ALLOW_ANONYMOUS=1 when something in "
            "front of it checks who comes in."
        )


@dataclass(frozen=True, kw_only=True)
class AllowedHosts:
    """The names under which the server may be asked; those of this very machine always are.

    They can't be another's: a page elsewhere that points its own name at this server, to talk to
    it as if it were its own (DNS rebinding), still gives its own name. ``for_services`` is where
    services elsewhere tell that they are done, and send calls: under it nothing else is answered.
    """

    names: frozenset[str] = frozenset()
    any_name: bool = False
    for_services: str | None = None

    @classmethod
    def of(cls, settings: Settings) -> "AllowedHosts":
        """Return what the settings allow: the names listed, and HOST where it is one."""
        listed = {_name(name.strip()).lower() for name in settings.allowed_hosts.split(",")}
        return cls(
            names=frozenset(listed - {"", ANY_HOST}),
            any_name=ANY_HOST in listed,
            for_services=settings.public_host,
        ).also([settings.host, *_hosts_of(settings.pages_address)])

    def also(self, addresses: Iterable[str]) -> "AllowedHosts":
        """Return the same with further names; an address that stands for all of them is none."""
        names = {a.strip("[]").lower() for a in addresses if is_concrete(a)}
        return replace(self, names=self.names | names)

    def names_host(self, host: str) -> bool:
        """Say whether the name was allowed by name."""
        return host.lower() in self.names

    def allow(self, host: str, path: str = "") -> bool:
        """Say whether the server may be asked for this under a name, given without a port."""
        is_for_services = path in FOR_SERVICES or path.startswith(f"{NOTICES}/")
        if is_for_services and host.lower() == self.for_services:
            return True
        if path in FOR_MACHINES and is_address(host):
            return True
        return self.any_name or self.names_host(host) or is_loopback(host)


class SecurityMiddleware:
    """Refuses foreign Host names and foreign pages, and adds the security headers.

    A request from a page (it has an Origin) must come from a page of this very server: either
    both name the same host and port, or the page's host was allowed by name, as behind a proxy
    that asks under a Host of its own. Such a request goes on under the name the page knows.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        allowed: Callable[[], AllowedHosts],
        headers: Callable[[], SecurityHeaders] = SecurityHeaders,
    ) -> None:
        """Wrap an application; ``allowed`` says under which names it may be asked."""
        self._app = app
        self._allowed = allowed
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request or socket."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return

        host, origin = _header(scope, b"host"), _header(scope, b"origin")

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message.get("headers", ())}
                ours = self._headers().of(scope["path"], host or "")
                added = [header for header in ours if header[0] not in given]
                message = {**message, "headers": [*message.get("headers", ()), *added]}
            await send(message)

        allowed = self._allowed()
        if not allowed.allow(_name(host or ""), scope["path"]):
            await _refuse(scope, receive, send_with_headers, 421, UNKNOWN_HOST)
            return
        if origin is not None:
            page = _page_host(origin)
            if page != host:
                if page is None or not allowed.names_host(_name(page)):
                    await _refuse(scope, receive, send_with_headers, 403, FOREIGN_PAGE)
                    return
                scope = _asked_under(scope, page)
        await self._app(scope, receive, send_with_headers)


def _hosts_of(address: str | None) -> list[str]:
    host = urlsplit(address).hostname if address else None
    return [host] if host else []


def _header(scope: Scope, name: bytes) -> str | None:
    """Return a header's value, all of them where it is given twice: no name is made of that."""
    given = [value for key, value in scope["headers"] if key == name]
    return b", ".join(given).decode("latin-1") if given else None


def _name(host: str) -> str:
    """Return a host's name without its port."""
    if host.startswith("["):
        return host.partition("]")[0].lstrip("[")
    return host.partition(":")[0] if host.count(":") == 1 else host


def _page_host(origin: str) -> str | None:
    """Return host and port of the page that asks; None for a page without an address."""
    try:
        return urlsplit(origin).netloc or None
    except ValueError:
        return None


def _asked_under(scope: Scope, host: str) -> Scope:
    kept = [header for header in scope["headers"] if header[0] != b"host"]
    return {**scope, "headers": [*kept, (b"host", host.encode("latin-1"))]}


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, why: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": REFUSED_SOCKET})
        return
    await PlainTextResponse(why, status_code=status)(scope, receive, send)
