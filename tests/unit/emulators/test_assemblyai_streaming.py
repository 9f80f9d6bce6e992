"""The emulated streaming service refuses what the real one refuses, and survives its clients."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice, pairwise
from typing import Any
from urllib.parse import urlencode

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from emulators.assemblyai.streaming import AssemblyAIStreamingEmulator
from emulators.assemblyai.streaming_plans import SessionPlan
from emulators.assemblyai.streaming_script import LINES, endless_call, turn_of
from tests.threads import no_thread_left

KEY = "a-key"
GOOD = {"sample_rate": "16000", "encoding": "pcm_s16le", "format_turns": "True"}
PIECE = bytes(3_200)


@pytest.fixture
def emulator() -> Iterator[AssemblyAIStreamingEmulator]:
    with no_thread_left(), AssemblyAIStreamingEmulator(key=KEY) as serving:
        yield serving


@contextmanager
def talking(
    emulator: AssemblyAIStreamingEmulator, key: str | None = KEY, path: str = "/v3/ws", **asked: str
) -> Iterator[ClientConnection]:
    address = f"{emulator.host}{path}?{urlencode({**GOOD, **asked})}"
    headers = {"Authorization": key} if key else {}
    with connect(address, additional_headers=headers, compression=None) as client:
        yield client


def heard(client: ClientConnection) -> list[dict[str, Any]]:
    """Return all messages up to the end of the session."""
    messages = []
    try:
        while True:
            messages.append(json.loads(client.recv(timeout=5)))
    except ConnectionClosed:
        return messages


def kinds(messages: list[dict[str, Any]]) -> list[str]:
    return [message["type"] for message in messages]


@pytest.mark.parametrize(
    ("key", "path", "status"),
    [(None, "/v3/ws", 401), ("another", "/v3/ws", 401), (KEY, "/v2/realtime/ws", 404)],
)
def test_who_is_not_let_in(
    emulator: AssemblyAIStreamingEmulator, key: str | None, path: str, status: int
) -> None:
    with pytest.raises(InvalidStatus) as refused, talking(emulator, key, path):
        pass
    assert refused.value.response.status_code == status
    assert emulator.refused == 1
    assert emulator.sessions == []


@pytest.mark.parametrize(
    "asked",
    [
        {"sample_rate": "fast"},
        {"sample_rate": "0"},
        {"format_turns": "yes"},
        {"speaker_labels": "1"},
        {"max_speakers": "2"},
        {"speaker_labels": "true", "max_speakers": "11"},
        {"keyterms_prompt": "Harbor"},
        {"keyterms_prompt": json.dumps(["x" * 51])},
        {"keyterms_prompt": json.dumps(["x"] * 101)},
        {"end_of_turn_confidence_threshold": "1.5"},
        {"min_turn_silence": "-1"},
        {"max_turn_silence": "1.5"},
        {"speech_model": "best"},
        {"encoding": "mp3"},
        {"no_such_parameter": "1"},
    ],
)
def test_parameters_that_are_refused(
    emulator: AssemblyAIStreamingEmulator, asked: dict[str, str]
) -> None:
    with talking(emulator, **asked) as client:
        (error,) = heard(client)
    assert error["type"] == "Error"
    assert error["error_code"] == 3006
    assert client.protocol.close_code == 3006


def test_without_a_sample_rate_nothing_begins(emulator: AssemblyAIStreamingEmulator) -> None:
    address = f"{emulator.host}/v3/ws?encoding=pcm_s16le"
    with connect(address, additional_headers={"Authorization": KEY}) as client:
        assert heard(client)[0]["error_code"] == 3006


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (bytes(320), 3007),
        (bytes(32 * 1_001), 3007),
        (bytes(3_201), 3007),
        ("{", 4100),
        ("[]", 4101),
        (json.dumps({"type": "Begin"}), 4101),
        (json.dumps({"type": "UpdateConfiguration", "sample_rate": 8_000}), 4101),
        (json.dumps({"type": "UpdateConfiguration", "max_turn_silence": "long"}), 4101),
    ],
)
def test_messages_that_are_refused(
    emulator: AssemblyAIStreamingEmulator, message: bytes | str, code: int
) -> None:
    with talking(emulator) as client:
        client.send(message)
        assert kinds(messages := heard(client)) == ["Begin", "Error"]
    assert messages[-1]["error_code"] == client.protocol.close_code == code


def test_a_session_from_its_begin_to_its_termination(
    emulator: AssemblyAIStreamingEmulator,
) -> None:
    with talking(emulator, speaker_labels="true", max_speakers="2") as client:
        for _ in range(60):
            client.send(PIECE)
        client.send(json.dumps({"type": "KeepAlive"}))
        client.send(json.dumps({"type": "UpdateConfiguration", "max_turn_silence": 700}))
        client.send(json.dumps({"type": "Terminate"}))
        messages = heard(client)
    assert client.protocol.close_code == 1000
    assert kinds(messages)[:3] == ["Begin", "SpeechStarted", "Turn"]
    assert messages[-1] == {
        "type": "Termination",
        "audio_duration_seconds": 6,
        "session_duration_seconds": 6,
    }
    turns = [message for message in messages if message["type"] == "Turn"]
    assert turns[0]["words"][0]["word_is_final"] is False
    assert "speaker" not in turns[0]["words"][0]
    plain, formatted = (turn for turn in turns if turn["end_of_turn"])
    assert [plain["turn_is_formatted"], formatted["turn_is_formatted"]] == [False, True]
    assert formatted["transcript"] == LINES[0][1]
    assert {word["speaker"] for word in formatted["words"]} == {"A"}
    (session,) = emulator.sessions
    assert session.messages == ["KeepAlive", "UpdateConfiguration", "Terminate"]
    assert session.configurations[0]["max_turn_silence"] == 700
    assert (session.audio_ms, session.pieces, emulator.audio_bytes) == (6_000, 60, 192_000)


def test_forcing_an_endpoint_ends_the_turn_with_what_was_heard(
    emulator: AssemblyAIStreamingEmulator,
) -> None:
    with talking(emulator) as client:
        for _ in range(20):
            client.send(PIECE)
        client.send(json.dumps({"type": "ForceEndpoint"}))
        client.send(PIECE)
        client.send(json.dumps({"type": "Terminate"}))
        ended = [m["transcript"] for m in heard(client) if m.get("turn_is_formatted")]
    assert ended == ["Good morning, Harbor Energy"]


def test_sessions_without_labels_hear_one_speaker_each(
    emulator: AssemblyAIStreamingEmulator,
) -> None:
    def call(client: ClientConnection) -> list[dict[str, Any]]:
        for _ in range(120):
            client.send(PIECE)
        client.send(json.dumps({"type": "Terminate"}))
        return [m for m in heard(client) if m.get("turn_is_formatted")]

    with talking(emulator) as first:
        first.recv(timeout=5)
        with talking(emulator) as second:
            customer = call(second)
        with talking(emulator) as third:
            assert call(third) == customer
        agent = call(first)
    assert [turn["transcript"] for turn in agent] == [LINES[0][1]]
    assert [turn["transcript"] for turn in customer] == [LINES[1][1]]
    assert "speaker_label" not in agent[0]


def test_a_bad_client_brings_nobody_else_down(emulator: AssemblyAIStreamingEmulator) -> None:
    with socket.create_connection(("127.0.0.1", emulator.port)) as raw:
        raw.sendall(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
        raw.recv(1_000)
    vanished = socket.create_connection(("127.0.0.1", emulator.port))
    vanished.close()
    with talking(emulator) as client:
        client.send(PIECE)
        assert json.loads(client.recv(timeout=5))["type"] == "Begin"


def test_stopping_ends_sessions_that_are_open() -> None:
    plans = [SessionPlan(delay_s=0.01)]
    with no_thread_left(), AssemblyAIStreamingEmulator(plans=plans) as emulator:
        address = f"{emulator.host}/v3/ws?{urlencode(GOOD)}"
        with connect(address, additional_headers={"Authorization": "any"}) as client:
            client.send(PIECE)
            client.recv(timeout=5)
            emulator.__exit__(None, None, None)
            assert kinds(heard(client)) == []


def test_the_plausible_call_never_ends_and_never_overlaps() -> None:
    turns = list(islice(endless_call(), 50))
    assert all(a.end_ms < b.start_ms for a, b in pairwise(turns))
    assert {turn.label for turn in turns} == {"A", "B"}
    assert turn_of("A", "Hello there.", 0).words[0].unformatted == "hello"
