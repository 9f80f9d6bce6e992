"""The socket /acs/transcription: Azure Communication Services tells what is said in phone calls.

The service's token is checked before anything is accepted. The frames of a call are taken in their
order, by a thread: none of them waits for another call's.
"""

import anyio
from anyio import CapacityLimiter
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from app.routes._callers import check_no_browser, deny, held_soon, status_of
from app.routes._guard import GetServices
from app.routes._sockets import NO_SUCH_CALL, TRY_AGAIN_LATER, close
from services import telemetry
from services.domain.errors import PartylineError
from services.telephony.acs.callers import PhoneCallers
from services.telephony.acs.calls.held_phone import HeldPhoneCall
from services.telephony.acs.paths import TRANSCRIPTION_PATH

CONNECTION_HEADER = "x-ms-call-connection-id"
CORRELATION_HEADER = "x-ms-call-correlation-id"
MOST_AT_ONCE = 500
CHECKED_AT_ONCE = 8
TAKEN_AT_ONCE = 8


def route(get_services: GetServices) -> WebSocketRoute:
    """Return the route."""
    checking, taking = CapacityLimiter(CHECKED_AT_ONCE), CapacityLimiter(TAKEN_AT_ONCE)
    places = CapacityLimiter(MOST_AT_ONCE)

    async def words(websocket: WebSocket) -> None:
        callers = get_services().phone_callers
        if places.available_tokens < 1:
            await deny(websocket, 503)
            return
        async with places:
            try:
                await _check(websocket, callers, checking)
            except PartylineError as error:
                await deny(websocket, status_of(error))
                return
            await websocket.accept()
            held = await held_soon(callers, websocket.headers.get(CONNECTION_HEADER, ""))
            correlation_id = websocket.headers.get(CORRELATION_HEADER)
            if held is None or not held.is_meant(correlation_id=correlation_id):
                telemetry.warning("phone.unknown_call", is_known=held is not None)
                await close(websocket, NO_SUCH_CALL)
                return
            await _take_all(websocket, held, taking)

    return WebSocketRoute(TRANSCRIPTION_PATH, words)


async def _check(websocket: WebSocket, callers: PhoneCallers, checking: CapacityLimiter) -> None:
    """Check that it is the service that connects. Raises what ``PhoneCallers`` does."""
    check_no_browser(websocket)
    authorization = websocket.headers.get("authorization")
    await anyio.to_thread.run_sync(callers.check_token, authorization, limiter=checking)


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
            if not await anyio.to_thread.run_sync(held.take_frame, frame, limiter=taking):
                telemetry.warning("phone.unknown_call", is_known=True)
                code = NO_SUCH_CALL
                break
    except WebSocketDisconnect:
        return
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(held.disconnected, limiter=taking)
    await close(websocket, code)
