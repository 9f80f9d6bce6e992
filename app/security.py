"""Who may reach the server, and what every answer of it carries, Streamlit's included."""

from collections.abc import Callable

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.settings import Settings, is_loopback
from services.domain.errors import UnsafeExposure

HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"referrer-policy", b"no-referrer"),
)
REFUSED_SOCKET = 4403


def refuse_unsafe_exposure(settings: Settings) -> None:
    """Refuse to serve a network without a login. Raises UnsafeExposure."""
    if not settings.listens_on_loopback and not settings.allow_anonymous:
        raise UnsafeExposure(
            "Whoever reaches it could read every call. Leave HOST at 127.0.0.1, or set "
            "PARTYLINE_ALLOW_ANONYMOUS=1 when something in front of it checks who comes in."
        )


class SecurityMiddleware:
    """Refuses foreign Host names on a loopback server and adds the security headers.

    A page elsewhere can point its own name at 127.0.0.1; without the check its scripts could then
    talk to this server as if they were its own (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, *, only_loopback: Callable[[], bool]) -> None:
        """Wrap an application; ``only_loopback`` says whether the server is bound to loopback."""
        self._app = app
        self._only_loopback = only_loopback

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request or socket."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message.get("headers", ())}
                added = [header for header in HEADERS if header[0] not in given]
                message = {**message, "headers": [*message.get("headers", ()), *added]}
            await send(message)

        if self._only_loopback() and not is_loopback(_host(scope)):
            await _refuse(scope, receive, send_with_headers)
        else:
            await self._app(scope, receive, send_with_headers)


def _host(scope: Scope) -> str:
    """Return the host name a request was made to, without its port."""
    headers: dict[bytes, bytes] = dict(scope["headers"])
    raw = headers.get(b"host", b"").decode("latin-1")
    if raw.startswith("["):
        return raw.partition("]")[0].lstrip("[")
    return raw.rpartition(":")[0] if ":" in raw else raw


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": REFUSED_SOCKET})
        return
    await PlainTextResponse("Unknown host.", status_code=421)(scope, receive, send)
