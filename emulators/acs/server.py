"""The service's API for calls on loopback: it checks, records, and has calls go as planned.

``AcsEmulator`` is a real HTTP server in threads. It refuses what the service refuses: a request
that isn't signed with its key, an unknown call or version, transcription without what it takes. It
calls back and dials on this machine only.
"""

import base64
import json
import os
import uuid
from collections.abc import Mapping, Sequence
from threading import Event, Lock
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from emulators.acs.call import EmulatedCall
from emulators.acs.handler import Handler, Refused, Spoilt
from emulators.acs.plans import CallPlan, SeenCall, SeenRequest
from emulators.acs.script import AGENT, CUSTOMER
from emulators.acs.signing import why_unsigned
from emulators.acs.tokens import Issuer
from emulators.serving import Emulator, HttpServer

CALLS = "/calling/callConnections"
RECORDINGS = "/recordings"
API_VERSIONS = frozenset({"2025-08-15-preview"})
NEEDED = {":answer": "incomingCallContext", ":connect": "callLocator"}
LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})


class AcsEmulator(Emulator):
    """Serves from ``__enter__`` to ``__exit__``; ``endpoint`` and ``key`` are what a client takes.

    Calls take the plans in the order in which they come about, and the last one again and again.
    ``requests`` are all that came, ``calls`` what became of each call.
    """

    def __init__(
        self, *plans: CallPlan, key: str | None = None, port: int = 0, audience: str | None = None
    ) -> None:
        """Take a port; ``audience`` stands for the id of the resource."""
        self.key = key or base64.b64encode(os.urandom(32)).decode()
        self.issuer = Issuer(audience or str(uuid.uuid4()))
        self.requests: list[SeenRequest] = []
        self.retry_after: str | None = None
        """What refusals of ``fails_with`` say of trying again, None for nothing."""
        self.keys_asked = 0
        self.fails_with: int | None = None
        """Status that every request is answered with, None to do what is asked."""
        self.spoils: Spoilt | None = None
        """How answers to what was done are spoilt, None for whole ones."""
        self.answers = Event()
        """While cleared, calls that are asked for come about, and neither is the request answered
        nor does the other end pick up."""
        self.answers.set()
        self.stopping = Event()
        self._plans = list(plans) or [CallPlan()]
        self._calls: dict[str, EmulatedCall] = {}
        self._recordings: dict[str, bytes] = {}
        self._lock = Lock()
        handler = type("BoundHandler", (Handler,), {"service": self})
        self._server = HttpServer(handler, port)
        self.issuer.address = self._server.address

    @property
    def endpoint(self) -> str:
        """Scheme, host and port."""
        return self._server.address

    @property
    def held(self) -> list[EmulatedCall]:
        """The calls, in their order."""
        with self._lock:
            return list(self._calls.values())

    @property
    def calls(self) -> list[SeenCall]:
        """What became of the calls, in their order."""
        with self._lock:
            return [call.seen for call in self._calls.values()]

    def asked(self, ending: str) -> list[dict[str, Any]]:
        """Return the bodies of the accepted requests whose path ends so, without its query."""
        with self._lock:
            seen = [one for one in self.requests if one.refused is None]
        return [one.body for one in seen if urlsplit(one.path).path.endswith(ending)]

    def start(self) -> None:
        """Begin to answer."""
        self._server.start()

    def stop(self) -> None:
        """End calls without a word, and the server. Safe to call twice."""
        self.stopping.set()
        self.answers.set()
        with self._lock:
            calls = list(self._calls.values())
        for call in calls:
            call.close()
        self._server.stop()

    # --- what happens at the service ------------------------------------------------------------

    def call(
        self, asked: Mapping[str, Any], *, way: str, participants: Sequence[str]
    ) -> EmulatedCall:
        """Have a call come about, as a request or somebody at the other end asks for it."""
        _check_addresses(asked)
        with self._lock:
            plan = self._plans.pop(0) if len(self._plans) > 1 else self._plans[0]
            call = EmulatedCall(plan, self.issuer, asked, participants=tuple(participants), way=way)
            self._calls[call.ids["callConnectionId"]] = call
        return call

    def dial(self, transport_url: str, *, callback_url: str = "", **asked: Any) -> EmulatedCall:
        """Have a call transcribed to an address at once, without anybody having asked for it."""
        options = {
            "transportUrl": transport_url,
            "locale": "en-US",
            "startTranscription": True,
            "enableIntermediateResults": True,
            **asked,
        }
        told = {"callbackUri": callback_url, "transcriptionOptions": options}
        call = self.call(told, way="dialled", participants=(AGENT, CUSTOMER))
        call.connect()
        return call

    def hang_up_all(self) -> None:
        """Have the other end of every call hang up."""
        with self._lock:
            calls = list(self._calls.values())
        for call in calls:
            call.hang_up()

    def ring(self, address: str, *, kind: str = "Microsoft.Communication.IncomingCall") -> int:
        """Deliver an IncomingCall event to an address; return the status of the answer."""
        event = {
            "id": str(uuid.uuid4()),
            "eventType": kind,
            "data": {
                "to": {"rawId": AGENT},
                "from": {"rawId": CUSTOMER},
                "callerDisplayName": "",
                "incomingCallContext": uuid.uuid4().hex,
                "correlationId": str(uuid.uuid4()),
            },
        }
        return _posted(address, [event]).status_code

    def recorded(
        self, address: str, call: EmulatedCall, sound: bytes, *, event_id: str | None = None
    ) -> int:
        """Have a call's recording ready, and say so; return the status of the answer.

        Under an ``event_id`` that was used before it is the same event that is delivered again.
        """
        name = uuid.uuid4().hex
        with self._lock:
            self._recordings[name] = sound
        subject = f"/recording/call/x/serverCallId/{call.ids['serverCallId']}/recordingId/{name}"
        chunk = {"index": 0, "contentLocation": f"{self.endpoint}{RECORDINGS}/{name}"}
        event = {
            "id": event_id or str(uuid.uuid4()),
            "eventType": "Microsoft.Communication.RecordingFileStatusUpdated",
            "subject": subject,
            "data": {"recordingStorageInfo": {"recordingChunks": [chunk]}},
        }
        return _posted(address, [event]).status_code

    def validate(self, address: str) -> bool:
        """Deliver the question whether events are wanted; return whether the answer says so."""
        code = uuid.uuid4().hex
        event = {
            "id": str(uuid.uuid4()),
            "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
            "data": {"validationCode": code},
        }
        answer = _posted(address, [event])
        return answer.status_code == 200 and answer.json() == {"validationResponse": code}

    # --- requests -------------------------------------------------------------------------------

    def take(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Any:
        """Do what a request asks for; return the answer, None for one without a body."""
        try:
            asked = json.loads(body) if body else {}
        except ValueError:
            asked = None
        why = why_unsigned(self.key, method, path, headers, body)
        seen = SeenRequest(
            method=method, path=path, body=asked if isinstance(asked, dict) else {}, refused=why
        )
        with self._lock:
            self.requests.append(seen)
        if why is not None:
            raise Refused(401, "Denied")
        if self.fails_with is not None:
            raise Refused(self.fails_with, "Scripted", self.retry_after)
        if not isinstance(asked, dict):
            raise Refused(400, "BadRequest")
        parts = urlsplit(path)
        if method == "GET" and parts.path.startswith(RECORDINGS):
            return self._recording(parts.path.rpartition("/")[2])
        if parse_qs(parts.query).get("api-version", [""])[0] not in API_VERSIONS:
            raise Refused(400, "UnsupportedApiVersion")
        return self._done(method, parts.path, asked)

    def _recording(self, name: str) -> bytes:
        with self._lock:
            sound = self._recordings.get(name)
        if sound is None:
            raise Refused(404, "NotFound")
        return sound

    def _done(self, method: str, path: str, asked: dict[str, Any]) -> Any:
        rest = path.removeprefix(CALLS)
        if method == "POST" and rest in {"", ":answer", ":connect"}:
            return self._open(rest, asked)
        connection_id, _, action = rest.removeprefix("/").partition(":")
        with self._lock:
            call = self._calls.get(connection_id)
        if not path.startswith(CALLS) or call is None or call.state == "disconnected":
            raise Refused(404, "NotFound")
        if method == "GET" and not action:
            return call.properties()
        if (method, action) in {("DELETE", ""), ("POST", "terminate")}:
            call.seen.ended_by = action or "leave"
            call.hang_up()
            return None
        if method != "POST":
            raise Refused(405, "MethodNotAllowed")
        self._act(call, action, asked)
        return None

    def _open(self, way: str, asked: dict[str, Any]) -> dict[str, Any]:
        who: tuple[str, ...] = (AGENT, CUSTOMER)
        if way == "":
            targets = asked.get("targets") or []
            numbers = [one.get("phoneNumber", {}).get("value") for one in targets]
            if not numbers or not all(numbers) or "sourceCallerIdNumber" not in asked:
                raise Refused(400, "BadRequest")
            who = (AGENT, *(f"4:{number}" for number in numbers))
        elif (way == ":answer" and not asked.get("incomingCallContext")) or (
            way == ":connect" and not asked.get("callLocator")
        ):
            raise Refused(400, "BadRequest")
        options = asked.get("transcriptionOptions")
        if options and not (asked.get("callIntelligenceOptions") or {}).get(
            "cognitiveServicesEndpoint"
        ):
            raise Refused(400, "BadRequest")
        call = self.call(asked, way=way, participants=who)
        answer = call.properties()
        self.answers.wait()
        if not self.stopping.is_set():
            call.connect()
        return answer

    def _act(self, call: EmulatedCall, action: str, asked: dict[str, Any]) -> None:
        context = asked.get("operationContext")
        if action != "summarizeCall" and not call.asked.get("transportUrl"):
            return call.fail(405, 8522, "streamUrlMissing", context)
        match action:
            case "startTranscription":
                locales = [asked.get("locale"), *(asked.get("locales") or [])]
                if any(locale and "-" not in locale for locale in locales):
                    return call.fail(400, 8523, "badRequest", context)
                call.transcribe(asked, context)
            case "stopTranscription":
                call.end_transcription(context)
            case "updateTranscription":
                if call.way == ":connect":
                    return call.fail(405, 8520, "badRequest", context)
                call.change_locale(asked.get("locale") or "", context)
            case "summarizeCall":
                call.summarise(context)
            case _:
                raise Refused(404, "NotFound")
        return None


def _check_addresses(asked: Mapping[str, Any]) -> None:
    transport = (asked.get("transcriptionOptions") or {}).get("transportUrl")
    for address in (asked.get("callbackUri"), transport):
        if address and urlsplit(address).hostname not in LOCAL:
            raise Refused(400, "BadRequest")


def _posted(address: str, events: list[dict[str, Any]]) -> httpx.Response:
    if urlsplit(address).hostname not in LOCAL:
        raise Refused(400, "BadRequest")
    with httpx.Client(timeout=10, trust_env=False) as client:
        return client.post(address, json=events)
