"""What comes before every request of the API: who asks, how much, and how many at once.

The framework reads a request's body before it asks for anything else, so this stands before the
framework: a stranger's body is never read. Operations wait for services elsewhere in threads that
the pages need, too; so only a few are done at once.
"""

import asyncio
import re

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.caller import USER, GetServices
from app.statuses import error_response
from services import telemetry
from services.access.api_tokens import ApiTokens
from services.domain.errors import ApiBusy, BrowserRefused, InternalFault, PartylineError
from services.domain.people import User

DESCRIPTION_PATH = "/openapi.json"
MOST_BODY_BYTES = 64 * 1024
READ_WITHIN_S = 10.0
MOST_AT_ONCE = 16
# Recordings have no bound here but that of all recordings; they must keep coming, and few at once.
STREAMED = {
    "POST": re.compile(r"/calls"),
    "PATCH": re.compile(r"/uploads/[^/]+"),
}
NEXT_BYTES_WITHIN_S = 60.0
MOST_STREAMS_AT_ONCE = 8
REFUSED_SOCKET = 4403


class Gate:
    """Lets requests with a token through, a few at once; answers what nobody foresaw."""

    def __init__(self, app: ASGIApp, *, get_services: GetServices) -> None:
        """Take what answers."""
        self._app = app
        self._get_services = get_services
        self._in_work = 0
        self._streams = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": REFUSED_SOCKET})
            return
        if _path(scope) == DESCRIPTION_PATH:
            # It says what any copy of this program says; whoever sets the API up reads it first.
            await self._app(scope, receive, send)
            return
        try:
            user = await self._checked(Headers(scope=scope), _address(scope))
        except PartylineError as error:
            telemetry.warning("api.refused", error=error.code)
            await error_response(error, closes=True)(scope, receive, send)
            return
        scope = {**scope, USER: user}
        if _is_streamed(scope):
            await self._let_stream_in(scope, receive, send)
            return
        self._in_work += 1
        try:
            await self._let_in(scope, _Bounded(scope, receive), send)
        finally:
            self._in_work -= 1

    async def _let_stream_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._streams >= MOST_STREAMS_AT_ONCE:
            telemetry.warning("api.refused", error=ApiBusy.__name__)
            await error_response(ApiBusy(), closes=True)(scope, receive, send)
            return
        self._streams += 1
        try:
            await self._let_in(scope, _Coming(receive), send)
        finally:
            self._streams -= 1

    async def _checked(self, headers: Headers, address: str) -> User:
        """Return who asks.

        Raises ApiOff, BrowserRefused, ApiTokenRefused, TooManyWrongTokens, ApiBusy.
        """
        tokens = self._get_services().api_tokens
        user = await run_in_threadpool(_who, tokens, headers, address)
        if self._in_work >= MOST_AT_ONCE:
            raise ApiBusy
        return user

    async def _let_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def send_on(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_on)
        except Exception as error:
            telemetry.fault("route.fault", error, route="api")
            if has_begun:
                raise
            await error_response(InternalFault(), closes=True)(scope, receive, send)


class _Bounded:
    """What a request brings, up to a size and a time. Raises HTTPException with 413 and 408."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._receive = receive
        self._announced = Headers(scope=scope).get("content-length", "")
        self._until = asyncio.get_running_loop().time() + READ_WITHIN_S
        self._bytes = 0
        self._is_whole = False

    async def __call__(self) -> Message:
        if self._is_whole:
            return await self._receive()
        if self._announced.isdecimal() and int(self._announced) > MOST_BODY_BYTES:
            raise HTTPException(413)
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(408) from None
        if message["type"] == "http.request":
            self._bytes += len(message.get("body", b""))
            if self._bytes > MOST_BODY_BYTES:
                raise HTTPException(413)
            self._is_whole = not message.get("more_body", False)
        return message


class _Coming:
    """What a request brings as long as it keeps coming. Raises HTTPException with 408."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._is_whole = False

    async def __call__(self) -> Message:
        if self._is_whole:
            return await self._receive()
        try:
            async with asyncio.timeout(NEXT_BYTES_WITHIN_S):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(408) from None
        self._is_whole = not message.get("more_body", False)
        return message


def _who(tokens: ApiTokens, headers: Headers, address: str) -> User:
    tokens.check_on()
    if "origin" in headers or "sec-fetch-site" in headers:
        raise BrowserRefused
    return tokens.user_of(headers.get("authorization"), address)


def _is_streamed(scope: Scope) -> bool:
    path = STREAMED.get(scope["method"])
    return path is not None and path.fullmatch(_path(scope)) is not None


def _address(scope: Scope) -> str:
    """Return from where a request comes, as the server that took it knows."""
    client = scope.get("client")
    return client[0] if client else ""


def _path(scope: Scope) -> str:
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))
