"""What the framework's cookies lack, and the page that was asked for before somebody signed in.

The framework marks no cookie as Secure, keeps the one that says who is signed in for a month, and
leads everybody to the first page once they have signed in. It sets and reads these cookies itself,
so all this is done to what it answers.
"""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.settings import Settings

SIGNED_IN = "_streamlit_user"
CALLBACK = "/oauth2callback"
WANTED = "partyline_wanted"
WANTED_FOR_S = 900
MOST_WANTED_CHARS = 1_000
OTHER_THAN_PAGES = ("/-/", "/_stcore/", "/auth/", "/api/", "/static/", "/media/", "/component/")

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, kw_only=True)
class CookieRules:
    """``secure``: all cookies go over encrypted connections only. ``has_login``: people sign in."""

    secure: bool = False
    has_login: bool = False
    longest_s: int = 0

    @classmethod
    def of(cls, settings: Settings) -> "CookieRules":
        """Return what the settings ask for."""
        addresses = (settings.pages_address, settings.public_url)
        return cls(
            secure=any(urlsplit(address).scheme == "https" for address in addresses if address),
            has_login=settings.has_login,
            longest_s=settings.session_longest_ms // 1000,
        )


class CookieMiddleware:
    """Completes the cookies of every answer, and leads people to the page they had asked for."""

    def __init__(self, app: ASGIApp, *, rules: Callable[[], CookieRules]) -> None:
        """Wrap an application; ``rules`` says what holds."""
        self._app = app
        self._rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        rules = self._rules()

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers: Headers = list(message.get("headers", ()))
                if rules.has_login:
                    headers = _leading(scope, headers)
                headers = [_completed(name, value, scope, rules) for name, value in headers]
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, send_on)


def _completed(name: bytes, value: bytes, scope: Scope, rules: CookieRules) -> tuple[bytes, bytes]:
    if name.lower() != b"set-cookie":
        return name, value
    parts = [part.strip() for part in value.decode("latin-1").split(";")]
    if rules.has_login and _says_who(value):
        parts = [part for part in parts if not part.lower().startswith(("max-age=", "expires="))]
        parts.append(f"Max-Age={rules.longest_s}")
    is_secure = any(part.lower() == "secure" for part in parts)
    if _is_encrypted(scope, rules) and not is_secure:
        parts.append("Secure")
    return name, "; ".join(parts).encode("latin-1")


def _says_who(cookie: bytes) -> bool:
    """Say whether a cookie says who is signed in, and is not being deleted."""
    pair = cookie.partition(b";")[0].strip()
    return pair.startswith(SIGNED_IN.encode()) and not pair.endswith((b'=""', b"="))


def _is_encrypted(scope: Scope, rules: CookieRules) -> bool:
    """Say whether cookies may be kept to encrypted connections.

    What a proxy says of it may be made up: then whoever made it up loses a cookie of their own.
    """
    told = _header(scope, b"x-forwarded-proto")
    return rules.secure or scope.get("scheme") == "https" or told == "https"


def _leading(scope: Scope, headers: Headers) -> Headers:
    """Keep in mind which page is asked for; lead there who has signed in."""
    if scope["path"] == CALLBACK:
        has_signed_in = any(
            name.lower() == b"set-cookie" and _says_who(value) for name, value in headers
        )
        wanted = _wanted(scope)
        if not has_signed_in or wanted is None:
            return headers
        kept = [header for header in headers if header[0].lower() != b"location"]
        return [*kept, (b"location", wanted.encode("latin-1")), _cookie("", 0)]
    if not _is_page(scope):
        return headers
    query = scope.get("query_string", b"").decode("latin-1")
    address = scope["raw_path"].decode("latin-1").partition("?")[0] + (f"?{query}" if query else "")
    if address == "/":
        return [*headers, _cookie("", 0)] if _header(scope, b"cookie") else headers
    if len(address) > MOST_WANTED_CHARS or not _is_local(address):
        return headers
    return [*headers, _cookie(_packed(address), WANTED_FOR_S)]


def _is_page(scope: Scope) -> bool:
    """Say whether a browser asks for a page to show it, not for something on one."""
    path: str = scope["path"]
    is_document = _header(scope, b"sec-fetch-dest") in {None, "document"}
    accepts = "text/html" in (_header(scope, b"accept") or "")
    is_other = path.startswith(OTHER_THAN_PAGES) or "." in path.rpartition("/")[2]
    return scope["method"] == "GET" and is_document and accepts and not is_other


def _wanted(scope: Scope) -> str | None:
    try:
        packed = cookie_parser(_header(scope, b"cookie") or "")[WANTED]
        address = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)).decode("ascii")
    except (KeyError, binascii.Error, ValueError):
        return None
    return address if len(address) <= MOST_WANTED_CHARS and _is_local(address) else None


def _is_local(address: str) -> bool:
    """Say whether an address leads to this very server and can stand in a header."""
    is_path = address.startswith("/") and not address.startswith(("//", "/\\"))
    return is_path and "\\" not in address and all("!" <= c <= "~" for c in address)


def _packed(address: str) -> str:
    return base64.urlsafe_b64encode(address.encode("ascii")).rstrip(b"=").decode()


def _cookie(value: str, age_s: int) -> tuple[bytes, bytes]:
    text = f"{WANTED}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age_s}"
    return b"set-cookie", text.encode("latin-1")


def _header(scope: Scope, name: bytes) -> str | None:
    found = [value for key, value in scope["headers"] if key == name]
    return b"; ".join(found).decode("latin-1") if found else None
