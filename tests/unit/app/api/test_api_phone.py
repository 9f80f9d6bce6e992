"""Phone calls by HTTP: every operation and option, with the service emulated."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from app.api import gate
from app.security import AllowedHosts
from emulators.acs.plans import CallPlan
from services.access.api_tokens import ApiTokens
from services.access.authority import Authority
from services.access.trails import KeptTrail
from services.domain.acts import Act, Outcome
from services.domain.calls import CallDetails, ProcessingOptions
from services.domain.errors import ConsentMissing, NotFound
from services.domain.ids import new_id
from services.domain.live_calls import RunningCall
from services.domain.people import LOCAL_USER, Right, Role, User
from services.telephony.acs.desk import PhoneDesk, PhoneRules
from services.telephony.acs.orders import PhoneOrder
from services.telephony.acs.wire.wishes import PhoneWish
from tests.authorities import authority
from tests.unit.app.api.serving import API, BEARER, TOKEN, program, refusal
from tests.unit.app.conftest import STRANGER
from tests.unit.app.phone_serving import EVENT_SECRET, NUMBER, PhoneInstallation, phones

COLLEAGUE = User(id="sam", name="Sam", org_id=LOCAL_USER.org_id, role=Role.VIEWER)
LATER = {"at_once": False}
ALL = {
    "locales": ["en-US", "es-ES"],
    "partials": True,
    "model": "11111111-2222-3333-4444-555555555555",
    "masking": "maskWithCharacter",
    "sentiment": True,
    "summary": True,
    "summary_locale": "en-GB",
}
ALL_ON_THE_WIRE = {
    "locales": ["en-US", "es-ES"],
    "speechModelEndpointId": "11111111-2222-3333-4444-555555555555",
    "piiRedactionOptions": {"enable": True, "redactionType": "maskWithCharacter"},
    "enableSentimentAnalysis": True,
    "summarizationOptions": {"enableEndCallSummary": True, "locale": "en-GB"},
}
ENDINGS = {"number": "/callConnections", "room_id": ":connect", "incoming_id": ":answer"}


@dataclass
class Program:
    """A program that asks by the API, and the installation that it asks."""

    here: PhoneInstallation
    http: httpx.Client

    def begin(self, **form: Any) -> dict[str, Any]:
        """Begin a call that isn't transcribed yet, unless asked for."""
        asked = {"number": NUMBER, "transcription": LATER} | form
        answer = self.http.post("/calls", json=asked)
        assert answer.status_code == 201, answer.text
        assert answer.headers["location"] == f"{API}/phone/calls/{answer.json()['id']}"
        return answer.json()

    def call(self, call_id: str) -> dict[str, Any]:
        answer = self.http.get(f"/calls/{call_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def end(self, call_id: str) -> None:
        assert self.http.delete(f"/calls/{call_id}?for_everyone=true").status_code == 202
        self.here.wait(lambda: self.http.get(f"/calls/{call_id}").status_code in (404, 410))

    def ring(self) -> dict[str, Any]:
        """Have somebody call; return how that is told."""
        address = f"{self.here.address}/acs/incoming?secret={EVENT_SECRET}"
        assert self.here.service.ring(address) == 200
        return self.http.get("/incoming").json()["calls"][0]

    def asked(self, ending: str) -> dict[str, Any]:
        """Return what the service was asked for last, of this kind."""
        return self.here.service.asked(ending)[-1]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PhoneInstallation]:
    folder, plan = tmp_path_factory.mktemp("api"), CallPlan(speed=20, rounds=None)
    with phones(folder, plan, api_token=SecretStr(TOKEN)) as here:
        yield here


@pytest.fixture(scope="module")
def asking(here: PhoneInstallation) -> Iterator[Program]:
    address = f"{here.address}{API}/phone"
    with httpx.Client(base_url=address, headers=BEARER, trust_env=False, timeout=30) as http:
        yield Program(here, http)


@pytest.fixture
def failing(here: PhoneInstallation) -> Iterator[Any]:
    """Have the service fail with a status until the test is over."""

    def fail(status: int, retry_after: str | None = None) -> None:
        here.service.fails_with, here.service.retry_after = status, retry_after

    yield fail
    here.service.fails_with = here.service.retry_after = None


def other(here: PhoneInstallation, **changes: Any) -> TestClient:
    """Return a program that asks the same installation, but for these services."""
    return program(replace(here.services, **changes))


# --- before a call ------------------------------------------------------------------------------


def test_readiness_says_what_is_set_up_and_usual(asking: Program) -> None:
    assert asking.http.get("/readiness").json() == {
        "ready": True,
        "missing": [],
        "can_place": True,
        "can_be_called": True,
        "answers": "hand",
        "locales": ["en-US"],
        "redacts": True,
        "consent_required": False,
    }


def test_where_phone_calls_are_not_set_up_that_is_said(here: PhoneInstallation) -> None:
    desk, missing = here.services.phone, ("ACS_ACCESS_KEY",)
    rules = PhoneRules(owner=LOCAL_USER, missing=missing)
    store, holding = here.services.live._store, desk._holding
    unready = PhoneDesk(
        desk.exchange, holding, store, None, rules, authority=authority(), process="p"
    )
    asking = other(here, phone=unready)
    told = asking.get(f"{API}/phone/readiness").json()
    assert (told["ready"], told["missing"]) == (False, ["ACS_ACCESS_KEY"])
    assert (told["can_place"], told["can_be_called"]) == (False, False)
    answer = asking.post(f"{API}/phone/calls", json={"number": NUMBER})
    code, message = refusal(answer, 501)
    assert code == "TelephonyNotConfigured"
    assert "ACS_ACCESS_KEY" in message


def test_without_a_token_set_the_rest_is_served(here: PhoneInstallation) -> None:
    off = other(here, api_tokens=ApiTokens(None, LOCAL_USER))
    answer = off.post(f"{API}/phone/calls", json={"number": NUMBER})
    assert refusal(answer, 404)[0] == "ApiOff"
    assert off.get("/healthz").status_code == 200
    assert off.get("/-/review/some").status_code == 401


def test_under_the_public_name_the_api_is_not_there() -> None:
    allowed = AllowedHosts(for_services="calls.example.com")
    for path in ("/phone/calls", "/openapi.json"):
        assert not allowed.allow("calls.example.com", API + path)


def test_only_numbers_are_called_that_begin_as_is_set(
    here: PhoneInstallation, asking: Program
) -> None:
    """Nobody runs up a bill abroad; that they tried is written down, the number is not."""
    desk, held = here.services.phone, len(here.service.held)
    trail = KeptTrail()
    watched = PhoneDesk(
        desk.exchange,
        desk._holding,
        here.services.live._store,
        desk._control_made,
        desk._rules,
        authority=Authority(here.services.calls, trail),
        process="p",
    )
    for number in ("+19005550123", "+43333333333", "+88213000000"):
        answer = other(here, phone=watched).post(f"{API}/phone/calls", json={"number": number})
        assert refusal(answer, 403)[0] == "NumberNotAllowed"
    assert len(here.service.held) == held
    assert {(entry.act, entry.outcome) for entry in trail.entries} == {
        (Act.CALL_PLACED, Outcome.REFUSED)
    }
    assert "5550123" not in repr(trail.entries)


# --- a call is begun ----------------------------------------------------------------------------


@pytest.mark.parametrize("to", ["number", "room_id", "incoming_id"])
def test_every_option_is_asked_of_the_service(asking: Program, to: str) -> None:
    whom = {"number": NUMBER, "room_id": "99400000000"}.get(to) or asking.ring()["id"]
    told = asking.begin(
        **{
            "number": None,
            to: whom,
            "name": "  Harbor   Energy ",
            "redact": False,
            "everybody_is_told": True,
            "details": {"agent_name": "Nora  Fields", "queue": "Billing", "customer_ref": " "},
            "transcription": {**ALL, **LATER},
        }
    )
    asked = asking.asked(ENDINGS[to])
    assert asked["transcriptionOptions"] == ALL_ON_THE_WIRE | {
        "transportUrl": f"{asking.here.address.replace('http', 'ws')}/acs/transcription",
        "transportType": "websocket",
        "startTranscription": False,
        "enableIntermediateResults": True,
    }
    assert asked["operationContext"] == told["id"]
    assert told["name"] == "Harbor Energy"
    assert told["state"] == "recording"
    assert told["way"] == {"number": "placed", "room_id": "joined"}.get(to, "answered")
    assert not told["is_redacted"]
    assert told["is_held_here"]
    assert told["received_ms"] == 0
    known = asking.here.service.held[-1].ids
    assert told["connection_id"] == known["callConnectionId"]
    assert told["server_call_id"] == known["serverCallId"]
    assert told["correlation_id"]
    details = told["details"]
    assert (details["agent_name"], details["queue"]) == ("Nora Fields", "Billing")
    assert details["customer_ref"] is None
    assert details["direction"] == {"number": "outbound", "room_id": None}.get(to, "inbound")
    assert told["transcription"] == ALL | {"is_wanted": False, "is_transcribed": False}
    asking.end(told["id"])


def test_whom_it_calls(asking: Program) -> None:
    told = asking.begin()
    asked = asking.asked(ENDINGS["number"])
    assert asked["targets"][0]["phoneNumber"] == {"value": NUMBER}
    assert asked["sourceCallerIdNumber"] == {"value": "+14255550100"}
    assert NUMBER[-7:] not in str(told)
    asking.end(told["id"])
    joined = asking.begin(number=None, room_id=" 99400000000 ")
    assert asking.asked(ENDINGS["room_id"])["callLocator"]["roomId"] == "99400000000"
    asking.end(joined["id"])


def test_without_options_a_call_is_as_set_here(asking: Program) -> None:
    told = asking.begin()
    assert told["is_redacted"]
    assert told["name"].startswith("Phone call 20")
    assert told["transcription"] == {
        "is_wanted": False,
        "is_transcribed": False,
        "locales": ["en-US"],
        "partials": True,
        "model": None,
        "masking": None,
        "sentiment": False,
        "summary": False,
        "summary_locale": None,
    }
    asking.end(told["id"])


@pytest.mark.parametrize("locales", ["de-DE", ["de-DE"]])
@pytest.mark.parametrize("partials", [True, False])
def test_one_language_is_asked_for_as_one(asking: Program, locales: Any, partials: bool) -> None:
    told = asking.begin(transcription={"locales": locales, "partials": partials, **LATER})
    options = asking.asked(ENDINGS["number"])["transcriptionOptions"]
    assert options["locale"] == "de-DE"
    assert options["enableIntermediateResults"] is partials
    assert options["enableSentimentAnalysis"] is False
    assert not {"locales", "piiRedactionOptions", "summarizationOptions"} & options.keys()
    assert told["transcription"]["locales"] == ["de-DE"]
    asking.end(told["id"])


def test_calls_that_ring_are_told_and_answered_once(asking: Program) -> None:
    ringing = asking.ring()
    assert ringing["caller"] == "+••••••••123"
    assert ringing.keys() == {"id", "at", "caller", "caller_name"}
    told = asking.begin(number=None, incoming_id=ringing["id"])
    assert ringing["id"] not in {one["id"] for one in asking.http.get("/incoming").json()["calls"]}
    again = asking.http.post("/calls", json={"incoming_id": ringing["id"]})
    assert refusal(again, 410)[0] == "PhoneCallGone"
    asking.end(told["id"])


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({}, "Exactly one of number, room_id and incoming_id"),
        ({"number": NUMBER, "room_id": "1"}, "Exactly one of"),
        ({"number": "0800 1234"}, "as in +14255550123"),
        ({"number": "+" + "1" * 40}, "Look at number."),
        ({"room_id": " "}, "can't be carried out"),
        ({"number": NUMBER, "name": "x" * 300}, "Look at name."),
        ({"number": NUMBER, "transcription": {"locales": "en"}}, "with its region"),
        ({"number": NUMBER, "transcription": {"locales": []}}, "in one language"),
        ({"number": NUMBER, "transcription": {"locales": ["en-US"] * 11}}, "up to 10"),
        ({"number": NUMBER, "transcription": {"summary_locale": "en"}}, "with its region"),
        ({"number": NUMBER, "transcription": {"starts_at_once": True}}, "no field transcription."),
        ({"number": NUMBER, "details": {"direction": "inbound"}}, "no field details.direction"),
        ({"number": NUMBER, "provider": "local"}, "There is no field provider."),
        ({"number": NUMBER, "details": {"queue": "x" * 81}}, "Look at details.queue."),
    ],
)
def test_what_cannot_be_begun_asks_nothing_of_the_service(
    asking: Program, form: dict[str, Any], said: str
) -> None:
    before = len(asking.here.service.requests)
    code, message = refusal(asking.http.post("/calls", json=form), 400)
    assert code == "InvalidRequest"
    assert said in message
    assert len(asking.here.service.requests) == before


def test_what_the_service_cannot_be_asked_for_is_told(asking: Program) -> None:
    form = {"number": NUMBER, "transcription": {"masking": "replaceWithLabel"}}
    code, message = refusal(asking.http.post("/calls", json=form), 422)
    assert code == "UnsupportedOption"
    assert "maskWithCharacter" in message


def test_where_consent_is_asked_for_it_is_needed(here: PhoneInstallation) -> None:
    settings = here.services.settings.model_copy(update={"consent_required": True})
    asking = other(here, settings=settings)
    before = len(here.service.requests)
    form = {"number": NUMBER, "transcription": LATER}
    assert asking.get(f"{API}/phone/readiness").json()["consent_required"]
    answer = asking.post(f"{API}/phone/calls", json=form)
    assert "everybody_is_told" in refusal(answer, 400)[1]
    assert len(here.service.requests) == before
    begun = asking.post(f"{API}/phone/calls", json={**form, "everybody_is_told": True})
    assert begun.status_code == 201
    asking.delete(f"{API}/phone/calls/{begun.json()['id']}")


def test_no_way_to_begin_a_phone_call_leaves_consent_out(
    here: PhoneInstallation, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = here.services.phone
    monkeypatch.setattr(phone, "_rules", replace(phone._rules, needs_consent=True))
    order = PhoneOrder(
        name="",
        options=ProcessingOptions(),
        details=CallDetails(),
        wish=PhoneWish(locales=("en-US",)),
    )
    before = len(here.service.requests)
    for begin in (phone.place, phone.join, phone.answer):
        with pytest.raises(ConsentMissing):
            begin(LOCAL_USER, NUMBER, order)
    assert len(here.service.requests) == before


# --- a call that is held ------------------------------------------------------------------------


def test_a_call_is_transcribed_changed_and_hung_up(asking: Program) -> None:
    here = asking.here
    call_id = asking.begin(
        redact=False, transcription={"sentiment": True, "model": "our-model"}
    )["id"]  # fmt: skip
    here.follow(call_id)
    at = f"/calls/{call_id}"
    here.wait(lambda: asking.call(call_id)["glance"]["last_line"])
    here.wait(lambda: asking.call(call_id)["received_ms"] > 0)
    told = asking.call(call_id)
    assert told["glance"]["speakers"]
    assert told["transcription"]["is_transcribed"]
    assert call_id in {one["id"] for one in asking.http.get("/calls").json()["calls"]}

    answer = asking.http.post(f"{at}/transcription", json={"locale": "de-DE"})
    assert (answer.status_code, answer.content) == (202, b"")
    here.wait(lambda: asking.call(call_id)["transcription"]["locales"] == ["de-DE"])
    switched = asking.asked(":updateTranscription")
    assert switched == {"locale": "de-DE", "speechModelEndpointId": "our-model"}

    assert asking.http.post(f"{at}/summary").status_code == 202
    here.wait(lambda: here.of(call_id, "summary"))
    assert here.of(call_id, "summary")[0]["origin"]["name"] == "acs"

    stopped = asking.http.delete(f"{at}/transcription")
    assert stopped.status_code == 200
    assert not stopped.json()["transcription"]["is_wanted"]
    here.wait(lambda: asking.call(call_id)["state"] == "paused")
    assert not asking.call(call_id)["transcription"]["is_transcribed"]

    finals = len(here.of(call_id, "final"))
    assert asking.http.put(f"{at}/transcription").status_code == 200
    assert asking.asked(":startTranscription") == {
        "locale": "de-DE",
        "enableSentimentAnalysis": True,
        "speechModelEndpointId": "our-model",
    }
    here.wait(lambda: len(here.of(call_id, "final")) > finals)

    asking.end(call_id)
    assert len(here.service.asked(":terminate")) > 0
    over = asking.http.get(at)
    code, message = refusal(over, 410)
    assert code == "LiveOver"
    assert message.endswith("It is among the calls now.")
    assert here.has_landed(call_id)
    for answer in (
        asking.http.delete(at),
        asking.http.put(f"{at}/transcription", json={}),
        asking.http.post(f"{at}/transcription", json={"locale": "en-US"}),
        asking.http.post(f"{at}/summary"),
    ):
        assert refusal(answer, 410)[0] == "LiveOver"


def test_transcription_starts_with_every_option_and_keeps_the_rest(asking: Program) -> None:
    call_id = asking.begin()["id"]
    at = f"/calls/{call_id}/transcription"
    asking.http.put(at, json=ALL).raise_for_status()
    assert asking.asked(":startTranscription") == ALL_ON_THE_WIRE
    told = asking.http.put(at, json={"masking": None, "model": None, "sentiment": False})
    assert (
        told.json()["transcription"].items()
        >= {
            "locales": ["en-US", "es-ES"],
            "model": None,
            "masking": None,
            "sentiment": False,
            "summary": True,
            "is_wanted": True,
        }.items()
    )
    assert asking.asked(":startTranscription") == {
        "locales": ["en-US", "es-ES"],
        "enableSentimentAnalysis": False,
        "summarizationOptions": {"enableEndCallSummary": True, "locale": "en-GB"},
    }
    code, message = refusal(asking.http.put(at, json={"partials": False}), 422)
    assert code == "UnsupportedOption"
    assert "Unfinished lines" in message
    assert "no field at_once" in refusal(asking.http.put(at, json=LATER), 400)[1]
    assert "region" in refusal(asking.http.post(at, json={"locale": "de"}), 400)[1]
    assert "locale." in refusal(asking.http.post(at, json={}), 400)[1]
    assert refusal(asking.http.post(at, json={"locales": ["de-DE"]}), 400)[0] == "InvalidRequest"
    asking.end(call_id)


@pytest.mark.parametrize(("query", "ends"), [("", False), ("?for_everyone=true", True)])
def test_hanging_up_leaves_or_ends_the_call(asking: Program, query: str, ends: bool) -> None:
    call_id = asking.begin()["id"]
    before = len(asking.here.service.asked(":terminate"))
    answer = asking.http.delete(f"/calls/{call_id}{query}")
    assert (answer.status_code, answer.content) == (202, b"")
    asking.here.wait(lambda: asking.here.service.held[-1].state == "disconnected")
    assert len(asking.here.service.asked(":terminate")) == before + ends


def test_a_misspelt_query_hangs_nothing_up(asking: Program) -> None:
    call_id = asking.begin()["id"]
    for query in ("?for_everybody=true", "?for_everyone=perhaps"):
        answer = asking.http.delete(f"/calls/{call_id}{query}")
        assert refusal(answer, 400)[0] == "InvalidRequest"
    assert asking.call(call_id)["state"] == "recording"
    asking.end(call_id)


ON_A_CALL = [
    ("GET", "", None),
    ("DELETE", "", None),
    ("PUT", "/transcription", {}),
    ("POST", "/transcription", {"locale": "en-US"}),
    ("DELETE", "/transcription", None),
    ("POST", "/summary", None),
]


@pytest.mark.parametrize(("method", "part", "form"), ON_A_CALL)
def test_a_call_that_nobody_knows(asking: Program, method: str, part: str, form: Any) -> None:
    answer = asking.http.request(method, f"/calls/{new_id()}{part}", json=form)
    assert refusal(answer, 404)[0] == "NotFound"
    assert refusal(asking.http.request(method, f"/calls/{'x' * 65}{part}", json=form), 400)


def elsewhere(here: PhoneInstallation, call: RunningCall) -> RunningCall:
    """Have another process hold a call like this one."""
    assert call.phone is not None
    facts = replace(call.phone, connection_id="another-connection")
    held = replace(call, id=new_id(), process="another-machine-1-ab", phone=facts)
    here.services.live._store.add(held)
    return held


@pytest.mark.parametrize(("method", "part", "form"), ON_A_CALL)
def test_a_call_that_another_process_holds_is_told_and_not_changed(
    asking: Program, method: str, part: str, form: Any
) -> None:
    live = asking.here.services.live
    ours = asking.begin()
    theirs = elsewhere(asking.here, live.get(LOCAL_USER, ours["id"]))
    before = len(asking.here.service.requests)
    answer = asking.http.request(method, f"/calls/{theirs.id}{part}", json=form)
    if method == "GET":
        told = answer.json()
        assert not told["is_held_here"]
        assert told["connection_id"] == "another-connection"
        assert told["transcription"] == ours["transcription"] | {"is_transcribed": None}
        assert theirs.id in {one["id"] for one in asking.http.get("/calls").json()["calls"]}
    else:
        assert refusal(answer, 409)[0] == "HeldElsewhere"
        assert len(asking.here.service.requests) == before
    live._store.remove(theirs.id)
    asking.end(ours["id"])


def test_rights_are_those_of_who_the_token_stands_for(asking: Program) -> None:
    call_id = asking.begin()["id"]
    sam = other(asking.here, api_tokens=ApiTokens(TOKEN, COLLEAGUE))
    only_sees = replace(COLLEAGUE, rights=frozenset({Right.SEE_CALLS}))
    reader = other(asking.here, api_tokens=ApiTokens(TOKEN, only_sees))
    mallory = other(asking.here, api_tokens=ApiTokens(TOKEN, STRANGER))
    ringing = asking.ring()
    for method, part, form in ON_A_CALL:
        at = f"{API}/phone/calls/{call_id}{part}"
        if method == "GET":
            assert sam.get(at).status_code == 200
        else:
            assert refusal(sam.request(method, at, json=form), 403)[0] == "AccessDenied"
        assert refusal(mallory.request(method, at, json=form), 404)[0] == "NotFound"
    for form in ({"number": NUMBER}, {"incoming_id": ringing["id"]}):
        assert refusal(reader.post(f"{API}/phone/calls", json=form), 403)[0] == "AccessDenied"
    answering = mallory.post(f"{API}/phone/calls", json={"incoming_id": ringing["id"]})
    assert refusal(answering, 403)[0] == "AccessDenied"
    assert mallory.get(f"{API}/phone/incoming").json() == {"calls": []}
    assert mallory.get(f"{API}/phone/calls").json() == {"calls": []}
    assert asking.call(call_id)["state"] == "recording"
    asking.end(call_id)


# --- what fails ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "retry_after", "answered", "code", "waits"),
    [
        (401, None, 502, "TelephonyRefusedKey", None),
        (400, None, 422, "TelephonyRejected", None),
        (404, None, 410, "PhoneCallGone", None),
        (429, "7", 429, "TelephonyBusy", "7"),
        (429, None, 429, "TelephonyBusy", None),
        (429, "Wed, 21 Oct 2026 07:28:00 GMT", 429, "TelephonyBusy", None),
        (503, "9999", 503, "TelephonyUnavailable", "3600"),
        (400, "7", 422, "TelephonyRejected", None),
    ],
)
def test_what_the_service_refuses_is_one_of_ours(
    asking: Program,
    failing: Any,
    status: int,
    retry_after: str | None,
    answered: int,
    code: str,
    waits: str | None,
) -> None:
    held = {one["id"] for one in asking.http.get("/calls").json()["calls"]}
    failing(status, retry_after)
    form = {"number": NUMBER, "transcription": LATER}
    answer = asking.http.post("/calls", json=form)
    assert refusal(answer, answered)[0] == code
    assert answer.headers.get("retry-after") == waits
    assert {one["id"] for one in asking.http.get("/calls").json()["calls"]} <= held


def sent(here: PhoneInstallation, *, token: str, announced: int, body: bytes = b"") -> str:
    """Send the beginning of a request over a socket; return the answer, after which it closes."""
    place = urlsplit(here.address)
    head = (
        f"POST {API}/phone/calls HTTP/1.1\r\nHost: {place.netloc}\r\n"
        f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {announced}\r\n\r\n"
    )
    with socket.create_connection((place.hostname, place.port), timeout=10) as way:
        way.sendall(head.encode() + body)
        return b"".join(iter(lambda: way.recv(4096), b"")).decode()


def test_a_strangers_body_is_not_waited_for(here: PhoneInstallation) -> None:
    answer = sent(here, token="a-guess", announced=1_000)
    assert answer.startswith("HTTP/1.1 401")
    assert "connection: close" in answer.lower()
    assert sent(here, token=TOKEN, announced=10**9).startswith("HTTP/1.1 413")


def test_a_body_that_does_not_come_is_given_up(
    here: PhoneInstallation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "READ_WITHIN_S", 0.2)
    answer = sent(here, token=TOKEN, announced=100, body=b"{")
    assert answer.startswith("HTTP/1.1 408")
    assert "RequestTooSlow" in answer


def test_nothing_is_left_held(here: PhoneInstallation) -> None:
    """Each test has ended what it has begun."""

    def is_over(call: RunningCall) -> bool:
        try:
            return not here.services.live.get(LOCAL_USER, call.id).goes_on
        except NotFound:
            return True

    here.wait(lambda: all(is_over(call) for call in here.services.live.running(LOCAL_USER)))
