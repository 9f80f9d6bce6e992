"""A server of the recorder alone: its page, another page, and a sound socket that obeys the tests.

``/double/mode?is=down`` breaks all connections off and takes none, ``deaf`` takes sound and says
nothing, ``refusing`` takes no connection for good, ``later`` has connections come again, ``over``
has the call ended elsewhere, ``gap_unanswered`` breaks off where a silence was put in, ``up`` is as
it should be. ``/double/forget?frames=N`` takes sound away again, as a power failure does.
"""

import asyncio
import json
import struct
from dataclasses import dataclass, field
from pathlib import Path

import streamlit as st
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

FRAMES_PER_MS, BYTES_PER_SAMPLE = 16, 2
ACK_EVERY_S = 0.2


@dataclass
class HeardCall:
    """What has arrived of a call; ``packets`` are the first frames and lengths as they came."""

    channels: int
    pcm: bytearray = field(default_factory=bytearray)
    told: list[dict] = field(default_factory=list)
    packets: list[tuple[int, int]] = field(default_factory=list)
    connections: int = 0
    stopped: bool = False
    over: bool = False
    state: str = "recording"
    socket: WebSocket | None = None

    @property
    def frame_bytes(self) -> int:
        return self.channels * BYTES_PER_SAMPLE

    @property
    def next(self) -> int:
        return len(self.pcm) // self.frame_bytes

    def take(self, packet: bytes) -> bool:
        """Append what is new; whether it fits what is there."""
        first = struct.unpack_from("<Q", packet)[0]
        sound = packet[8:]
        self.packets.append((first, len(sound) // self.frame_bytes))
        if first > self.next:
            return False
        self.pcm += sound[(self.next - first) * self.frame_bytes :]
        return True


calls: dict[str, HeardCall] = {}
mode = {"is": "up"}


def begin(call_id: str, channels: int) -> None:
    """Let sound of this call come in."""
    calls[call_id] = HeardCall(channels=channels)


async def sound(socket: WebSocket) -> None:
    """The socket, as docs/live-sockets.md has it."""
    if mode["is"] in {"down", "refusing"}:
        await socket.close()
        return
    await socket.accept()
    if mode["is"] == "later":
        await socket.close(1013)
        return
    call = calls.get(socket.path_params["call_id"])
    if call is None or call.stopped or call.over:
        await socket.close(4404)
        return
    if call.socket is not None:
        await call.socket.close(4409)
    call.socket = socket
    call.connections += 1
    acks = asyncio.create_task(_acknowledge(call, socket))
    try:
        await _say(call, socket, "ready", channels=call.channels, state=call.state)
        while not call.stopped:
            await _take(call, socket, await socket.receive())
    except (WebSocketDisconnect, RuntimeError):
        pass
    finally:
        acks.cancel()
        if call.socket is socket:
            call.socket = None


async def _say(call: HeardCall, socket: WebSocket, kind: str, **more: object) -> None:
    if mode["is"] != "deaf":
        await socket.send_text(json.dumps({"type": kind, "next": call.next, **more}))


async def _acknowledge(call: HeardCall, socket: WebSocket) -> None:
    while True:
        await asyncio.sleep(ACK_EVERY_S)
        await _say(call, socket, "ack")


async def _take(call: HeardCall, socket: WebSocket, message: dict) -> None:
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect
    if mode["is"] == "deaf":
        return
    if message.get("bytes") is not None:
        if not call.take(message["bytes"]):
            await _say(call, socket, "resend")
        else:
            call.state = "recording"
        return
    told = json.loads(message["text"])
    call.told.append(told)
    match told["type"]:
        case "gap":
            call.pcm += bytes(told.get("ms", 1000) * FRAMES_PER_MS * call.frame_bytes)
            if mode["is"] == "gap_unanswered":
                mode["is"] = "down"
                await socket.close(1011)
                raise WebSocketDisconnect
            await _say(call, socket, "ready", channels=call.channels, state=call.state)
        case "pause" | "resume":
            call.state = "paused" if told["type"] == "pause" else "recording"
        case "stop" if told["frames"] == call.next:
            call.stopped = True
            await _say(call, socket, "stopped")
            await socket.close()


async def set_mode(request: Request) -> Response:
    """Change how the socket behaves; connections don't outlive being down."""
    mode["is"] = request.query_params["is"]
    for call in calls.values():
        if mode["is"] in {"down", "later"} and call.socket is not None:
            await call.socket.close(1011 if mode["is"] == "down" else 1013)
    if mode["is"] == "over":
        last = list(calls.values())[-1]
        last.over = True
        if last.socket is not None:
            await last.socket.close(4404)
    return Response()


async def forget(request: Request) -> Response:
    """Take the last frames of the call begun last away, with its connection."""
    call = list(calls.values())[-1]
    if call.socket is not None:
        await call.socket.close(1011)
    del call.pcm[-int(request.query_params["frames"]) * call.frame_bytes :]
    return Response()


async def told(request: Request) -> Response:
    """All that is known of the call begun last."""
    call_id, call = list(calls.items())[-1]
    return JSONResponse(
        {
            "id": call_id,
            "channels": call.channels,
            "frames": call.next,
            "told": call.told,
            "packets": call.packets,
            "connections": call.connections,
            "stopped": call.stopped,
            "state": call.state,
        }
    )


async def heard(request: Request) -> Response:
    """The PCM of the call begun last."""
    return Response(bytes(list(calls.values())[-1].pcm), media_type="application/octet-stream")


async def healthy(request: Request) -> Response:
    """Serve."""
    return Response()


app = st.App(
    Path(__file__).with_name("sound_double_frame.py"),
    routes=[
        WebSocketRoute("/-/live/sound/{call_id}", sound),
        Route("/double/mode", set_mode),
        Route("/double/told", told),
        Route("/double/forget", forget),
        Route("/double/sound", heard),
        Route("/readyz", healthy),
    ],
)
