"""Carries one connection of a telephone service: its messages to a stream, and answers back.

One thread reads what has come, another one feeds the call with it, which may wait for the disk; the
event loop waits for nothing. Packets are collected, so that a hundred a second don't make as many
errands; when too much has come that wasn't taken yet, nothing more is received.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from functools import partial

import anyio
from starlette.websockets import WebSocket, WebSocketDisconnect

from app.routes._sockets import DONE, TRY_AGAIN_LATER, close
from services.telephony.streaming.over import Over
from services.telephony.streaming.stream import PhoneStream

COLLECT_S = 0.1
MOST_AT_ONCE = 200
"""So many messages at most are taken each tenth of a second: twenty times what a call sends."""
MOST_WAITING_BYTES = 1024 * 1024
MOST_UNFED_BYTES = 16 * 1024 * 1024
"""Four minutes of both sides."""
QUIET_S = 60.0
"""Each service sends something every few seconds; one that doesn't is gone."""
CLOSE_WITHIN_S = 5.0

Message = str | bytes


class _Waiting:
    """Messages that have come and have not been taken yet. Used by one event loop."""

    def __init__(self) -> None:
        self.has_any = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._messages: deque[Message] = deque()
        self._bytes = 0

    async def put(self, message: Message) -> None:
        self._messages.append(message)
        self._bytes += len(message)
        self.has_any.set()
        if self._bytes > MOST_WAITING_BYTES:
            self._has_room.clear()
            await self._has_room.wait()

    def take(self) -> list[Message]:
        count = min(MOST_AT_ONCE, len(self._messages))
        taken = [self._messages.popleft() for _ in range(count)]
        self._bytes -= sum(map(len, taken))
        if self._bytes <= MOST_WAITING_BYTES:
            self._has_room.set()
        if not self._messages:
            self.has_any.clear()
        return taken


class PhoneSocket:
    """One accepted connection; ``serve`` returns when the call is over, or goes on by another."""

    def __init__(self, websocket: WebSocket) -> None:
        """Take the connection."""
        self._websocket = websocket
        self._loop = asyncio.get_running_loop()
        self._waiting = _Waiting()
        self._woken = asyncio.Event()
        self._due = asyncio.Event()
        self._worked = asyncio.Event()
        self._over = asyncio.Event()
        self._why: Over | None = None
        self._is_gone = False
        self._heard_at = self._loop.time()
        self._reader = anyio.CapacityLimiter(1)
        self._feeder = anyio.CapacityLimiter(1)

    def over(self, why: Over) -> None:
        """Take from any thread that no more sound is wanted."""

        def take() -> None:
            self._why = self._why or why
            self._over.set()
            self._woken.set()

        try:
            self._loop.call_soon_threadsafe(take)
        except RuntimeError:
            # The server has stopped.
            return

    async def serve(self, stream: PhoneStream) -> None:
        """Carry messages until one side ends it; end the call then, unless another goes on."""
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(self._receive)
                group.start_soon(self._feed, stream)
                await self._read(stream)
                if (wait_s := stream.broke()) > 0:
                    with anyio.move_on_after(wait_s):
                        await self._over.wait()
                group.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(stream.end, limiter=self._feeder)
        is_late = self._why in (Over.LOST, Over.FAILED)
        await close(self._websocket, TRY_AGAIN_LATER if is_late else DONE)

    async def _receive(self) -> None:
        try:
            while (message := await self._websocket.receive())["type"] == "websocket.receive":
                self._heard_at = self._loop.time()
                text = message.get("text")
                await self._waiting.put(message["bytes"] if text is None else text)
                self._woken.set()
        except WebSocketDisconnect:
            pass
        self._is_gone = True
        self._woken.set()

    async def _feed(self, stream: PhoneStream) -> None:
        """Have the call fed with what has been read, as long as that takes."""
        while True:
            await self._due.wait()
            self._due.clear()
            await anyio.to_thread.run_sync(stream.work, limiter=self._feeder)
            self._worked.set()

    async def _read(self, stream: PhoneStream) -> None:
        """Have what comes read until nothing more is to be."""
        is_told = False
        deadline = float("inf")
        while not stream.is_over and self._loop.time() < deadline:
            await self._something(deadline)
            if self._why is not None and not is_told:
                is_told = True
                await self._answer(stream.stopped(self._why))
            sent = self._waiting.take()
            if sent:
                read = partial(stream.read, sent)
                await self._answer(await anyio.to_thread.run_sync(read, limiter=self._reader))
            elif self._is_gone:
                return
            await self._pass_on(stream)
            if stream.is_ending:
                deadline = min(deadline, self._loop.time() + CLOSE_WITHIN_S)

    async def _pass_on(self, stream: PhoneStream) -> None:
        """Have the call fed; where it is far behind, let what comes wait."""
        if stream.has_work:
            self._due.set()
        while stream.waiting_bytes > MOST_UNFED_BYTES and self._why is None:
            self._worked.clear()
            await self._worked.wait()

    async def _something(self, deadline: float) -> None:
        """Wait until there is something to do, and a moment longer for what comes with it."""
        if not self._waiting.has_any.is_set() and not self._is_gone:
            # A clock for each packet would cost more than all else that is done with it.
            until = min(deadline, self._heard_at + QUIET_S)
            with anyio.move_on_after(max(0.0, until - self._loop.time())):
                await self._woken.wait()
            self._woken.clear()
            self._is_gone = self._is_gone or self._loop.time() >= self._heard_at + QUIET_S
        if not self._is_gone:
            await anyio.sleep(COLLECT_S)

    async def _answer(self, answers: Sequence[str]) -> None:
        for answer in answers:
            try:
                with anyio.move_on_after(CLOSE_WITHIN_S):
                    await self._websocket.send_text(answer)
            except (WebSocketDisconnect, RuntimeError):
                self._is_gone = True
                return
