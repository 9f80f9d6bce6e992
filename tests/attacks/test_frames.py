"""A thousand hostile frames on each WebSocket: told what is wrong or cut off, and nothing grows."""

import json
import random
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from emulators.audiohook import EmulatedAudioHook
from emulators.twilio import signature
from services.access.tokens import Purpose
from tests.attacks.conftest import (
    AUDIOHOOK_KEY,
    AUDIOHOOK_SECRET,
    PUBLIC,
    TWILIO_TOKEN,
    Attacked,
)

FRAMES = 1_000
SEED = 20_261_127
MOST_GROWTH_KB = 60_000
MOST_LEFT_OPEN = 8
# The framework keeps the last 128 sessions for two minutes, each with three descriptors, no more.
MOST_LEFT_OPEN_BY_SESSIONS = 3 * 128 + MOST_LEFT_OPEN
CLOSED_WITHIN_S = 30.0
# how a server may leave: done, cannot read it, too large, refused, not now, and our own
CODES = {1000, 1002, 1003, 1007, 1008, 1009, 1011, 1013, 4400, 4401, 4404, 4408, 4409}
WORDS = [
    "{",
    "null",
    "[]",
    "[" * 900,
    "9" * 900,
    '{"type":null}',
    '{"type":["stop"]}',
    '{"type":"stop"}',
    '{"type":"stop","frames":-1}',
    '{"type":"stop","frames":1e308}',
    '{"type":"stop","frames":NaN}',
    '{"type":"stop","frames":' + "9" * 400 + "}",
    '{"type":"gap","ms":-5}',
    '{"type":"gap","ms":true}',
    '{"type":"gap","ms":"1"}',
    '{"type":"__class__"}',
    "{" + '"a":{' * 150,
    "\U0001f600" * 400,
    "x" * 70_000,
    '{"event":"start"}',
    '{"event":"start","start":{}}',
    '{"event":"start","start":{"streamSid":1,"customParameters":[1]}}',
    '{"event":"media","media":{"payload":"%%%","timestamp":"x","track":"inbound"}}',
    '{"event":"media","media":{"payload":null}}',
    '{"event":"mark","mark":{"name":"' + "m" * 5_000 + '"}}',
    '{"event":"stop","stop":[]}',
    '{"version":"2","type":"open","seq":-1,"parameters":{"media":[{}]}}',
    '{"version":"2","type":"open","seq":1,"id":"x","parameters":null}',
    '{"version":"2","type":"ping","seq":99999999999999999999,"position":"PT-1S"}',
    '{"version":"2","type":"discarded","seq":1,"parameters":{"start":"PTxS","discarded":"PT9E9S"}}',
    '{"kind":"TranscriptionData","transcriptionData":{"text":1,"offset":-1}}',
]


def hostile(rng: random.Random) -> str | bytes:
    """One frame: words that are nearly right, or bytes that are nearly sound."""
    match rng.randrange(6):
        case 0:
            return rng.choice(WORDS)
        case 1:
            word = bytearray(rng.choice(WORDS).encode())[:2_000] or bytearray(b"x")
            for _ in range(3):
                word[rng.randrange(len(word))] = rng.randrange(128)
            return word.decode("utf-8", "replace")
        case 2:
            return rng.randbytes(rng.choice([0, 1, 7, 8, 9, 15]))
        case 3:
            place = rng.choice([0, 1, 2**31, 2**63, 2**64 - 1])
            return place.to_bytes(8, "little") + rng.randbytes(rng.choice([1, 3, 639, 640]))
        case 4:
            return rng.randbytes(rng.choice([1_600, 65_536, 200_000]))
        case _:
            return json.dumps({rng.choice(["type", "event", "kind"]): rng.randbytes(20).hex()})


def addresses(attacked: Attacked, which: str) -> tuple[str, dict[str, object]]:
    match which:
        case "sound" | "events":
            purpose = Purpose.LIVE_SOUND if which == "sound" else Purpose.LIVE_EVENTS
            path = f"/-/live/{which}/{attacked.call}?token={attacked.tokens[purpose]}"
            return attacked.ws + path, {"origin": attacked.url}
        case "streamlit":
            return f"{attacked.ws}/_stcore/stream", {
                "origin": attacked.url,
                "subprotocols": ["streamlit"],
            }
        case "twilio":
            signed = signature(f"{PUBLIC.replace('http', 'ws')}/twilio", TWILIO_TOKEN)
            return f"{attacked.ws}/twilio", {"additional_headers": {"X-Twilio-Signature": signed}}
        case _:
            address = f"{PUBLIC.replace('http', 'ws')}/audiohook"
            service = EmulatedAudioHook(AUDIOHOOK_KEY, AUDIOHOOK_SECRET, signed_address=address)
            headers = service.headers(address, "30b0e395-84d3-4570-ac13-9a62d8f514c0")
            return f"{attacked.ws}/audiohook", {"additional_headers": headers}


def opened(attacked: Attacked, which: str) -> ClientConnection:
    url, more = addresses(attacked, which)
    return connect(url, open_timeout=20, max_size=None, **more)  # type: ignore[arg-type]


def told(socket: ClientConnection) -> Iterator[str | bytes]:
    """Return what has been told so far, without waiting for more."""
    with suppress(TimeoutError):
        while True:
            yield socket.recv(timeout=0)


@pytest.mark.parametrize("which", ["sound", "events", "twilio", "audiohook", "streamlit"])
def test_a_thousand_hostile_frames(holding: Attacked, which: str) -> None:
    attacked = holding
    rng = random.Random(SEED)
    # the first connection loads what is loaded once
    with opened(attacked, which) as socket, suppress(ConnectionClosed):
        socket.send("{}")
        for _ in told(socket):
            pass
    before, open_before = attacked.resident_kb(), attacked.descriptors()
    codes, refusals, left = set(), set(), FRAMES
    while left:
        try:
            with opened(attacked, which) as socket:
                while left:
                    left -= 1
                    socket.send(hostile(rng))
                    for message in told(socket):
                        refusals |= refusal(message)
        except ConnectionClosed as closed:
            codes.add(closed.rcvd.code if closed.rcvd else 1000)
    assert codes <= CODES
    assert all(0 < len(sentence) < 300 and "Traceback" not in sentence for sentence in refusals)
    assert attacked.is_well()
    most_left = MOST_LEFT_OPEN_BY_SESSIONS if which == "streamlit" else MOST_LEFT_OPEN
    until = time.monotonic() + CLOSED_WITHIN_S
    while attacked.descriptors() > open_before + most_left and time.monotonic() < until:
        time.sleep(0.2)
    assert attacked.descriptors() <= open_before + most_left
    assert attacked.resident_kb() - before < MOST_GROWTH_KB


def refusal(message: str | bytes) -> set[str]:
    """Return the sentence of a message that refuses."""
    try:
        said = json.loads(message)
    except ValueError:
        return set()
    return {said["message"]} if isinstance(said, dict) and said.get("type") == "refused" else set()
