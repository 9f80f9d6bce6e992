"""The sockets /twilio and /audiohook: telephone services send the sound of calls that are held.

A handshake is refused before anything is accepted or stored: 404 where the service isn't set up,
403 for whatever a browser sends, 401 without a signature that counts.
"""

from collections.abc import Callable

from starlette.responses import Response
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from app.routes._guard import GetServices
from app.routes._phone_socket import PhoneSocket
from app.routes._sockets import FOREIGN
from services import telemetry
from services.domain.errors import CallerRefused, NotFound
from services.telephony.streaming.streams import AUDIOHOOK_PATH, TWILIO_PATH

DENIAL = "websocket.http.response"


def routes(get_services: GetServices) -> list[WebSocketRoute]:
    """Return the routes of both services."""

    async def twilio(websocket: WebSocket) -> None:
        streams = get_services().phone_streams
        headers = dict(websocket.headers)
        if not await _admitted(websocket, lambda: streams.check_twilio(headers)):
            return
        socket = PhoneSocket(websocket)
        await socket.serve(streams.twilio(socket.over))

    async def audiohook(websocket: WebSocket) -> None:
        streams = get_services().phone_streams
        headers, query = dict(websocket.headers), websocket.url.query
        if not await _admitted(websocket, lambda: streams.check_audiohook(headers, query)):
            return
        socket = PhoneSocket(websocket)
        await socket.serve(streams.audiohook(socket.over, headers))

    return [WebSocketRoute(TWILIO_PATH, twilio), WebSocketRoute(AUDIOHOOK_PATH, audiohook)]


async def _admitted(websocket: WebSocket, check: Callable[[], None]) -> bool:
    """Accept a connection of the service itself; refuse any other."""
    try:
        check_caller(websocket, check)
    except NotFound:
        await _deny(websocket, 404)
        return False
    except CallerRefused:
        await _deny(websocket, 401)
        return False
    except _FromBrowser:
        telemetry.warning("phone.browser_refused")
        await _deny(websocket, 403)
        return False
    await websocket.accept()
    return True


class _FromBrowser(Exception):
    """A page asks, which no telephone service is."""


def check_caller(websocket: WebSocket, check: Callable[[], None]) -> None:
    """Check who asks. Raises NotFound, CallerRefused, _FromBrowser."""
    if "origin" in websocket.headers or "sec-fetch-site" in websocket.headers:
        raise _FromBrowser
    check()


async def _deny(websocket: WebSocket, status: int) -> None:
    """Answer the handshake with a status; where the server can't, it is 403."""
    if DENIAL in websocket.scope.get("extensions", {}):
        await websocket.send_denial_response(Response(status_code=status))
        return
    await websocket.close(FOREIGN)
