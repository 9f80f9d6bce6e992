"""Phone calls of Azure Communication Services: emulated service, routes, desk, landing."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.routes import phone_words
from app.routes.phone_events import DONE_AT_ONCE, FETCHED_AT_ONCE
from app.security import AllowedHosts
from emulators.acs.call import EmulatedCall
from emulators.acs.handler import Spoilt
from emulators.acs.plans import CallPlan
from emulators.acs.script import CUSTOMER, PhoneLine
from emulators.acs.tokens import TokenKind
from services.domain.errors import (
    AccessDenied,
    HeldElsewhere,
    InvalidRequest,
    LiveOver,
    NotFound,
    PhoneCallGone,
    TelephonyNotConfigured,
    TelephonyRejected,
    TelephonyUnavailable,
    UnsupportedOption,
)
from services.domain.findings import FindingKind
from services.domain.live_calls import LiveSource, LiveState
from services.domain.people import LOCAL_USER, Right, Role, User
from services.domain.phone import PhoneWay
from services.storage.audio_vault import Rendition
from services.storage.live_calls import LiveCallStore
from services.telephony.acs.calls.taking_up import GIVEN_UP_AFTER
from services.telephony.acs.wire.access import check_recording
from services.telephony.acs.wire.control import AcsControl
from services.telephony.acs.wire.wishes import Masking, PhoneWish
from tests.unit.app.conftest import STRANGER
from tests.unit.app.phone_serving import EVENT_SECRET, NUMBER, PhoneInstallation, phones
from tests.unit.jobs.conftest import tone

FAST = CallPlan(speed=0)
SLOW = CallPlan(speed=20, rounds=None)
WITHIN_S = 10.0
COLLEAGUE = User(id="sam", name="Sam", org_id=LOCAL_USER.org_id, role=Role.VIEWER)
ONLY_SEES = replace(COLLEAGUE, rights=frozenset({Right.SEE_CALLS}))


def hung_up(here: PhoneInstallation, call_id: str) -> None:
    here.services.phone.hang_up(LOCAL_USER, call_id, for_everyone=True)
    here.wait(lambda: "landed" in here.kinds(call_id))


# --- a call -------------------------------------------------------------------------------------


def test_a_placed_call_is_read_along_and_becomes_a_call(tmp_path: Path) -> None:
    with phones(tmp_path, FAST) as here:
        running = here.place()
        assert running.source is LiveSource.PHONE
        assert running.phone is not None
        assert running.phone.way is PhoneWay.PLACED
        here.wait(lambda: len(here.of(running.id, "final")) == 8)
        here.wait(lambda: here.of(running.id, "figures"))
        (listed,) = here.services.live.running(LOCAL_USER)
        assert listed.id == running.id
        assert listed.glance.last_line == "That sounds fair, thank you very much."
        here.services.live.stop(LOCAL_USER, running.id)
        here.wait(lambda: "landed" in here.kinds(running.id))
        assert here.services.live.running(LOCAL_USER) == []
        call = here.services.calls.get(LOCAL_USER.org_id, running.id)
        assert call.audio is not None
        assert FindingKind.NO_RECORDING in {one.kind for one in call.audio.findings}
        stored = here.services.review.load(LOCAL_USER, running.id).transcript
        assert len(stored.utterances) == 8
        assert stored.utterances[3].text.startswith("It's Robert Hale")
        assert {speaker.role.value for speaker in stored.speakers} == {"agent", "customer"}
        here.wait(lambda: here.service.calls[0].is_over)
        assert {status for _, status in here.service.calls[0].callbacks} == {200}
        assert here.service.asked(":terminate") == []


def test_who_is_called_is_the_customer(tmp_path: Path) -> None:
    with phones(tmp_path, FAST) as here:
        running = here.place()
        here.wait(lambda: len(here.of(running.id, "final")) == 8)
        speakers = {one["id"]: one for one in here.of(running.id, "speaker")}
        assert speakers["s2"]["role"] == "customer"
        assert "4255550123" not in str(here.told[running.id]).replace("425 555 0199", "")
        hung_up(here, running.id)


def test_personal_data_is_taken_out_before_a_line_is_told_or_kept(tmp_path: Path) -> None:
    with phones(tmp_path, FAST) as here:
        running = here.place(redact=True)
        here.wait(lambda: len(here.of(running.id, "final")) == 8)
        hung_up(here, running.id)
        told = str(here.told[running.id])
        assert "Robert" not in told
        assert "0199" not in told
        stored = here.services.review.load(LOCAL_USER, running.id).transcript
        assert stored.redacted
        assert "[" in stored.utterances[3].text


def test_all_that_was_wished_for_is_asked_of_the_service(tmp_path: Path) -> None:
    with phones(tmp_path, FAST) as here:
        running = here.place(
            locales=("de-DE", "en-US"), masking=Masking.CHARACTER, summary=True, model="m-1"
        )
        here.wait(lambda: len(here.of(running.id, "final")) == 8)
        (asked,) = here.service.asked("/callConnections")
        options = asked["transcriptionOptions"]
        assert options["transportUrl"].endswith("/acs/transcription")
        assert options["locales"] == ["de-DE", "en-US"]
        assert options["enableSentimentAnalysis"] is True
        assert options["enableIntermediateResults"] is True
        assert options["piiRedactionOptions"]["enable"] is True
        assert options["summarizationOptions"]["enableEndCallSummary"] is True
        assert options["speechModelEndpointId"] == "m-1"
        assert asked["callbackUri"] == f"{here.address}/acs/events"
        # Its summary at the end takes the place of ours.
        hung_up(here, running.id)
        here.wait(lambda: here.of(running.id, "summary"))
        (summary,) = [one for one in here.of(running.id, "summary") if not one["so_far"]]
        assert summary["origin"]["name"] == "acs"
        assert "bill" in summary["outcome"]["text"]


def test_a_call_whose_other_end_hangs_up_lands(tmp_path: Path) -> None:
    with phones(tmp_path, CallPlan(speed=0, hangs_up=True)) as here:
        running = here.place()
        here.wait(lambda: "landed" in here.kinds(running.id))
        assert here.has_landed(running.id)
        assert len(here.of(running.id, "final")) == 8


def test_a_call_in_which_nobody_says_anything_leaves_nothing(tmp_path: Path) -> None:
    with phones(tmp_path, CallPlan(lines=())) as here:
        running = here.place()
        here.wait(lambda: here.service.calls[0].frames == 1)
        hung_up(here, running.id)
        assert here.of(running.id, "landed")[0]["call_id"] is None
        assert not here.has_landed(running.id)


# --- what people ask in mid-call ----------------------------------------------------------------


def test_language_summary_and_transcription_change_in_mid_call(tmp_path: Path) -> None:
    with phones(tmp_path, SLOW) as here:
        desk, live = here.services.phone, here.services.live
        running = here.place()
        here.wait(lambda: len(here.of(running.id, "final")) >= 2)
        live.speak(LOCAL_USER, running.id, "de-DE")
        here.wait(lambda: here.of(running.id, "language"))
        assert here.of(running.id, "language")[-1]["language"] == "de"
        assert here.service.asked(":updateTranscription")[0]["locale"] == "de-DE"
        assert desk.standing(LOCAL_USER, running.id).wish.locales == ("de-DE",)
        desk.service_summary(LOCAL_USER, running.id)
        here.wait(lambda: here.of(running.id, "summary"))
        assert here.of(running.id, "summary")[0]["origin"]["name"] == "acs"
        assert here.of(running.id, "summary")[0]["so_far"] is True
        live.summarise(LOCAL_USER, running.id)
        here.wait(lambda: len(here.of(running.id, "summary")) > 1)
        desk.stop_words(LOCAL_USER, running.id)
        here.wait(lambda: live.get(LOCAL_USER, running.id).state is LiveState.PAUSED)
        assert not desk.standing(LOCAL_USER, running.id).is_transcribed
        here.wait(lambda: not here.unfinished(running.id))
        finals = len(here.of(running.id, "final"))
        desk.start_words(LOCAL_USER, running.id, PhoneWish(locales=("en-US",)))
        here.wait(lambda: live.get(LOCAL_USER, running.id).state is LiveState.RECORDING)
        here.wait(lambda: len(here.of(running.id, "final")) > finals + 1)
        assert desk.standing(LOCAL_USER, running.id).is_transcribed
        hung_up(here, running.id)


def test_what_cannot_be_asked_for_is_refused(tmp_path: Path) -> None:
    with phones(tmp_path, SLOW) as here:
        desk, live = here.services.phone, here.services.live
        running = here.place()
        with pytest.raises(UnsupportedOption):
            live.speak(LOCAL_USER, running.id, None)
        with pytest.raises(InvalidRequest, match="region"):
            live.speak(LOCAL_USER, running.id, "de")
        wish = PhoneWish(locales=("en-US",), intermediate=False)
        with pytest.raises(UnsupportedOption, match="Unfinished lines"):
            desk.start_words(LOCAL_USER, running.id, wish)
        with pytest.raises(InvalidRequest, match="phone number"):
            desk.place(LOCAL_USER, "0800 1234", here.order())
        with pytest.raises(InvalidRequest, match="by phone"):
            live.connect(LOCAL_USER, running.id, lambda _: None)
        hung_up(here, running.id)
        with pytest.raises((LiveOver, NotFound, HeldElsewhere)):
            desk.stop_words(LOCAL_USER, running.id)


def test_who_may_not_change_a_call_cannot(tmp_path: Path) -> None:
    with phones(tmp_path, SLOW) as here:
        desk = here.services.phone
        running = here.place()
        for ask in (
            lambda: desk.hang_up(COLLEAGUE, running.id, for_everyone=False),
            lambda: desk.stop_words(COLLEAGUE, running.id),
            lambda: desk.service_summary(COLLEAGUE, running.id),
            lambda: desk.place(ONLY_SEES, NUMBER, here.order()),
        ):
            with pytest.raises(AccessDenied):
                ask()
        with pytest.raises(NotFound):
            desk.hang_up(STRANGER, running.id, for_everyone=False)
        assert desk.standing(COLLEAGUE, running.id).is_transcribed
        hung_up(here, running.id)


def test_without_settings_there_are_no_phone_calls(tmp_path: Path) -> None:
    with phones(tmp_path, FAST, acs_speech_endpoint=None, acs_access_key=None) as here:
        readiness = here.services.phone.readiness()
        assert not readiness.ready
        assert readiness.missing == ("ACS_ACCESS_KEY", "ACS_SPEECH_ENDPOINT")
        with pytest.raises(TelephonyNotConfigured, match="ACS_ACCESS_KEY"):
            here.place()


def test_a_service_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    with phones(tmp_path, FAST) as here:
        here.service.fails_with = 503
        with pytest.raises(TelephonyUnavailable):
            here.place()
        assert here.services.live.running(LOCAL_USER) == []


# --- who calls ----------------------------------------------------------------------------------


def test_an_incoming_call_rings_and_is_answered_by_hand(tmp_path: Path) -> None:
    with phones(tmp_path, FAST) as here:
        desk = here.services.phone
        address = f"{here.address}/acs/incoming?secret={EVENT_SECRET}"
        assert here.service.validate(address)
        assert here.service.ring(address) == 200
        (ringing,) = desk.incoming(LOCAL_USER)
        assert ringing.caller == "+••••••••123"
        assert desk.incoming(STRANGER) == ()
        running = desk.answer(LOCAL_USER, ringing.id, here.order())
        here.follow(running.id)
        assert running.phone is not None
        assert running.phone.way is PhoneWay.ANSWERED
        assert desk.incoming(LOCAL_USER) == ()
        with pytest.raises(PhoneCallGone):
            desk.answer(LOCAL_USER, ringing.id, here.order())
        here.wait(lambda: len(here.of(running.id, "final")) == 8)
        hung_up(here, running.id)


def test_a_call_that_could_not_be_answered_rings_on(tmp_path: Path) -> None:
    with phones(tmp_path, FAST) as here:
        desk = here.services.phone
        here.service.ring(f"{here.address}/acs/incoming?secret={EVENT_SECRET}")
        (ringing,) = desk.incoming(LOCAL_USER)
        here.service.fails_with = 429
        with pytest.raises(Exception, match="limiting"):
            desk.answer(LOCAL_USER, ringing.id, here.order())
        assert desk.incoming(LOCAL_USER) == (ringing,)


def test_incoming_calls_are_answered_by_rule(tmp_path: Path) -> None:
    with phones(tmp_path, CallPlan(speed=0, hangs_up=True), acs_answer="rule") as here:
        address = f"{here.address}/acs/incoming?secret={EVENT_SECRET}"
        here.service.fails_with = 500
        assert here.service.ring(address) == 503
        here.service.fails_with = None
        assert here.service.ring(address) == 200
        # The service's side may be over before ours has begun to hold the call.
        here.wait(lambda: here.services.calls.list(LOCAL_USER.org_id))
        here.wait(lambda: here.services.live.running(LOCAL_USER) == [])
        (row,) = here.services.calls.list(LOCAL_USER.org_id)
        assert CUSTOMER[-7:] not in row.call.source_name


@pytest.mark.parametrize("kind", [kind for kind in TokenKind if kind is not TokenKind.GOOD])
def test_who_is_not_the_service_is_refused_and_nothing_is_stored(
    tmp_path: Path, kind: TokenKind
) -> None:
    with phones(tmp_path, CallPlan(speed=0, tokens=kind, callback_tokens=kind)) as here:
        running = here.place()
        here.wait(lambda: len(here.service.calls[0].callbacks) == 3)
        assert {status for _, status in here.service.calls[0].callbacks} == {401}
        assert here.service.calls[0].refused == 1
        assert here.service.calls[0].frames == 0
        assert here.of(running.id, "final") == []
        assert here.services.live.get(LOCAL_USER, running.id).received_ms == 0


def test_a_handshake_is_refused_with_a_status(tmp_path: Path) -> None:
    with phones(tmp_path, FAST) as here:
        upgrade = {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version": "13",
        }
        url = f"{here.address}/acs/transcription"
        assert httpx.get(url, headers=upgrade).status_code == 401
        good = here.service.issuer.authorization(TokenKind.GOOD, 60)
        page = {"Origin": here.address}
        assert httpx.get(url, headers={**upgrade, **good, **page}).status_code == 403


def test_under_the_public_name_the_service_reaches_its_addresses_alone() -> None:
    allowed = AllowedHosts(for_services="calls.example.com")
    for path in ("/acs/transcription", "/acs/events", "/acs/incoming"):
        assert allowed.allow("calls.example.com", path)
        assert not allowed.allow("another.example.com", path)
    assert not allowed.allow("calls.example.com", "/acs/eventsx")
    assert not allowed.allow("calls.example.com", "/")


def test_events_are_taken_once_and_only_from_who_may_tell_them(tmp_path: Path) -> None:
    with phones(tmp_path, CallPlan(speed=0, callbacks_twice=True)) as here:
        running = here.place()
        here.wait(lambda: len(here.of(running.id, "final")) == 8)
        here.services.phone.service_summary(LOCAL_USER, running.id)
        here.wait(lambda: here.of(running.id, "summary"))
        here.wait(lambda: here.service.calls[0].callbacks[-1][0].endswith("SummaryUpdated"))
        here.wait(lambda: len(here.service.calls[0].callbacks) % 2 == 0)
        assert len(here.of(running.id, "summary")) == 1
        good = here.service.issuer.authorization(TokenKind.GOOD, 60)
        events = f"{here.address}/acs/events"
        assert httpx.post(events, content=b"{}").status_code == 401
        assert httpx.post(events, content=b"no json", headers=good).status_code == 400
        assert httpx.post(events, content=b"x" * 2_000_000, headers=good).status_code == 413
        page = {**good, "Origin": here.address}
        assert httpx.post(events, content=b"[]", headers=page).status_code == 403
        incoming = f"{here.address}/acs/incoming"
        assert httpx.post(f"{incoming}?secret=guess", content=b"[]").status_code == 401
        assert httpx.post(incoming, content=b"[]").status_code == 401
        asks = {"WebHook-Request-Origin": "eventgrid.azure.net"}
        answer = httpx.options(f"{incoming}?secret={EVENT_SECRET}", headers=asks)
        assert answer.headers["WebHook-Allowed-Origin"] == "eventgrid.azure.net"
        hung_up(here, running.id)


def test_the_connection_of_an_unknown_call_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.routes._callers.KNOWN_WITHIN_S", 0.2)
    with phones(tmp_path, CallPlan(speed=5)) as here:
        call = here.service.dial(f"{here.address.replace('http', 'ws')}/acs/transcription")
        here.wait(lambda: call.seen.dialled)
        here.wait(lambda: call.seen.lost)
        assert here.services.live.running(LOCAL_USER) == []


def test_a_call_that_nobody_can_answer_any_more_is_not_told_again(tmp_path: Path) -> None:
    with phones(tmp_path, FAST, acs_answer="rule") as here:
        here.service.fails_with = 404
        assert here.service.ring(f"{here.address}/acs/incoming?secret={EVENT_SECRET}") == 200
        here.service.fails_with = 400
        assert here.service.ring(f"{here.address}/acs/incoming?secret={EVENT_SECRET}") == 200
        assert here.services.live.running(LOCAL_USER) == []


# --- recordings ---------------------------------------------------------------------------------


def test_a_recording_that_is_ready_later_becomes_the_call_s(tmp_path: Path) -> None:
    with phones(tmp_path, FAST) as here:
        address = f"{here.address}/acs/incoming?secret={EVENT_SECRET}"
        running = here.place()
        here.wait(lambda: len(here.of(running.id, "final")) == 8)
        (call,) = here.service.held
        sound = tone(3.0)
        # The call goes on: what is ready now is told again later.
        assert here.service.recorded(address, call, sound) == 503
        hung_up(here, running.id)
        assert here.service.recorded(address, call, sound) == 200
        stored = here.services.calls.get(LOCAL_USER.org_id, running.id)
        assert stored.has_recording
        key = here.services.calls.key(LOCAL_USER.org_id, running.id)
        with here.services.vault.open(running.id, Rendition.ORIGINAL, key) as file:
            assert file.read() == sound
        runs = here.services.runs.list_for_call(LOCAL_USER.org_id, running.id)
        assert [run.options.provider for run in runs] == ["acs", "local"]
        stranger = here.service.call({}, way="dialled", participants=())
        assert here.service.recorded(address, stranger, sound) == 200
        assert list((tmp_path / "tmp").iterdir()) == []


def test_a_recording_that_is_told_again_while_it_is_fetched_is_not_taken_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch, fetched, may_go = AcsControl.fetch, [], threading.Event()

    def fetches(self: AcsControl, *given: Any, **wanted: Any) -> None:
        fetched.append(given)
        assert may_go.wait(WITHIN_S)
        if len(fetched) == 1:
            raise TelephonyUnavailable
        fetch(self, *given, **wanted)

    monkeypatch.setattr(AcsControl, "fetch", fetches)
    with phones(tmp_path, FAST) as here, ThreadPoolExecutor(1) as threads:
        running = here.place()
        here.wait(lambda: len(here.of(running.id, "final")) == 8)
        hung_up(here, running.id)
        address = f"{here.address}/acs/incoming?secret={EVENT_SECRET}"
        tell = partial(here.service.recorded, address, here.service.held[0], tone(1.0))
        first = threads.submit(tell, event_id="one")
        here.wait(lambda: fetched)
        # Who delivers an event has no patience; that it comes again is no reason to forget it.
        assert tell(event_id="one") == 503
        may_go.set()
        assert first.result(WITHIN_S) == 503
        assert tell(event_id="one") == 200
        assert here.services.calls.get(LOCAL_USER.org_id, running.id).has_recording
        assert tell(event_id="one") == 200
        assert len(fetched) == 2


def test_recordings_that_are_fetched_keep_no_call_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched, may_go = [], threading.Event()

    def fetches(self: AcsControl, *given: Any, **wanted: Any) -> None:
        fetched.append(given)
        may_go.wait(WITHIN_S)
        raise InvalidRequest

    monkeypatch.setattr(AcsControl, "fetch", fetches)
    with phones(tmp_path, FAST) as here, ThreadPoolExecutor(DONE_AT_ONCE) as threads:
        here.place()
        (call,) = here.service.held
        address = f"{here.address}/acs/incoming?secret={EVENT_SECRET}"
        told = [
            threads.submit(here.service.recorded, address, call, b"") for _ in range(DONE_AT_ONCE)
        ]
        here.wait(lambda: len(fetched) == FETCHED_AT_ONCE)
        time.sleep(0.3)
        assert here.service.ring(address) == 200
        assert len(here.services.phone.incoming(LOCAL_USER)) == 1
        assert len(fetched) == FETCHED_AT_ONCE
        may_go.set()
        assert {one.result(WITHIN_S) for one in told} == {200}
        assert len(fetched) == DONE_AT_ONCE


@pytest.mark.parametrize(
    "location",
    [
        "https://example.org/recording",
        "https://asm.skype.com.example.org/recording",
        "http://storage.asm.skype.com/recording",
        "https://me@storage.asm.skype.com/recording",
        "file:///etc/passwd",
        "https://[::1/",
    ],
)
def test_a_recording_is_fetched_from_the_service_alone(location: str) -> None:
    with pytest.raises(InvalidRequest):
        check_recording(location, "https://mine.communication.azure.com")


def test_where_the_service_keeps_recordings() -> None:
    own = "https://mine.communication.azure.com"
    check_recording("https://us-storage.asm.skype.com/v1/objects/0/content/audio", own)
    check_recording(f"{own}/recordings/1", own)


# --- what breaks --------------------------------------------------------------------------------


def test_a_lost_connection_is_looked_up_and_transcription_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.telephony.acs.calls.looking_up.PAUSES_S", (0.1, 0.5, 1.0, 1.0))
    lines = [
        PhoneLine(text=f"Line {n} of the call.", start_ms=500 * n, end_ms=500 * n + 300)
        for n in range(20)
    ]
    with phones(tmp_path, CallPlan(lines=lines, drop_after_frames=34)) as here:
        running = here.place()
        here.wait(lambda: here.service.calls[0].dialled >= 2)
        here.wait(lambda: len(here.of(running.id, "final")) >= 12)
        hung_up(here, running.id)
        starts = {one["id"]: one["start_ms"] for one in here.of(running.id, "final")}
        assert sorted(starts.values()) == list(starts.values())


def test_a_first_connection_that_fails_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.telephony.acs.calls.looking_up.PAUSES_S", (0.1, 0.5, 1.0, 1.0))
    check, refused = phone_words._check, []

    async def fails_at_first(*given: Any) -> None:
        await check(*given)
        if not refused:
            refused.append(True)
            raise TelephonyUnavailable

    monkeypatch.setattr(phone_words, "_check", fails_at_first)
    with phones(tmp_path, CallPlan(speed=0)) as here:
        running = here.place()
        here.wait(lambda: len(here.of(running.id, "final")) == 8)
        assert here.service.calls[0].refused == 1
        warned = [one for one in here.of(running.id, "warning") if one["kind"] == "error"]
        assert [one["code"] for one in warned] == ["TelephonyError"]
        hung_up(here, running.id)


def test_a_hang_up_that_fails_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.telephony.acs.calls.errands.HANG_UP_AGAIN_S", (0.2,) * 20)
    with phones(tmp_path, FAST) as here:
        running = here.place()
        here.wait(lambda: len(here.of(running.id, "final")) == 8)
        here.service.fails_with = 503
        here.services.phone.hang_up(LOCAL_USER, running.id, for_everyone=True)
        here.wait(lambda: here.of(running.id, "warning"))
        assert here.service.held[0].state == "connected"
        assert not here.has_landed(running.id)
        here.service.fails_with = None
        here.wait(lambda: "landed" in here.kinds(running.id))
        assert here.service.held[0].state == "disconnected"
        assert len(here.service.asked(":terminate")) >= 2


@pytest.mark.parametrize(
    ("is_room", "ended_by"), [(False, "terminate"), (True, "leave")], ids=["placed", "joined"]
)
def test_a_call_whose_answer_got_lost_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_room: bool, ended_by: str
) -> None:
    """In a room others go on talking: it is only left."""
    monkeypatch.setattr("app.routes._callers.KNOWN_WITHIN_S", 0.2)
    monkeypatch.setattr("services.telephony.acs.wire.control.READ_TIMEOUT_S", 1.0)
    with phones(tmp_path, CallPlan(speed=5)) as here:
        here.service.answers.clear()
        phone, order = here.services.phone, here.order()
        begin = partial(phone.join, LOCAL_USER, "room-1", order) if is_room else here.place
        with pytest.raises(TelephonyUnavailable):
            begin()
        assert here.services.live.running(LOCAL_USER) == []
        here.service.answers.set()
        here.wait(lambda: here.service.held[0].state == "disconnected")
        assert here.service.calls[0].ended_by == ended_by
        here.wait(lambda: not here.rows())


def test_a_call_whose_event_was_quicker_than_the_answer_that_got_lost_is_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = AcsControl.call

    with phones(tmp_path, FAST) as here:

        def loses_the_answer(self: AcsControl, *given: Any, **wanted: Any) -> Any:
            place(self, *given, **wanted)
            here.wait(lambda: here.service.calls[0].callbacks)
            raise TelephonyUnavailable

        monkeypatch.setattr(AcsControl, "call", loses_the_answer)
        running = here.place()
        assert running.phone is not None
        assert running.phone.connection_id == here.service.calls[0].connection_id
        here.wait(lambda: len(here.of(running.id, "final")) == 8)
        hung_up(here, running.id)
        assert len(here.services.calls.list(LOCAL_USER.org_id)) == 1


@pytest.mark.parametrize("how", list(Spoilt))
def test_a_call_whose_answer_makes_no_sense_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: Spoilt
) -> None:
    monkeypatch.setattr("app.routes._callers.KNOWN_WITHIN_S", 0.2)
    opened = EmulatedCall.connect

    def picks_up_later(self: EmulatedCall) -> None:
        here.wait(lambda: here.rows() and not here.services.phone.exchange.is_opening)
        here.service.spoils = None
        opened(self)

    monkeypatch.setattr(EmulatedCall, "connect", picks_up_later)
    with phones(tmp_path, CallPlan(speed=5)) as here:
        here.service.spoils = how
        with pytest.raises(TelephonyUnavailable):
            here.place()
        here.wait(lambda: here.service.held[0].state == "disconnected")
        here.wait(lambda: not here.rows())


def test_a_call_that_the_service_refuses_leaves_no_row(tmp_path: Path) -> None:
    with phones(tmp_path, FAST) as here:
        here.service.fails_with = 400
        with pytest.raises(TelephonyRejected):
            here.place()
        assert here.rows() == []


def test_a_call_that_was_only_asked_for_is_forgotten_in_the_end(tmp_path: Path) -> None:
    with phones(tmp_path, FAST) as here:
        running = here.place()
        hung_up(here, running.id)
        assert running.phone is not None
        phone = replace(running.phone, connection_id="")
        store, now = LiveCallStore(here.services.engine), datetime.now(UTC)
        for name, silent in (("old", GIVEN_UP_AFTER), ("young", timedelta(minutes=1))):
            begun_at = now - silent - timedelta(seconds=1)
            asked = replace(running, id=name, phone=phone, process="another")
            store.add(replace(asked, began_at=begun_at, heartbeat_at=begun_at))
        here.wait(lambda: here.rows() == ["young"])
        assert here.services.live.running(LOCAL_USER) == []


def test_words_of_another_call_are_not_taken(tmp_path: Path) -> None:
    other = CallPlan(speed=5, other_ids={"callConnectionId": "somebody-else-s"})
    with phones(tmp_path, other) as here:
        running = here.place()
        here.wait(lambda: here.service.calls[0].lost)
        assert here.of(running.id, "final") == []
        assert here.of(running.id, "partial") == []
        hung_up(here, running.id)


def test_a_connection_that_names_another_correlation_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialled = EmulatedCall._dial

    def dials(self: EmulatedCall) -> Any:
        real = self.ids["correlationId"]
        self.ids["correlationId"] = "another"
        try:
            return dialled(self)
        finally:
            self.ids["correlationId"] = real

    monkeypatch.setattr(EmulatedCall, "_dial", dials)
    with phones(tmp_path, CallPlan(speed=5)) as here:
        running = here.place()
        here.wait(lambda: here.service.calls[0].lost)
        assert here.of(running.id, "partial") == []
        hung_up(here, running.id)


def test_a_service_that_only_says_it_transcribes_is_asked_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.telephony.acs.calls.looking_up.PAUSES_S", (0.1, 0.2, 0.2, 0.2))
    with phones(tmp_path, CallPlan(drop_after_frames=5, clings=True)) as here:
        running = here.place()
        here.wait(lambda: here.service.calls[0].dialled == 2)
        assert len(here.service.asked(":stopTranscription")) == 1
        assert len(here.service.asked(":startTranscription")) == 1
        hung_up(here, running.id)


def test_who_else_is_at_a_number_is_the_customer_of_a_joined_call(tmp_path: Path) -> None:
    with phones(tmp_path, FAST) as here:
        order = here.order()
        running = here.services.phone.join(LOCAL_USER, "room-1", order)
        here.follow(running.id)
        here.wait(lambda: len(here.of(running.id, "final")) == 8)
        here.wait(lambda: "customer" in {one["role"] for one in here.of(running.id, "speaker")})
        hung_up(here, running.id)


def test_a_stretch_without_words_is_told_of_the_finished_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.telephony.acs.calls.looking_up.PAUSES_S", (1.5, 1.5, 1.5, 1.5))
    with phones(tmp_path, CallPlan(drop_after_frames=5, rounds=None)) as here:
        running = here.place()
        here.wait(lambda: here.service.calls[0].dialled >= 2)
        here.wait(lambda: here.of(running.id, "warning"))
        here.wait(lambda: any(one["kind"] == "gap" for one in here.of(running.id, "warning")))
        hung_up(here, running.id)
        call = here.services.calls.get(LOCAL_USER.org_id, running.id)
        assert call.audio is not None
        assert FindingKind.NOT_TRANSCRIBED in {one.kind for one in call.audio.findings}


def test_a_recogniser_that_is_lost_costs_no_line(tmp_path: Path) -> None:
    with phones(tmp_path, CallPlan(speed=8), live_in_child=True) as here:
        running = here.place()
        here.wait(lambda: len(here.of(running.id, "final")) >= 2)
        held = here.services.live._holding.find(running.id)
        recogniser = held._parts.recogniser
        os.kill(recogniser.pid, signal.SIGKILL)
        here.wait(lambda: len({one["id"] for one in here.of(running.id, "final")}) == 8)
        hung_up(here, running.id)
        stored = here.services.review.load(LOCAL_USER, running.id).transcript
        assert [line.text for line in stored.utterances] == [
            line.said(masked=False) for line in CallPlan().lines
        ]
        assert len(here.of(running.id, "final")) == 8
