"""How fast one caller may ask, and how many sockets it may hold: token buckets in memory.

By address for everybody, before anything of a request is looked at; by token as well for programs,
so that one of them can't use up what others behind the same address have.
"""

import hashlib
import math
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.statuses import error_response
from services import telemetry
from services.domain.addresses import numeric_address
from services.domain.errors import TooManyRequests

Network = IPv4Network | IPv6Network

# A page loads about a hundred files of the framework; they cost next to nothing.
FILES = ("/static/", "/_stcore/", "/media/")
# Those that people give a page cost memory.
GIVEN_FILES = "/_stcore/upload_file/"
BURST_S = 20
"""A caller that was quiet may ask for this many seconds' worth at once."""
FILES_FACTOR = 10
MOST_SOCKETS = 300
MOST_CALLERS = 20_000
DENIAL = "websocket.http.response"
SHUT = 1013
NOBODY = "unknown"


@dataclass
class Buckets:
    """A bucket for each caller, filled with ``per_s``, holding ``most``. Of one thread only."""

    per_s: float
    most: float
    clock: Callable[[], float] = time.monotonic
    _filled: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def wait_s(self, caller: str) -> float:
        """Take one from a caller's bucket; return 0, or how long until there is one again."""
        now = self.clock()
        left, at = self._filled.pop(caller, (self.most, now))
        left = min(self.most, left + (now - at) * self.per_s)
        wait_s = 0.0 if left >= 1.0 else (1.0 - left) / self.per_s
        self._filled[caller] = (left - 1.0 if left >= 1.0 else left, now)
        # The one that asked longest ago has a full bucket again, or soon.
        if len(self._filled) > MOST_CALLERS:
            self._filled.popitem(last=False)
        return wait_s


class RateLimits:
    """Answers callers that ask too fast with 429, and lets all others through.

    ``per_s`` gives how many requests a caller may make for long; 0 is as many as it likes.
    ``proxies`` are believed when they say for whom they ask, and everything behind this takes
    that for where a request comes from.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        per_s: Callable[[], float],
        proxies: Callable[[], Iterable[Network]] = tuple,
        most_sockets: int = MOST_SOCKETS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Wrap an application; the settings are read with the first request."""
        self._app = app
        self._per_s = per_s
        self._proxies = proxies
        self._most_sockets = most_sockets
        self._clock = clock
        self._sockets: Counter[str] = Counter()
        self._buckets: dict[bool, Buckets] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request or socket."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        headers, proxies = Headers(scope=scope), tuple(self._proxies())
        if proxies:
            # Whatever is written down, and counted, behind this is about the one who asks.
            scope = {**scope, "client": (true_address(scope, headers, proxies), 0)}
        per_s = self._per_s()
        if not per_s:
            await self._app(scope, receive, send)
            return
        address = network_of(_asks(scope))
        wait_s = self._wait_s(per_s, scope["path"], address, headers.get("authorization"))
        if scope["type"] == "http":
            if wait_s:
                await _refuse(scope, receive, send, wait_s)
                return
            await self._app(scope, receive, send)
            return
        if wait_s or self._sockets[address] >= self._most_sockets:
            await _refuse(scope, receive, send, wait_s or 1.0)
            return
        await self._hold(address, scope, receive, send)

    async def _hold(self, address: str, scope: Scope, receive: Receive, send: Send) -> None:
        self._sockets[address] += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._sockets[address] -= 1
            if not self._sockets[address]:
                del self._sockets[address]

    def _wait_s(self, per_s: float, path: str, address: str, credential: str | None) -> float:
        if self._buckets is None:
            self._buckets = {
                is_file: Buckets(per_s=rate, most=max(1.0, rate * BURST_S), clock=self._clock)
                for is_file, rate in ((False, per_s), (True, per_s * FILES_FACTOR))
            }
        is_file = path.startswith(FILES) and not path.startswith(GIVEN_FILES)
        buckets = self._buckets[is_file or path == "/"]
        wait_s = buckets.wait_s(address)
        if credential and not wait_s:
            # Not kept as it is: what lies in memory for long should open nothing.
            wait_s = buckets.wait_s(hashlib.sha256(credential.encode()).hexdigest())
        return wait_s


def networks_of(text: str) -> tuple[Network, ...]:
    """Return the networks that a text lists between commas. Raises ValueError."""
    return tuple(ip_network(part, strict=False) for part in map(str.strip, text.split(",")) if part)


def true_address(scope: Scope, headers: Headers, proxies: Iterable[Network]) -> str:
    """Return the address of whoever asks; what others than ``proxies`` say of that is ignored."""
    address = _asks(scope)
    proxies = tuple(proxies)
    said = [part.strip() for part in ",".join(headers.getlist("x-forwarded-for")).split(",")]
    # Each proxy adds the one that asked it; only the last ones are said by ours.
    while said and proxies and _is_among(address, proxies):
        given = said.pop()
        if not _is_address(given):
            break
        address = given
    return address


def _asks(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else NOBODY


def network_of(address: str) -> str:
    """Return what a caller is counted by: an IPv4 address, or the network of an IPv6 address.

    That is one of 64 bits: a customer of a provider has all of those.
    """
    try:
        parsed = numeric_address(address)
    except ValueError:
        return address
    if parsed.version == 6 and not parsed.is_loopback:
        return str(ip_network(f"{parsed}/64", strict=False))
    return str(parsed)


def _is_address(text: str) -> bool:
    try:
        numeric_address(text)
    except ValueError:
        return False
    return True


def _is_among(address: str, networks: Iterable[Network]) -> bool:
    try:
        parsed = numeric_address(address)
    except ValueError:
        return False
    return any(parsed.version == one.version and parsed in one for one in networks)


async def _refuse(scope: Scope, receive: Receive, send: Send, wait_s: float) -> None:
    error = TooManyRequests()
    error.retry_after_s = math.ceil(wait_s)
    telemetry.warning("server.too_many", kind=scope["type"])
    response: Response = error_response(error, closes=True)
    if scope["type"] == "http":
        await response(scope, receive, send)
    elif DENIAL in scope.get("extensions", {}):
        body = bytes(response.body)
        await send(
            {
                "type": f"{DENIAL}.start",
                "status": response.status_code,
                "headers": response.raw_headers,
            }
        )
        await send({"type": f"{DENIAL}.body", "body": body, "more_body": False})
    else:
        await send({"type": "websocket.close", "code": SHUT})
