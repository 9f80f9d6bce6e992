"""The socket /-/live/sound/{call_id}: takes the sound of a live call, chunk by numbered chunk.

A chunk is acknowledged once it is on disk, so that a recorder that keeps what is not acknowledged
loses nothing, whatever becomes of the connection.
"""

import asyncio
import json
from typing import Any

import anyio
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from app.routes._guard import GetServices
from app.routes._sockets import (
    DONE,
    REFUSED,
    TAKEN_OVER,
    TRY_AGAIN_LATER,
    Rechecking,
    admitted,
    close,
    code_for,
    tell,
)
from services import telemetry
from services.access.tokens import Purpose
from services.domain.errors import (
    InternalFault,
    InvalidRequest,
    LiveOver,
    PartylineError,
    SoundElsewhere,
    StorageError,
)
from services.live.recording.line import LineNotice, SoundLine
from services.live.recording.sound_sequence import MOST_CHUNK_FRAMES, SoundMissing
from services.providers.live import BYTES_PER_SAMPLE

PATH = "/-/live/sound/{call_id}"
PLACE_BYTES = 8
MOST_WORD_CHARS = 1_000
CODES = {
    LineNotice.TAKEN_OVER: TAKEN_OVER,
    LineNotice.STOPPED: DONE,
    LineNotice.LOST: TRY_AGAIN_LATER,
}


def route(get_services: GetServices) -> WebSocketRoute:
    """Return the route."""

    async def sound(websocket: WebSocket) -> None:
        services = get_services()
        user = await admitted(websocket, services, Purpose.LIVE_SOUND)
        if user is None:
            return
        checking = Rechecking(websocket, services, Purpose.LIVE_SOUND, services.live.check_sends)
        socket = _SoundSocket(websocket, checking)
        call_id = websocket.path_params["call_id"]
        try:
            line = await anyio.to_thread.run_sync(
                services.live.connect, user, call_id, socket.line_ended
            )
        except PartylineError as error:
            await close(websocket, code_for(error))
            return
        try:
            await socket.serve(line)
        finally:
            # Whatever holds the call's sound, be it a slow disk, holds up nobody else.
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(line.close)

    return WebSocketRoute(PATH, sound)


class _SoundSocket:
    """One connection of a recorder."""

    def __init__(self, websocket: WebSocket, checking: Rechecking) -> None:
        self._websocket = websocket
        self._checking = checking
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._notice: LineNotice | None = None
        self._code = DONE
        # A chunk never waits for threads that others keep busy.
        self._own_thread = anyio.CapacityLimiter(1)

    def line_ended(self, notice: LineNotice) -> None:
        """Take from any thread that the line is no more."""

        def take() -> None:
            self._notice = self._notice or notice
            self._ended.set()

        try:
            self._loop.call_soon_threadsafe(take)
        except RuntimeError:
            # The server has stopped.
            return

    async def serve(self, line: SoundLine) -> None:
        """Take what the recorder sends until one side ends it."""
        try:
            await self._ready(line)
            async with anyio.create_task_group() as group:
                group.start_soon(self._until_ended, group.cancel_scope)
                group.start_soon(self._checking.until_refused, group.cancel_scope)
                is_connected = await self._receive(line)
                group.cancel_scope.cancel()
            if self._checking.code is not None:
                await close(self._websocket, self._checking.code)
                return
            if self._notice is None and not is_connected:
                return
            if self._notice is LineNotice.STOPPED:
                await tell(self._websocket, {"type": "stopped", "next": line.next_frame})
            code = self._code if self._notice is None else CODES[self._notice]
            await close(self._websocket, code)
        except WebSocketDisconnect:
            return

    async def _until_ended(self, scope: anyio.CancelScope) -> None:
        await self._ended.wait()
        scope.cancel()

    async def _receive(self, line: SoundLine) -> bool:
        """Take messages; return whether the recorder is still there when there are no more."""
        try:
            while (message := await self._websocket.receive())["type"] == "websocket.receive":
                if not await self._took(line, message):
                    return True
        except WebSocketDisconnect:
            pass
        return False

    async def _took(self, line: SoundLine, message: Any) -> bool:
        """Take one message; False when it is the last one that is taken."""
        try:
            if (chunk := message.get("bytes")) is not None:
                await self._take_chunk(line, chunk)
            else:
                await self._take_word(line, message.get("text") or "")
        except SoundMissing:
            await self._say("resend", line)
        except (SoundElsewhere, LiveOver):
            # Why, is told by the line itself, soon or already.
            await self._ended.wait()
        except StorageError as error:
            # What is not acknowledged is sent again; there may be room by then.
            telemetry.warning("live.not_stored", error=error.code)
            self._code = TRY_AGAIN_LATER
            return False
        except PartylineError as error:
            await self._refuse(error)
            return False
        except WebSocketDisconnect:
            raise
        except Exception as error:
            telemetry.fault("route.fault", error, route="live_sound")
            await self._refuse(InternalFault())
            return False
        return True

    async def _take_chunk(self, line: SoundLine, chunk: bytes) -> None:
        most = PLACE_BYTES + MOST_CHUNK_FRAMES * BYTES_PER_SAMPLE * line.channels
        if not PLACE_BYTES < len(chunk) <= most:
            raise InvalidRequest
        frame, pcm = int.from_bytes(chunk[:PLACE_BYTES], "little"), chunk[PLACE_BYTES:]
        await anyio.to_thread.run_sync(line.take, frame, pcm, limiter=self._own_thread)
        await self._say("ack", line)

    async def _take_word(self, line: SoundLine, text: str) -> None:
        said = _word(text)
        match said.get("type"):
            case "gap":
                known_ms = _count(said.get("ms"))
                await anyio.to_thread.run_sync(line.gap, known_ms, limiter=self._own_thread)
                await self._ready(line)
            case "pause":
                await anyio.to_thread.run_sync(line.pause, limiter=self._own_thread)
            case "resume":
                await anyio.to_thread.run_sync(line.resume, limiter=self._own_thread)
            case "stop" if (frames := _count(said.get("frames"))) is not None:
                await anyio.to_thread.run_sync(line.stop, frames, limiter=self._own_thread)
                if line.next_frame < frames:
                    await self._say("resend", line)
            case _:
                raise InvalidRequest

    async def _ready(self, line: SoundLine) -> None:
        state = line.state.value
        ready = {"type": "ready", "next": line.next_frame, "channels": line.channels}
        await tell(self._websocket, {**ready, "state": state})

    async def _say(self, what: str, line: SoundLine) -> None:
        await tell(self._websocket, {"type": what, "next": line.next_frame})

    async def _refuse(self, error: PartylineError) -> None:
        self._code = REFUSED
        refused = {"type": "refused", "code": error.code, "message": error.user_message}
        await tell(self._websocket, refused)


def _word(text: str) -> dict[str, Any]:
    """Return what a text message says. Raises InvalidRequest."""
    if len(text) > MOST_WORD_CHARS:
        raise InvalidRequest
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidRequest from None
    if not isinstance(said, dict):
        raise InvalidRequest
    return said


def _count(value: object) -> int | None:
    """Return a whole number from 0 on, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        return None
    return value
