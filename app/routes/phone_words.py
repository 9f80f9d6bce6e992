"""The socket /acs/transcription: Azure Communication Services tells what is said in phone calls.

The service's token is checked before anything is accepted. The frames of a call are taken in their
order, by a thread: none of them waits for another call's.
"""

import time

import anyio
from anyio import CapacityLimiter
from starlette.responses import Response
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from app.routes._guard import GetServices
from app.routes._sockets import FOREIGN, NO_SUCH_CALL, TRY_AGAIN_LATER, close
from app.wiring import Services
from services import telemetry
from services.domain.errors import CallerRefused, NotFound, PartylineError
from services.telephony.acs.calls.held_phone import HeldPhoneCall
from services.telephony.acs.paths import TRANSCRIPTION_PATH

CONNECTION_HEADER = "x-ms-call-connection-id"
DENIAL = "websocket.http.response"
KNOWN_WITHIN_S = 5.0
"""A call may be told of before the answer has come that says what it is called."""
LOOK_EVERY_S = 0.05
MOST_AT_ONCE = 500
CHECKED_AT_ONCE = 8
TAKEN_AT_ONCE = 8


def route(get_services: GetServices) -> WebSocketRoute:
    """Return the route."""
    checking, taking = CapacityLimiter(CHECKED_AT_ONCE), CapacityLimiter(TAKEN_AT_ONCE)
    places = CapacityLimiter(MOST_AT_ONCE)

    async def words(websocket: WebSocket) -> None:
        services = get_services()
        if places.available_tokens < 1:
            await _deny(websocket, 503)
            return
        async with places:
            status = await _refused(websocket, services, checking)
            if status is not None:
                await _deny(websocket, status)
                return
            await websocket.accept()
            held = await _known(websocket, services)
            if held is None:
                telemetry.warning("phone.unknown_call")
                await close(websocket, NO_SUCH_CALL)
                return
            await _take_all(websocket, held, taking)

    return WebSocketRoute(TRANSCRIPTION_PATH, words)


async def _refused(
    websocket: WebSocket, services: Services, checking: CapacityLimiter
) -> int | None:
    """Return the status by which a connection is refused, None for one of the service."""
    headers = websocket.headers
    if "origin" in headers or "sec-fetch-site" in headers:
        telemetry.warning("phone.browser_refused")
        return 403
    authorization = headers.get("authorization")
    try:
        await anyio.to_thread.run_sync(
            services.phone_callers.check_token, authorization, limiter=checking
        )
    except NotFound:
        return 404
    except CallerRefused:
        return 401
    except PartylineError:
        return 503
    return None


async def _known(websocket: WebSocket, services: Services) -> HeldPhoneCall | None:
    """Return the call that the connection belongs to, None when there is none in time."""
    connection_id = websocket.headers.get(CONNECTION_HEADER, "")
    until = time.monotonic() + KNOWN_WITHIN_S
    while (held := services.phone_callers.find(connection_id)) is None:
        if time.monotonic() > until:
            return None
        await anyio.sleep(LOOK_EVERY_S)
    return held


async def _take_all(websocket: WebSocket, held: HeldPhoneCall, taking: CapacityLimiter) -> None:
    """Take frames until the service leaves, or the call is held no more."""
    await anyio.to_thread.run_sync(held.connected, limiter=taking)
    code = TRY_AGAIN_LATER
    try:
        while not held.has_landed:
            message = await websocket.receive()
            if message["type"] != "websocket.receive":
                return
            text = message.get("text")
            frame = message["bytes"] if text is None else text
            await anyio.to_thread.run_sync(held.take_frame, frame, limiter=taking)
    except WebSocketDisconnect:
        return
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(held.disconnected, limiter=taking)
    await close(websocket, code)


async def _deny(websocket: WebSocket, status: int) -> None:
    """Answer the handshake with a status; where the server can't, it is 403."""
    if DENIAL in websocket.scope.get("extensions", {}):
        await websocket.send_denial_response(Response(status_code=status))
        return
    await websocket.close(FOREIGN)
