"""The socket /-/live/events/{call_id}: tells what happens in a live call, as it happens."""

import asyncio
import json
from collections import deque
from collections.abc import Sequence

import anyio
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from app.routes._guard import GetServices
from app.routes._sockets import DONE, TOO_SLOW, Rechecking, admitted, close, code_for, tell
from app.wiring import Services
from services.access.tokens import Purpose
from services.domain.errors import PartylineError
from services.domain.live_calls import RunningCall
from services.domain.people import User
from services.live.telling.events import Told

PATH = "/-/live/events/{call_id}"
MOST_WAITING = 2_000
ALIVE_EVERY_S = 10.0
MOST_NUMBER_CHARS = 12
LAST = "landed"


def route(get_services: GetServices) -> WebSocketRoute:
    """Return the route."""

    async def events(websocket: WebSocket) -> None:
        services = get_services()
        user = await admitted(websocket, services, Purpose.LIVE_EVENTS)
        if user is not None:
            checking = Rechecking(
                websocket, services, Purpose.LIVE_EVENTS, services.live.check_follows
            )
            await _EventSocket(websocket, checking).serve(services, user)

    return WebSocketRoute(PATH, events)


class _EventSocket:
    """One reader of a call."""

    def __init__(self, websocket: WebSocket, checking: Rechecking) -> None:
        self._websocket = websocket
        self._checking = checking
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Told] = deque()
        self._come = asyncio.Event()
        self._too_slow = asyncio.Event()

    async def serve(self, services: Services, user: User) -> None:
        """Tell what was told before, then everything as it happens, until it has landed."""
        call_id = self._websocket.path_params["call_id"]
        after = _number(self._websocket.query_params.get("after", ""))
        try:
            running, following = await anyio.to_thread.run_sync(
                services.live.follow, user, call_id, after, self.told
            )
        except PartylineError as error:
            await close(self._websocket, code_for(error))
            return
        try:
            await self._tell_all(running, following.history)
        finally:
            following.close()

    def told(self, event: Told) -> None:
        """Take an event from any thread."""
        try:
            self._loop.call_soon_threadsafe(self._take, event)
        except RuntimeError:
            # The server has stopped.
            return

    def _take(self, event: Told) -> None:
        if len(self._waiting) >= MOST_WAITING:
            self._too_slow.set()
            return
        self._waiting.append(event)
        self._come.set()

    async def _tell_all(self, running: RunningCall, history: Sequence[Told]) -> None:
        is_done = any(event["type"] == LAST for event in history)
        async with anyio.create_task_group() as group:
            group.start_soon(self._until_gone, group.cancel_scope)
            group.start_soon(self._until_too_slow, group.cancel_scope)
            group.start_soon(self._checking.until_refused, group.cancel_scope)
            try:
                text = await anyio.to_thread.run_sync(_history, running, history)
                await self._websocket.send_text(text)
                if not is_done:
                    await self._tell_on()
                    is_done = True
            except WebSocketDisconnect:
                pass
            group.cancel_scope.cancel()
        if self._checking.code is not None:
            await close(self._websocket, self._checking.code)
        elif self._too_slow.is_set():
            await close(self._websocket, TOO_SLOW)
        elif is_done:
            await close(self._websocket, DONE)

    async def _tell_on(self) -> None:
        """Tell events as they come, until the last one."""
        while True:
            while self._waiting:
                event = self._waiting.popleft()
                await tell(self._websocket, event)
                if event["type"] == LAST:
                    return
            self._come.clear()
            with anyio.move_on_after(ALIVE_EVERY_S) as quiet:
                await self._come.wait()
            if quiet.cancelled_caught:
                # Pages can't see pings: silence for longer than this is a dead network to them.
                await tell(self._websocket, {"type": "alive"})

    async def _until_gone(self, scope: anyio.CancelScope) -> None:
        """Wait until the reader leaves; whatever it says is of no interest."""
        try:
            while (await self._websocket.receive())["type"] == "websocket.receive":
                pass
        except (WebSocketDisconnect, RuntimeError):
            pass
        scope.cancel()

    async def _until_too_slow(self, scope: anyio.CancelScope) -> None:
        await self._too_slow.wait()
        scope.cancel()


def _history(running: RunningCall, history: Sequence[Told]) -> str:
    began_ms = round(running.began_at.timestamp() * 1000)
    told = {"type": "history", "state": running.state.value, "began_ms": began_ms}
    return json.dumps({**told, "events": list(history)}, separators=(",", ":"))


def _number(text: str) -> int:
    """Return the number of an event, 0 for whatever is none."""
    is_number = text.isascii() and text.isdigit() and len(text) <= MOST_NUMBER_CHARS
    return int(text) if is_number else 0
