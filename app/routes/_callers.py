"""What the routes that telephone services call have in common.

No page of ours calls them, so no browser comes in; each service proves itself by a token, a
signature or a secret, which the routes have checked.
"""

import time
from collections.abc import Callable

import anyio
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.websockets import WebSocket

from app.routes._sockets import FOREIGN
from services import telemetry
from services.domain.errors import (
    AccessDenied,
    CallerRefused,
    InvalidRequest,
    NotFound,
    PartylineError,
)
from services.telephony.acs.callers import PhoneCallers
from services.telephony.acs.calls.held_phone import HeldPhoneCall

DENIAL = "websocket.http.response"
KNOWN_WITHIN_S = 5.0
"""A call may be told of before the answer has come that says what it is called."""
LOOK_EVERY_S = 0.05


def check_no_browser(connection: HTTPConnection) -> None:
    """Refuse what a page asks for, of whichever site. Raises AccessDenied."""
    if "origin" in connection.headers or "sec-fetch-site" in connection.headers:
        telemetry.warning("phone.browser_refused")
        raise AccessDenied


def status_of(error: PartylineError) -> int:
    """Return the status that a caller is answered with: what can't be done now may come again."""
    match error:
        case CallerRefused():
            return 401
        case AccessDenied():
            return 403
        case NotFound():
            return 404
        case InvalidRequest() if not error.retryable:
            return 400
    return 503


async def deny(websocket: WebSocket, status: int) -> None:
    """Answer a handshake with a status; where the server can't, it is 403."""
    if DENIAL in websocket.scope.get("extensions", {}):
        await websocket.send_denial_response(Response(status_code=status))
        return
    await websocket.close(FOREIGN)


async def held_soon(
    callers: PhoneCallers, connection_id: str, may_come: Callable[[], bool] = lambda: True
) -> HeldPhoneCall | None:
    """Return the call of a connection, None when there is none in time, or none ``may_come``."""
    until = time.monotonic() + KNOWN_WITHIN_S
    while (held := callers.find(connection_id)) is None:
        if time.monotonic() > until or not may_come():
            return None
        await anyio.sleep(LOOK_EVERY_S)
    return held
