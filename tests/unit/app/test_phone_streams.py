"""Twilio and AudioHook send the sound of calls over real sockets: it becomes ordinary calls."""

import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from websockets.exceptions import ConnectionClosed, InvalidStatus

from app.routes import _phone_socket
from app.security import AllowedHosts
from app.wiring import Services
from emulators.audiohook import EmulatedAudioHook, HookPlan
from emulators.phone_lines import LineSounds, SeenStream, StreamPlan, dial
from emulators.twilio import EmulatedTwilio, signature
from services.domain.calls import Consent, Direction
from services.domain.errors import DiskFull, StorageError
from services.domain.live_calls import LiveSource, LiveState, RunningCall
from services.domain.people import LOCAL_USER
from services.domain.phone import PhoneService, PhoneWay
from services.domain.speech import SpeakerRole
from services.live.telling.events import Told
from services.storage.tapes import Tape
from services.telephony.streaming import audiohook_stream
from tests.unit.app.phone_doubles import (
    KEY,
    SECRET,
    TOKEN,
    decoded,
    logged,
    nothing_is_stored,
    serving,
    settings,
    sounds,
    stored_sound,
    the_call,
    wait_until,
)

AT_ONCE = StreamPlan(speed=0)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Services, str]]:
    with serving(settings(tmp_path)) as (services, address):
        yield services, address


def twilio(plan: StreamPlan = AT_ONCE, token: str = TOKEN) -> EmulatedTwilio:
    return EmulatedTwilio(token, plan=plan)


def hook(key: str = KEY, secret: str = SECRET, **plan: object) -> EmulatedAudioHook:
    wanted = HookPlan(**{"speed": 0, **plan})  # type: ignore[arg-type]
    return EmulatedAudioHook(key, secret, plan=wanted)


@contextmanager
def beside(work: object) -> Iterator[list[SeenStream]]:
    """Stream in a thread while the block runs; what became of it is there afterwards."""
    seen: list[SeenStream] = []
    thread = threading.Thread(target=lambda: seen.append(work()))  # type: ignore[operator]
    thread.start()
    try:
        yield seen
    finally:
        thread.join()


# --- Twilio ---------------------------------------------------------------------------------------


def test_a_stream_becomes_a_call_with_all_its_sound(served: tuple[Services, str]) -> None:
    services, address = served
    said = sounds(6_000)
    told = {"Agent": "Nora Fields", "queue": "Billing", "direction": "inbound", "x": "y"}
    seen = twilio().stream(f"{address}/twilio", said, told)
    assert (seen.status, seen.is_lost, seen.close_code) == (None, False, 1000)
    call = the_call(services)
    assert stored_sound(services, call) == decoded(said)
    assert call.source_name.startswith("Phone call 20")
    assert (call.details.agent_name, call.details.queue) == ("Nora Fields", "Billing")
    assert call.details.direction is Direction.INBOUND
    assert call.audio is not None
    assert (call.audio.channels, call.audio.findings) == (2, ())
    captions = services.transcripts.active(LOCAL_USER.org_id, call.id)
    by_channel = {s.channel: (s.role, s.label) for s in captions.speakers}
    assert by_channel[0] == (SpeakerRole.CUSTOMER, "Customer")
    assert by_channel[1] == (SpeakerRole.AGENT, "Nora Fields")
    finishing = services.runs.get(LOCAL_USER.org_id, call.id, 2)
    assert finishing.options.channel_roles == (SpeakerRole.CUSTOMER, SpeakerRole.AGENT)


def test_how_people_were_told_is_kept_and_needed_where_that_is_set(tmp_path: Path) -> None:
    given = settings(
        tmp_path, consent_required=True, audiohook_api_key=None, audiohook_client_secret=None
    )
    with serving(given) as (services, address):
        for unknown in ({}, {"consent": "yes"}):
            twilio().stream(f"{address}/twilio", sounds(1_000), unknown)
            assert nothing_is_stored(services)
        for told in ("announced", "Asked", "contract"):
            twilio().stream(f"{address}/twilio", sounds(1_000), {"consent": told})
        wait_until(lambda: len(services.calls.list(LOCAL_USER.org_id)) == len(Consent))
        kept = {row.call.details.consent for row in services.calls.list(LOCAL_USER.org_id)}
    assert kept == set(Consent)


def test_while_it_is_held_it_is_seen_and_followed_and_can_be_stopped(
    served: tuple[Services, str],
) -> None:
    services, address = served
    service = twilio(StreamPlan(speed=1.0))
    with beside(lambda: service.stream(f"{address}/twilio", sounds(20_000))) as seen:
        wait_until(lambda: any(c.received_ms > 500 for c in services.live.running(LOCAL_USER)))
        [running] = services.live.running(LOCAL_USER)
        assert (running.source, running.channels) == (LiveSource.PHONE, 2)
        assert running.phone is not None
        assert (running.phone.service, running.phone.way) == (
            PhoneService.TWILIO,
            PhoneWay.STREAMED,
        )
        assert running.phone.connection_id.startswith("MZ")
        assert (running.phone.correlation_id or "").startswith("CA")
        wait_until(lambda: told(services, running.id))
        services.live.stop(LOCAL_USER, running.id)
    assert seen[0].is_lost
    assert 500 <= the_call(services).audio.duration_ms < 15_000  # type: ignore[union-attr]


def told(services: Services, call_id: str) -> tuple[Told, ...]:
    """Return what was told of a call."""
    _call, following = services.live.follow(LOCAL_USER, call_id, 0, lambda _told: None)
    following.close()
    return following.history


def test_the_agent_may_be_the_one_whose_line_it_is(served: tuple[Services, str]) -> None:
    services, address = served
    twilio().stream(f"{address}/twilio", sounds(1_000), {"inbound": "agent"})
    run = services.runs.get(LOCAL_USER.org_id, the_call(services).id, 1)
    assert run.options.channel_roles == (SpeakerRole.AGENT, SpeakerRole.CUSTOMER)


def test_one_track_is_one_channel(served: tuple[Services, str]) -> None:
    services, address = served
    said = sounds(1_000, agent=False)
    twilio().stream(f"{address}/twilio", said)
    assert stored_sound(services, the_call(services)) == decoded(said)


def test_garbage_and_unknown_events_cost_nothing(served: tuple[Services, str]) -> None:
    services, address = served
    said = sounds(2_000)
    with logged() as events:
        twilio(StreamPlan(speed=0, garbage_every=3)).stream(f"{address}/twilio", said)
        assert stored_sound(services, the_call(services)) == decoded(said)
    [over] = [fields for name, fields in events if name == "phone.stream_over"]
    assert over == {
        "service": "twilio",
        "became_call": True,
        "too_early_ms": 0,
        "malformed": 33,
        "late_frames": 0,
        "missing_frames": 0,
    }


def test_a_broken_connection_ends_the_call_with_what_there_is(
    served: tuple[Services, str],
) -> None:
    services, address = served
    said = sounds(3_000)
    plan = StreamPlan(speed=0, drop_after_ms=1_000)
    assert twilio(plan).stream(f"{address}/twilio", said).is_lost
    kept = stored_sound(services, the_call(services))
    assert kept == decoded(
        LineSounds(customer=said.customer[:8_000], agent=(said.agent or b"")[:8_000])
    )


def test_a_stream_that_says_nothing_leaves_nothing(served: tuple[Services, str]) -> None:
    services, address = served
    plan = StreamPlan(speed=0, drop_after_ms=20)
    twilio(plan).stream(f"{address}/twilio", sounds(1_000))
    wait_until(lambda: not services.live.running(LOCAL_USER))
    assert nothing_is_stored(services)


def test_a_connection_that_stays_quiet_is_let_go(
    served: tuple[Services, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    services, address = served
    monkeypatch.setattr(_phone_socket, "QUIET_S", 0.3)
    url = f"{address}/twilio"
    with dial(url, {"X-Twilio-Signature": signature(url, TOKEN)}) as connection:
        wait_until(lambda: connection.close_code is not None or _closed(connection))
    assert nothing_is_stored(services)


def _closed(connection: object) -> bool:
    try:
        connection.recv(timeout=0.05)  # type: ignore[attr-defined]
    except TimeoutError:
        return False
    except Exception:
        return True
    return False


def test_sound_that_the_disk_does_not_take_is_stored_later(
    served: tuple[Services, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    services, address = served
    said, append, fails = sounds(2_000), Tape.append, [True] * 3

    def failing(tape: Tape, pcm: bytes) -> None:
        if fails:
            fails.pop()
            raise DiskFull
        append(tape, pcm)

    monkeypatch.setattr(Tape, "append", failing)
    twilio().stream(f"{address}/twilio", said)
    assert stored_sound(services, the_call(services)) == decoded(said)


def test_a_call_that_cannot_begin_is_let_go(
    served: tuple[Services, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    services, address = served

    def refuse(*_args: object, **_more: object) -> None:
        raise StorageError

    monkeypatch.setattr(services.live, "begin", refuse)
    assert twilio(StreamPlan(speed=1)).stream(f"{address}/twilio", sounds(3_000)).is_lost
    (_opened, asked) = hook().stream(f"{address}/audiohook", sounds(3_000)).answers[:2]
    assert (asked["type"], asked["parameters"]) == ("disconnect", {"reason": "error"})
    assert nothing_is_stored(services)


def test_nobody_waits_for_a_call_that_waits_for_the_disk(
    served: tuple[Services, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    services, address = served
    may_go, append, slow = threading.Event(), Tape.append, []

    def waiting(tape: Tape, pcm: bytes) -> None:
        if not slow or slow[0] is tape:
            slow.append(tape)
            may_go.wait(10)
        append(tape, pcm)

    monkeypatch.setattr(Tape, "append", waiting)
    with beside(lambda: twilio().stream(f"{address}/twilio", sounds(1_000, seed=1))):
        try:
            wait_until(lambda: slow)
            twilio().stream(f"{address}/twilio", sounds(1_000, seed=2))
            assert not may_go.is_set()
        finally:
            may_go.set()
    wait_until(lambda: len(services.calls.list(LOCAL_USER.org_id)) == 2)


def test_a_service_is_answered_while_the_recogniser_loads_and_no_sound_is_lost(
    served: tuple[Services, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    services, address = served
    begin, may_begin = services.live.begin, threading.Event()

    def slow(*args: Any, **more: Any) -> RunningCall:
        assert may_begin.wait(20)
        return begin(*args, **more)

    monkeypatch.setattr(services.live, "begin", slow)
    said = sounds(5_500)
    try:
        # It waits five seconds for each answer, and gives up without one.
        seen = hook().stream(f"{address}/audiohook", said)
    finally:
        may_begin.set()
    assert [answer["type"] for answer in seen.answers] == ["opened", "pong", "closed"]
    assert stored_sound(services, the_call(services)) == decoded(said)


# --- AudioHook ------------------------------------------------------------------------------------


def test_a_session_becomes_a_call_and_is_closed_properly(served: tuple[Services, str]) -> None:
    services, address = served
    said = sounds(6_000)
    seen = hook().stream(f"{address}/audiohook", said, conversation_id="conversation-1")
    assert (seen.status, seen.is_lost, seen.close_code) == (None, False, 1000)
    kinds = [answer["type"] for answer in seen.answers]
    assert kinds == ["opened", "pong", "closed"]
    assert [answer["seq"] for answer in seen.answers] == [1, 2, 3]
    call = the_call(services)
    assert stored_sound(services, call) == decoded(said)
    run = services.runs.get(LOCAL_USER.org_id, call.id, 2)
    assert run.options.channel_roles == (SpeakerRole.CUSTOMER, SpeakerRole.AGENT)


def test_a_session_that_is_stopped_here_is_asked_to_close(served: tuple[Services, str]) -> None:
    services, address = served
    service = hook(speed=1.0)
    with beside(
        lambda: service.stream(f"{address}/audiohook", sounds(20_000), conversation_id="c1")
    ) as seen:
        wait_until(lambda: any(c.received_ms > 500 for c in services.live.running(LOCAL_USER)))
        [running] = services.live.running(LOCAL_USER)
        assert running.phone is not None
        assert (running.phone.service, running.phone.correlation_id) == (
            PhoneService.AUDIOHOOK,
            "c1",
        )
        services.live.stop(LOCAL_USER, running.id)
    told = [(answer["type"], answer["parameters"]) for answer in seen[0].answers]
    assert told[-2:] == [("disconnect", {"reason": "completed"}), ("closed", {})]
    assert not seen[0].is_lost
    assert the_call(services).id == running.id


def test_a_pause_is_silence_that_is_marked(served: tuple[Services, str]) -> None:
    """
    sound 0 |-- 1000 --|  paused: 1000 to 2500  |-- 3000 |
    """
    services, address = served
    service = hook(speed=1.0, pause_ms=(1_000, 2_500))
    said = sounds(3_000)
    with beside(lambda: service.stream(f"{address}/audiohook", said)):
        wait_until(
            lambda: any(c.state is LiveState.PAUSED for c in services.live.running(LOCAL_USER))
        )
    call = the_call(services)
    assert call.audio is not None
    assert call.audio.duration_ms == 3_000
    [finding] = call.audio.findings
    assert finding.kind.value == "not_recorded"
    kept = stored_sound(services, call)
    assert not any(kept[1_100 * 64 : 2_400 * 64])
    assert any(kept[2_600 * 64 :])


def test_a_session_that_broke_off_goes_on_in_another_one(served: tuple[Services, str]) -> None:
    services, address = served
    said = sounds(2_000)
    first = EmulatedAudioHook(KEY, SECRET, plan=HookPlan(speed=0, drop_after_ms=1_000))
    lost = first.stream(f"{address}/audiohook", said, conversation_id="c1")
    assert lost.is_lost
    wait_until(lambda: services.live.running(LOCAL_USER))
    [running] = services.live.running(LOCAL_USER)
    time.sleep(0.3)
    first.plan = HookPlan(speed=0, continues=(lost.stream_id,))
    assert not first.stream(f"{address}/audiohook", said, conversation_id="c1").is_lost
    call = the_call(services)
    assert call.id == running.id
    kept = stored_sound(services, call)
    assert kept.startswith(decoded(said)[: 900 * 64])
    assert len(kept) >= 3_000 * 64


@pytest.mark.parametrize("other", ["conversation", "organisation", "session"])
def test_only_the_same_conversation_is_gone_on_with(
    served: tuple[Services, str], monkeypatch: pytest.MonkeyPatch, other: str
) -> None:
    services, address = served
    first = hook(drop_after_ms=1_000)
    lost = first.stream(f"{address}/audiohook", sounds(2_000), conversation_id="c1")
    wait_until(lambda: services.live.running(LOCAL_USER))
    second = hook(continues=("another" if other == "session" else lost.stream_id,))
    if other != "organisation":
        second.organisation_id = first.organisation_id
    conversation = "c2" if other == "conversation" else "c1"
    second.stream(f"{address}/audiohook", sounds(1_000), conversation_id=conversation)
    wait_until(lambda: services.calls.list(LOCAL_USER.org_id))
    assert len(services.live.running(LOCAL_USER)) == 1


def test_a_session_that_does_not_come_back_ends_the_call(
    served: tuple[Services, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    services, address = served
    monkeypatch.setattr(audiohook_stream.AudioHookCall, "comes_back_within_s", 0.3)
    hook(drop_after_ms=1_000).stream(f"{address}/audiohook", sounds(2_000))
    assert the_call(services).audio.duration_ms == 1_000  # type: ignore[union-attr]


def test_a_probe_is_answered_and_leaves_nothing(served: tuple[Services, str]) -> None:
    services, address = served
    seen = hook(is_probe=True).stream(f"{address}/audiohook", sounds(1_000))
    assert [answer["type"] for answer in seen.answers] == ["opened", "closed"]
    assert nothing_is_stored(services)


def test_garbage_costs_an_audiohook_call_nothing(served: tuple[Services, str]) -> None:
    services, address = served
    said = sounds(2_000)
    seen = hook(garbage_every=3).stream(f"{address}/audiohook", said)
    assert seen.answers[-1]["type"] == "closed"
    assert stored_sound(services, the_call(services)) == decoded(said)


def test_no_message_of_any_shape_is_a_fault(served: tuple[Services, str]) -> None:
    _services, address = served
    dice = random.Random(7)

    def anything(depth: int = 0) -> Any:
        kinds = [None, True, -1, 10**30, 1.5, "2", "open", "start", "media", "inbound", "PT9S"]
        if depth > 3 or dice.random() < 0.3:
            return dice.choice(kinds)
        if dice.random() < 0.3:
            return [anything(depth + 1) for _ in range(dice.randrange(3))]
        keys = ["event", "start", "media", "streamSid", "tracks", "payload", "timestamp", "track",
                "version", "id", "type", "seq", "parameters", "channels", "format", "rate",
                "organizationId", "conversationId", "continuedSessions", "discarded"]  # fmt: skip
        return {key: anything(depth + 1) for key in dice.sample(keys, dice.randrange(8))}

    service = hook()
    with logged() as events:
        for n in range(12):
            url = f"{address}/{('twilio', 'audiohook')[n % 2]}"
            headers = {"X-Twilio-Signature": signature(url, TOKEN)}
            headers |= service.headers(url, "session")
            with dial(url, headers) as connection, suppress(ConnectionClosed):
                for _ in range(60):
                    size = dice.choice([0, 1, 40, 70_000])
                    sent = dice.randbytes(size) if dice.random() < 0.2 else json.dumps(anything())
                    connection.send(sent)
        wait_until(lambda: len([e for e in events if e[0] == "phone.stream_over"]) == 12)
    assert not [fields for name, fields in events if name in ("phone.stream", "route.fault")]


@pytest.mark.parametrize("name", ["twilio", "audiohook"])
def test_a_server_that_stops_says_so_and_keeps_what_was_said(
    served: tuple[Services, str], name: str
) -> None:
    services, address = served
    service = twilio(StreamPlan(speed=1.0)) if name == "twilio" else hook(speed=1.0)
    with beside(lambda: service.stream(f"{address}/{name}", sounds(20_000))) as seen:
        wait_until(lambda: any(c.received_ms > 500 for c in services.live.running(LOCAL_USER)))
        services.live.close()
    if name == "twilio":
        assert (seen[0].is_lost, seen[0].close_code) == (True, 1013)
    else:
        told = [(answer["type"], answer["parameters"]) for answer in seen[0].answers]
        assert told[-2:] == [("disconnect", {"reason": "error"}), ("closed", {})]
    [running] = services.live.running(LOCAL_USER)
    assert running.goes_on, "the next start makes a call of it"


# --- who is let in --------------------------------------------------------------------------------


def test_a_wrong_signature_is_refused_and_nothing_is_stored(served: tuple[Services, str]) -> None:
    services, address = served
    assert twilio(token="another").stream(f"{address}/twilio", sounds(1_000)).status == 401
    assert (
        hook(secret="AAAAAAAAAAAAAAAAAAAAAAAA").stream(f"{address}/audiohook", sounds(1_000)).status
        == 401
    )
    assert hook(key="another").stream(f"{address}/audiohook", sounds(1_000)).status == 401
    for path in ("twilio", "audiohook"):
        assert refused_with(f"{address}/{path}", {}) == 401
    assert nothing_is_stored(services)


def refused_with(url: str, headers: dict[str, str]) -> int:
    with pytest.raises(InvalidStatus) as refused:
        dial(url, headers)
    return refused.value.response.status_code


def test_a_handshake_that_somebody_has_seen_opens_nothing(served: tuple[Services, str]) -> None:
    services, address = served
    service, url = hook(), f"{address}/audiohook"
    headers = service.headers(url, "session")
    assert service.stream(url, sounds(1_000), headers=headers).status is None
    the_call(services)
    assert service.stream(url, sounds(1_000), headers=headers).status == 401
    assert len(services.calls.list(LOCAL_USER.org_id)) == 1


def test_a_browser_is_refused_even_with_a_signature(served: tuple[Services, str]) -> None:
    services, address = served
    url = f"{address}/twilio"
    signed = {"X-Twilio-Signature": signature(url, TOKEN)}
    own = address.replace("ws:", "http:")
    for more in ({"Origin": own}, {"Origin": "https://evil.test"}, {"Sec-Fetch-Site": "none"}):
        assert refused_with(url, {**signed, **more}) == 403
    assert nothing_is_stored(services)


def test_what_is_not_set_up_is_not_there(tmp_path: Path) -> None:
    given = settings(tmp_path, twilio_auth_token=None, audiohook_api_key=None)
    with serving(given) as (services, address):
        assert twilio().stream(f"{address}/twilio", sounds(1_000)).status == 404
        assert hook().stream(f"{address}/audiohook", sounds(1_000)).status == 404
        assert nothing_is_stored(services)


def test_signatures_cover_the_public_address(tmp_path: Path) -> None:
    """
    service ── wss://calls.example.org/in/twilio ──▶ proxy ── ws://127.0.0.1/twilio ──▶ us
    """
    public = "https://calls.example.org/in"
    with serving(settings(tmp_path, public_url=public)) as (_services, address):
        for port in ("", ":443"):
            told = f"wss://calls.example.org{port}/in/twilio"
            service = EmulatedTwilio(TOKEN, signed_address=told, plan=AT_ONCE)
            assert service.stream(f"{address}/twilio", sounds(200)).status is None
        told = "wss://calls.example.org/in/audiohook"
        proxied = EmulatedAudioHook(KEY, SECRET, signed_address=told, plan=HookPlan(speed=0))
        assert proxied.stream(f"{address}/audiohook", sounds(200)).status is None
        assert twilio().stream(f"{address}/twilio", sounds(200)).status == 401
        assert hook().stream(f"{address}/audiohook", sounds(200)).status == 401


def test_the_public_name_reaches_these_paths_alone(tmp_path: Path) -> None:
    hosts = AllowedHosts.of(settings(tmp_path, public_url="https://calls.example.org"))
    assert hosts.allow("calls.example.org", "/twilio")
    assert hosts.allow("Calls.example.org", "/audiohook")
    for path in ("/", "/twilio/", "/twilio/more", "/-/live/sound/x", "/audiohook2"):
        assert not hosts.allow("calls.example.org", path)
    assert not hosts.allow("other.example.org", "/twilio")
    assert not AllowedHosts.of(settings(tmp_path)).allow("calls.example.org", "/twilio")


def test_calls_belong_to_the_organisation_that_is_set(tmp_path: Path) -> None:
    given = settings(tmp_path, phone_org="acme")
    with serving(given) as (services, address):
        twilio().stream(f"{address}/twilio", sounds(1_000))
        wait_until(lambda: services.calls.list("acme"))
        assert services.calls.list(LOCAL_USER.org_id) == []


@pytest.mark.parametrize(
    ("secret", "is_fine"),
    [("", True), (SECRET, True), ("AAAA", False), ("no base64!", False)],
)
def test_a_client_secret_is_base64_of_some_length(
    tmp_path: Path, secret: str, is_fine: bool
) -> None:
    given = {"audiohook_client_secret": SecretStr(secret)}
    if not is_fine:
        with pytest.raises(ValueError, match="audiohook_client_secret"):
            settings(tmp_path, **given)
        return
    assert settings(tmp_path, **given).audiohook_secrets.keys() <= {KEY}
