"""A server of told events that does as it is bid, with a page that shows the live view.

``uvicorn tests.browser.live_double:app`` serves both. ``POST /-/bid/{call}`` takes a JSON list of
bids, carried out in turn:

- ``{"tell": [event, …]}`` numbers events, keeps them and pushes them to whoever listens
- ``{"play": [[due_ms, event], …], "speed": 1}`` tells each when it is due, and answers at once
- ``{"send": "text"}`` sends a text as it stands, kept nowhere
- ``{"close": code}`` ends all connections
- ``{"refuse": code}`` closes whoever comes with this code; 0 lets them in again
- ``{"hush": true}`` lets connections in, but tells them nothing, not even the history
- ``{"state": "paused"}`` changes the state and tells it

``GET /-/bid/{call}`` answers with what each who came had heard before (``after``).
"""

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

HERE = Path(__file__).parent


@dataclass
class Stage:
    """A call that is being told."""

    events: list[dict[str, Any]] = field(default_factory=list)
    listeners: list[WebSocket] = field(default_factory=list)
    came: list[int] = field(default_factory=list)
    state: str = "recording"
    refuse: int = 0
    hush: bool = False
    began: float = field(default_factory=time.time)
    playing: set[asyncio.Task] = field(default_factory=set)

    async def tell(self, told: dict[str, Any]) -> None:
        """Number an event, keep it, and push it to whoever listens."""
        numbered = {**told, "n": len(self.events) + 1}
        self.events.append(numbered)
        for socket in list(self.listeners):
            await self.send(socket, numbered)

    async def send(self, socket: WebSocket, message: dict[str, Any]) -> None:
        """Send to one listener, who may be gone."""
        try:
            await socket.send_json(message)
        except (RuntimeError, WebSocketDisconnect):
            if socket in self.listeners:
                self.listeners.remove(socket)

    async def play(self, due: list[tuple[float, dict[str, Any]]], speed: float) -> None:
        """Tell each event when it is due."""
        began = time.monotonic()
        for due_ms, told in due:
            await asyncio.sleep(max(0.0, began + due_ms / 1000 / speed - time.monotonic()))
            await self.tell(told)


stages: dict[str, Stage] = {}


async def events(socket: WebSocket) -> None:
    """Tell one listener what it hasn't heard, and from now on what happens."""
    stage = stages.setdefault(socket.path_params["call"], Stage())
    after = int(socket.query_params.get("after", 0))
    stage.came.append(after)
    await socket.accept()
    if stage.refuse:
        await socket.close(stage.refuse)
        return
    if not stage.hush:
        stage.listeners.append(socket)
        history = {
            "type": "history",
            "events": [told for told in stage.events if told["n"] > after],
            "state": stage.state,
            "began_ms": round(stage.began * 1000),
        }
        await stage.send(socket, history)
    try:
        while True:
            await socket.receive_text()
    except (RuntimeError, WebSocketDisconnect):
        if socket in stage.listeners:
            stage.listeners.remove(socket)


async def bid(request: Request) -> JSONResponse:
    """Carry out bids, or say who came."""
    stage = stages.setdefault(request.path_params["call"], Stage())
    if request.method == "POST":
        for wanted in await request.json():
            await carry_out(stage, wanted)
    return JSONResponse({"came": stage.came, "n": len(stage.events), "now": len(stage.listeners)})


async def carry_out(stage: Stage, wanted: dict[str, Any]) -> None:
    """Do one thing that a test bids."""
    match wanted:
        case {"tell": told}:
            for event in told:
                await stage.tell(event)
        case {"play": due, **how}:
            task = asyncio.create_task(stage.play(due, how.get("speed", 1)))
            stage.playing.add(task)
            task.add_done_callback(stage.playing.discard)
        case {"send": text}:
            for socket in list(stage.listeners):
                await socket.send_text(text)
        case {"close": code}:
            gone, stage.listeners = stage.listeners, []
            for socket in gone:
                await socket.close(code)
        case {"refuse": code}:
            stage.refuse = code
        case {"hush": hush}:
            stage.hush = hush
        case {"state": state}:
            stage.state = state
            await stage.tell({"type": "state", "state": state})
        case _:
            raise ValueError("no such bid")


app = st.App(
    HERE / "live_double_page.py",
    routes=[
        WebSocketRoute("/-/live/events/{call}", events),
        Route("/-/bid/{call}", bid, methods=["GET", "POST"]),
    ],
)
