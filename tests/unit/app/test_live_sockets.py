"""The sockets of live calls: sound in, events out, and who is let in at all."""

import json
import random
import threading
import time
from typing import Any

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from app.routes import live_events
from app.wiring import Services
from services.access.tokens import Purpose
from services.domain.calls import CallState
from services.domain.errors import DiskFull, NotFound
from services.domain.live_calls import LiveState
from services.domain.people import LOCAL_USER, Role, User
from services.storage.audio_vault import Rendition
from services.storage.tapes import Tape
from tests.unit.app.conftest import STRANGER, query
from tests.unit.app.live_doubles import (
    SERVER,
    WAITS_S,
    begin,
    chunk,
    events_url,
    frames,
    hear,
    pcm,
    say,
    sound_url,
    wait_until,
)

WAV_HEADER = 44
DISK_WAITS_S = 4.0
SUPERVISOR = User(id="kim", name="Kim", org_id=LOCAL_USER.org_id, role=Role.SUPERVISOR)
COLLEAGUE = User(id="sam", name="Sam", org_id=LOCAL_USER.org_id, role=Role.VIEWER)


def closed_with(client: TestClient, url: str, headers: dict[str, str] | None = None) -> int:
    """Return the code with which a socket is closed before anything was told or taken."""
    with (
        pytest.raises(WebSocketDisconnect) as closed,
        client.websocket_connect(url, headers=headers or {}) as socket,
    ):
        socket.receive_text()
    return closed.value.code


def closing_code(socket: Any) -> int:
    """Return the code with which a socket closes, after whatever else is told."""
    while (message := socket.receive())["type"] != "websocket.close":
        pass
    code: int = message["code"]
    return code


def stored_sound(services: Services, call_id: str) -> bytes:
    key = services.calls.key(LOCAL_USER.org_id, call_id)
    with services.vault.open(call_id, Rendition.ORIGINAL, key) as file:
        return file.read()[WAV_HEADER:]


def landed(services: Services, call_id: str) -> None:
    def is_a_call() -> bool:
        try:
            services.calls.get(LOCAL_USER.org_id, call_id)
        except NotFound:
            return False
        return True

    wait_until(is_a_call)


# --- sound --------------------------------------------------------------------------------------


def test_sound_becomes_a_call_with_captions_and_a_run_that_finishes_it(
    client: TestClient, services: Services
) -> None:
    call = begin(services)
    with client.websocket_connect(sound_url(services, call.id)) as socket:
        assert hear(socket) == {"type": "ready", "next": 0, "channels": 1, "state": "recording"}
        for start in range(0, 12_000, 500):
            socket.send_bytes(chunk(start, start + 500))
            assert hear(socket) == {"type": "ack", "next": frames(start + 500)}
        say(socket, type="stop", frames=frames(12_000))
        assert hear(socket) == {"type": "stopped", "next": frames(12_000)}
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_text()
    assert closed.value.code == 1000
    landed(services, call.id)
    assert stored_sound(services, call.id) == pcm(0, 12_000)
    stored = services.calls.get(LOCAL_USER.org_id, call.id)
    assert (stored.source_name, stored.run) == ("A call", 2)
    assert stored.active_transcript_id is not None
    captions = services.transcripts.active(LOCAL_USER.org_id, call.id)
    assert captions.utterances[0].text.startswith("Good morning")
    assert services.runs.get(LOCAL_USER.org_id, call.id, 1).state is CallState.READY
    assert services.live.running(LOCAL_USER) == []


def test_what_is_sent_again_is_stored_once_and_a_hole_is_asked_for(
    client: TestClient, services: Services
) -> None:
    call = begin(services, channels=2)
    with client.websocket_connect(sound_url(services, call.id)) as socket:
        assert hear(socket)["channels"] == 2
        socket.send_bytes(chunk(0, 1000, 2))
        assert hear(socket)["next"] == frames(1000)
        socket.send_bytes(chunk(1500, 2000, 2))
        assert hear(socket) == {"type": "resend", "next": frames(1000)}
        socket.send_bytes(chunk(500, 1500, 2))
        assert hear(socket) == {"type": "ack", "next": frames(1500)}
        socket.send_bytes(chunk(0, 1000, 2))
        assert hear(socket) == {"type": "ack", "next": frames(1500)}
    with client.websocket_connect(sound_url(services, call.id)) as socket:
        assert hear(socket)["next"] == frames(1500)
        say(socket, type="stop", frames=frames(2000))
        assert hear(socket) == {"type": "resend", "next": frames(1500)}
        socket.send_bytes(chunk(1500, 2500, 2))
        while (said := hear(socket))["type"] == "ack":
            pass
        assert said == {"type": "stopped", "next": frames(2000)}
    landed(services, call.id)
    assert stored_sound(services, call.id) == pcm(0, 2000, 2)


def test_a_newer_page_takes_over(client: TestClient, services: Services) -> None:
    call = begin(services)
    with client.websocket_connect(sound_url(services, call.id)) as older:
        hear(older)
        older.send_bytes(chunk(0, 500))
        hear(older)
        with client.websocket_connect(sound_url(services, call.id)) as newer:
            assert hear(newer)["next"] == frames(500)
            with pytest.raises(WebSocketDisconnect) as closed:
                older.receive_text()
            assert closed.value.code == 4409
            newer.send_bytes(chunk(500, 1000))
            assert hear(newer)["next"] == frames(1000)


def test_a_gap_is_silence_that_is_marked(client: TestClient, services: Services) -> None:
    call = begin(services)
    with client.websocket_connect(sound_url(services, call.id)) as socket:
        hear(socket)
        socket.send_bytes(chunk(0, 1000))
        hear(socket)
    with client.websocket_connect(sound_url(services, call.id)) as socket:
        hear(socket)
        say(socket, type="gap", ms=2500)
        assert hear(socket)["next"] == frames(3500)
        socket.send_bytes(chunk(3500, 4000))
        hear(socket)
        say(socket, type="gap", ms=10**9)
        assert hear(socket)["next"] == frames(604_000)
        say(socket, type="stop", frames=frames(604_000))
        assert hear(socket)["type"] == "stopped"
    landed(services, call.id)
    sound = stored_sound(services, call.id)
    assert sound[: frames(4000) * 2] == pcm(0, 1000) + bytes(frames(2500) * 2) + pcm(3500, 4000)
    audio = services.calls.get(LOCAL_USER.org_id, call.id).audio
    assert audio is not None
    assert [f.kind.value for f in audio.findings] == ["not_recorded", "not_recorded"]


def test_pause_and_resume_are_shown(client: TestClient, services: Services) -> None:
    call = begin(services)

    def state() -> LiveState:
        return services.live.get(LOCAL_USER, call.id).state

    with client.websocket_connect(sound_url(services, call.id)) as socket:
        hear(socket)
        say(socket, type="pause")
        wait_until(lambda: state() is LiveState.PAUSED)
        say(socket, type="resume")
        wait_until(lambda: state() is LiveState.RECORDING)
        say(socket, type="pause")
        wait_until(lambda: state() is LiveState.PAUSED)
        socket.send_bytes(chunk(0, 500))
        hear(socket)
        assert state() is LiveState.RECORDING


def test_two_calls_at_once_stay_apart(client: TestClient, services: Services) -> None:
    one, two = begin(services), begin(services)
    with (
        client.websocket_connect(sound_url(services, one.id)) as first,
        client.websocket_connect(sound_url(services, two.id)) as second,
    ):
        hear(first), hear(second)
        for start in range(0, 2000, 500):
            first.send_bytes(chunk(start, start + 500))
            second.send_bytes(frames(start).to_bytes(8, "little") + pcm(start + 77, start + 577))
            hear(first), hear(second)
        say(first, type="stop", frames=frames(2000))
        say(second, type="stop", frames=frames(2000))
        hear(first), hear(second)
    for call in (one, two):
        landed(services, call.id)
    assert stored_sound(services, one.id) == pcm(0, 2000)
    assert stored_sound(services, two.id) == pcm(77, 2077)


def test_a_full_disk_closes_the_socket_and_the_sound_comes_again(
    client: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = begin(services)
    with monkeypatch.context() as full:

        def no_room(_tape: Tape, _pcm: bytes) -> None:
            raise DiskFull

        full.setattr(Tape, "append", no_room)
        with client.websocket_connect(sound_url(services, call.id)) as socket:
            hear(socket)
            socket.send_bytes(chunk(0, 500))
            with pytest.raises(WebSocketDisconnect) as closed:
                socket.receive_text()
    assert closed.value.code == 1013
    with client.websocket_connect(sound_url(services, call.id)) as socket:
        assert hear(socket)["next"] == 0
        socket.send_bytes(chunk(0, 500))
        assert hear(socket)["next"] == frames(500)


def test_after_a_restart_the_recorder_goes_on_with_its_call(
    client: TestClient, services: Services
) -> None:
    call = begin(services)
    with client.websocket_connect(events_url(services, call.id)) as socket:
        hear(socket)
        with client.websocket_connect(sound_url(services, call.id)) as sound:
            hear(sound)
            sound.send_bytes(chunk(0, 1000))
            hear(sound)
            services.live.close()
            assert closing_code(sound) == 1013
    assert [c.id for c in services.live.mine(LOCAL_USER)] == [call.id]
    # who only reads along waits for the recorder
    assert closed_with(client, events_url(services, call.id)) == 1013
    assert closed_with(client, sound_url(services, call.id, COLLEAGUE)) == 4403
    assert closed_with(client, sound_url(services, call.id, STRANGER)) == 4404
    with client.websocket_connect(sound_url(services, call.id)) as socket:
        ready = {"type": "ready", "next": frames(1000), "channels": 1, "state": "recording"}
        assert hear(socket) == ready
        socket.send_bytes(chunk(500, 2000))
        assert hear(socket)["next"] == frames(2000)
        with client.websocket_connect(events_url(services, call.id, after=3)) as events:
            history = hear(events)["events"]
        assert history[0]["code"] == "StartedAgain"
        say(socket, type="stop", frames=frames(2000))
        assert hear(socket)["type"] == "stopped"
    landed(services, call.id)
    assert stored_sound(services, call.id) == pcm(0, 2000)
    assert closed_with(client, sound_url(services, call.id)) == 4404


def test_a_call_that_another_process_holds_is_asked_for_again_later(
    client: TestClient, services: Services
) -> None:
    call = begin(services)
    held = services.live._holding
    with held._lock:
        elsewhere = held._held.pop(call.id)
    assert closed_with(client, sound_url(services, call.id)) == 1013
    elsewhere.release()
    with client.websocket_connect(sound_url(services, call.id)) as socket:
        assert hear(socket)["type"] == "ready"


@pytest.mark.parametrize("what", ["pause", "resume", "leave"])
def test_nobody_waits_for_a_call_whose_sound_waits_for_the_disk(
    client: TestClient, services: Services, what: str
) -> None:
    """All sockets and pages share one loop: a call that is busy must not stop it."""
    busy, other = begin(services), begin(services)
    held = services.live._holding.find(busy.id)
    assert held is not None
    taken, may_go, waited_out = (threading.Event() for _ in range(3))

    def slow_disk() -> None:
        with held._sound:
            taken.set()
            if not may_go.wait(DISK_WAITS_S):
                waited_out.set()

    with client.websocket_connect(sound_url(services, busy.id)) as first:
        hear(first)
        thread = threading.Thread(target=slow_disk)
        thread.start()
        try:
            assert taken.wait(WAITS_S)
            if what == "leave":
                first.close()
            else:
                say(first, type=what)
            # it has come to be taken by now
            time.sleep(0.2)
            with client.websocket_connect(sound_url(services, other.id)) as second:
                hear(second)
                second.send_bytes(chunk(0, 500))
                assert hear(second)["next"] == frames(500)
            assert not waited_out.is_set()
        finally:
            may_go.set()
            thread.join()


# --- what is no sound -----------------------------------------------------------------------------

SENSELESS = [
    "",
    "x",
    "[]",
    "null",
    "7",
    "[" * 900,
    "{}",
    '{"type":"stop"}',
    '{"type":"stop","frames":-1}',
    '{"type":"stop","frames":true}',
    '{"type":"stop","frames":"9"}',
    '{"type":"stop","frames":1e9}',
    '{"type":["stop"]}',
    '{"type":"stopped"}',
    '{"type":"gap","x":"' + "y" * 1000 + '"}',
    "\ud7ff\u0000",
]


@pytest.mark.parametrize("text", SENSELESS, ids=range(len(SENSELESS)))
def test_senseless_words_are_refused(client: TestClient, services: Services, text: str) -> None:
    call = begin(services)
    with client.websocket_connect(sound_url(services, call.id)) as socket:
        hear(socket)
        socket.send_text(text)
        assert hear(socket)["type"] == "refused"
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_text()
    assert closed.value.code == 4400
    assert services.live.get(LOCAL_USER, call.id).goes_on


@pytest.mark.parametrize(
    "content",
    [b"", b"1234567", bytes(8), bytes(9), bytes(8 + 2 * frames(2001)), b"\xff" * 8 + bytes(3)],
    ids=["empty", "no place", "no sound", "half a sample", "too long", "far and odd"],
)
def test_senseless_chunks_are_refused(
    client: TestClient, services: Services, content: bytes
) -> None:
    call = begin(services)
    with client.websocket_connect(sound_url(services, call.id)) as socket:
        hear(socket)
        socket.send_bytes(content)
        assert hear(socket)["type"] == "refused"
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_text()
    assert closed.value.code == 4400


def test_no_message_of_any_shape_is_a_fault(
    client: TestClient, services: Services, capfd: pytest.CaptureFixture[str]
) -> None:
    call, dice = begin(services), random.Random(7)

    def anything(depth: int = 0) -> object:
        kinds = [None, True, -1, 10**30, 1.5, "stop", "gap", "pause", "resume", "ü\u0000", 48_000]
        if depth > 2 or dice.random() < 0.5:
            return dice.choice(kinds)
        if dice.random() < 0.3:
            return [anything(depth + 1) for _ in range(dice.randrange(3))]
        keys = ["type", "frames", "ms", "x"]
        return {key: anything(depth + 1) for key in dice.sample(keys, dice.randrange(5))}

    for _ in range(60):
        if not services.live.mine(LOCAL_USER):
            call = begin(services)
        with client.websocket_connect(sound_url(services, call.id)) as socket:
            hear(socket)
            for _ in range(4):
                if dice.random() < 0.3:
                    socket.send_bytes(dice.randbytes(dice.randrange(0, 100)))
                else:
                    socket.send_text(json.dumps(anything()))
    assert "route.fault" not in capfd.readouterr().err


# --- who is let in --------------------------------------------------------------------------------


def test_without_a_token_nobody_is_let_in(client: TestClient, services: Services) -> None:
    call = begin(services)
    other = begin(services)
    for path, purpose, wrong in (
        ("sound", Purpose.LIVE_SOUND, Purpose.LIVE_EVENTS),
        ("events", Purpose.LIVE_EVENTS, Purpose.LIVE_SOUND),
    ):
        url = f"{SERVER}/-/live/{path}/{call.id}"
        bad = [
            "",
            "?token=",
            "?token=x.y",
            "?token=" + query(services, wrong, call.id)["token"],
            "?token=" + query(services, purpose, other.id)["token"],
            "?token=" + query(services, purpose, call.id, ttl_s=-1)["token"],
            "?token=" + "a" * 5000,
        ]
        assert [closed_with(client, url + token) for token in bad] == [4401] * len(bad)


def test_a_foreign_page_is_not_let_in_even_with_a_token(
    client: TestClient, services: Services
) -> None:
    call = begin(services)
    for url in (sound_url(services, call.id), events_url(services, call.id)):
        assert closed_with(client, url, {"Origin": "http://evil.test"}) == 4403
        assert closed_with(client, url, {"Origin": "null"}) == 4403
        assert closed_with(client, url, {"Sec-Fetch-Site": "cross-site"}) == 4403


def test_another_organisation_finds_no_call(client: TestClient, services: Services) -> None:
    call = begin(services)
    assert closed_with(client, sound_url(services, call.id, STRANGER)) == 4404
    assert closed_with(client, events_url(services, call.id, STRANGER)) == 4404


def test_a_colleague_may_read_along_and_not_speak(client: TestClient, services: Services) -> None:
    call = begin(services)
    assert closed_with(client, sound_url(services, call.id, COLLEAGUE)) == 4403
    with client.websocket_connect(events_url(services, call.id, SUPERVISOR)) as socket:
        assert hear(socket)["type"] == "history"
    # Its personal data stays in it.
    assert closed_with(client, events_url(services, call.id, COLLEAGUE)) == 4403


def test_an_ended_or_unknown_call_takes_no_sound(client: TestClient, services: Services) -> None:
    call = begin(services)
    url = sound_url(services, call.id)
    services.live.stop(LOCAL_USER, call.id)
    assert closed_with(client, url) == 4404
    assert closed_with(client, sound_url(services, "nothing")) == 4404


# --- events ---------------------------------------------------------------------------------------


def test_events_come_numbered_until_the_call_has_landed(
    client: TestClient, services: Services
) -> None:
    call = begin(services)
    with (
        client.websocket_connect(events_url(services, call.id)) as events,
        client.websocket_connect(sound_url(services, call.id)) as sound,
    ):
        first = hear(events)
        assert (first["type"], first["events"], first["state"]) == ("history", [], "recording")
        assert first["began_ms"] == round(call.began_at.timestamp() * 1000)
        hear(sound)
        for start in range(0, 6000, 1000):
            sound.send_bytes(chunk(start, start + 1000))
            hear(sound)
        say(sound, type="stop", frames=frames(6000))
        told = [hear(events)]
        while told[-1]["type"] != "landed":
            told.append(hear(events))
        with pytest.raises(WebSocketDisconnect) as closed:
            events.receive_text()
    assert closed.value.code == 1000
    assert [event["n"] for event in told] == list(range(1, len(told) + 1))
    assert {"speaker", "partial", "final", "state", "ended"} <= {event["type"] for event in told}
    assert [event["type"] for event in told[-2:]] == ["ended", "landed"]
    assert told[-1]["call_id"] == call.id
    with client.websocket_connect(events_url(services, call.id, after=told[3]["n"])) as later:
        history = hear(later)["events"]
    assert [event["n"] for event in history] == sorted(event["n"] for event in history)
    assert history[0]["n"] > told[3]["n"]
    assert "partial" not in {event["type"] for event in history}


def test_a_reader_that_is_far_behind_is_closed(
    client: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_events, "MOST_WAITING", 3)
    call = begin(services)
    with client.websocket_connect(events_url(services, call.id)) as events:
        hear(events)
        standing = services.live._holding.find(call.id).standing  # type: ignore[union-attr]

        def many() -> None:
            for number in range(50):
                standing.tell({"type": "state", "at_ms": number, "state": "recording"})

        client.portal.call(many)  # type: ignore[union-attr]
        assert closing_code(events) == 4408
