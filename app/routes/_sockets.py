"""What the WebSockets beside the pages check first, and how they close.

Browsers learn a close code only of a socket that was accepted. So a page of ours that has a bad
token is let in to be told so; a foreign page gets no socket at all.
"""

import json
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

import anyio
from starlette.websockets import WebSocket, WebSocketDisconnect

from app.routes._guard import check_same_origin, from_there
from app.wiring import Services
from services.access.tokens import Purpose
from services.domain.errors import (
    AccessDenied,
    HeldElsewhere,
    InvalidToken,
    PartylineError,
    StorageError,
)
from services.domain.people import User

DONE = 1000
TRY_AGAIN_LATER = 1013
REFUSED = 4400
BAD_TOKEN = 4401
FOREIGN = 4403
NO_SUCH_CALL = 4404
TOO_SLOW = 4408
TAKEN_OVER = 4409
CLOSE_WITHIN_S = 5.0
SIGN_IN_EVERY_S = 1.0
"""So often it is looked whether a sign-in still counts. Almost always that is known: each process
looks a person up every few seconds (``KNOWN_FOR_S``), however many sockets they have."""
RECHECK_EVERY_S = 30.0
"""People who may no longer be told of a call are told of it for so long at most."""


async def admitted(websocket: WebSocket, services: Services, purpose: Purpose) -> User | None:
    """Accept a socket of one of our pages and return who is asking; None when it was closed."""
    try:
        check_same_origin(websocket)
    except AccessDenied:
        await websocket.close(FOREIGN)
        return None
    await websocket.accept()
    token, call_id = websocket.query_params.get("token", ""), websocket.path_params["call_id"]
    try:
        return from_there(websocket, services.tokens.check(token, purpose, call_id)).user
    except InvalidToken:
        await close(websocket, BAD_TOKEN)
        return None


class Rechecking:
    """Looks again and again whether whoever is at the other end of a socket still may be.

    People lose rights, calls and sign-ins while a call is being held.
    """

    def __init__(
        self,
        websocket: WebSocket,
        services: Services,
        purpose: Purpose,
        check: Callable[[User, str], None],
    ) -> None:
        """``check`` raises what the person is refused the call with."""
        self._websocket = websocket
        self._services = services
        self._purpose = purpose
        self._check = check
        tokens = services.tokens
        # Whoever is heard does nothing else; a call isn't cut off because of that.
        is_heard = purpose is Purpose.LIVE_SOUND
        self._again = tokens.check_held if is_heard else tokens.check
        self.code: int | None = None

    async def until_refused(self, scope: anyio.CancelScope) -> None:
        """Wait until they may not any more; ``code`` is what the socket is closed with then."""
        looks = max(1, round(RECHECK_EVERY_S / SIGN_IN_EVERY_S))
        for look in count(1):
            await anyio.sleep(min(SIGN_IN_EVERY_S, RECHECK_EVERY_S))
            self.code = await anyio.to_thread.run_sync(self._look, look % looks == 0)
            if self.code is not None:
                break
        scope.cancel()

    def _look(self, with_call: bool) -> int | None:
        token = self._websocket.query_params.get("token", "")
        call_id = self._websocket.path_params["call_id"]
        try:
            user = self._again(token, self._purpose, call_id).user
            if with_call:
                self._check(user, call_id)
        except InvalidToken:
            return BAD_TOKEN
        except (StorageError, HeldElsewhere):
            # That says nothing about the person.
            return None
        except PartylineError as error:
            return code_for(error)
        return None


def code_for(error: PartylineError) -> int:
    """Return the code by which a socket to a call is closed that can't be had."""
    if isinstance(error, StorageError | HeldElsewhere):
        return TRY_AGAIN_LATER
    return FOREIGN if isinstance(error, AccessDenied) else NO_SUCH_CALL


async def tell(websocket: WebSocket, message: Mapping[str, Any]) -> None:
    """Send a message as JSON, in ASCII: half a character would not go through otherwise."""
    await websocket.send_text(json.dumps(message, separators=(",", ":")))


async def close(websocket: WebSocket, code: int) -> None:
    """Close a socket, whatever has become of it meanwhile; doesn't wait long for a slow one."""
    with anyio.move_on_after(CLOSE_WITHIN_S):
        try:
            await websocket.close(code)
        except (WebSocketDisconnect, RuntimeError):
            # It is closed already.
            return
