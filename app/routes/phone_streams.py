"""The sockets /twilio and /audiohook: telephone services send the sound of calls that are held.

A handshake is refused before anything is accepted or stored: 404 where the service isn't set up,
403 for whatever a browser sends, 401 without a signature that counts.
"""

from collections.abc import Callable

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from app.routes._callers import check_no_browser, deny, status_of
from app.routes._guard import GetServices
from app.routes._phone_socket import PhoneSocket
from services.domain.errors import PartylineError
from services.telephony.streaming.streams import AUDIOHOOK_PATH, TWILIO_PATH


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
        check_no_browser(websocket)
        check()
    except PartylineError as error:
        await deny(websocket, status_of(error))
        return False
    await websocket.accept()
    return True
