"""A page with the live view alone, and the socket that tells it a call; served by bench.live.view.

``PARTYLINE_BENCH_TOLD`` names a file with ``history`` (events that were told before) and ``play``
(pairs of a moment in ms and an event).
"""

import asyncio
import json
import os
import time
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

CALL = "measured"


def _numbered(told: dict[str, Any], number: int) -> str:
    return json.dumps({**told, "n": number})


def _given() -> dict[str, Any]:
    given: dict[str, Any] = json.loads(Path(os.environ["PARTYLINE_BENCH_TOLD"]).read_text())
    return given


async def events(socket: WebSocket) -> None:
    """Tell what was told before at once, and the rest when it is due."""
    given = _given()
    before = [{**told, "n": number} for number, told in enumerate(given["history"], start=1)]
    began = time.time() * 1000 - given["began_ms_ago"]
    await socket.accept()
    try:
        await socket.send_json(
            {"type": "history", "events": before, "state": "recording", "began_ms": round(began)}
        )
        first = time.monotonic()
        for number, (due_ms, told) in enumerate(given["play"], start=len(before) + 1):
            await asyncio.sleep(max(0.0, first + due_ms / 1000 - time.monotonic()))
            await socket.send_text(_numbered(told, number))
        while True:
            await socket.receive_text()
    except (RuntimeError, WebSocketDisconnect):
        return


app = st.App(
    Path(__file__).parent / "view_page.py",
    routes=[WebSocketRoute(f"/-/live/events/{CALL}", events)],
)

if __name__ == "__main__":
    import uvicorn

    # As app.serve does.
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(os.environ["PORT"]),
        log_config=None,
        access_log=False,
        ws="websockets-sansio",
    )
