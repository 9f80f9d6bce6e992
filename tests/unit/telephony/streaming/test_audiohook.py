"""AudioHook: who may open a session, its messages, and its sound."""

import base64
import hashlib
import hmac
import json

import numpy as np
import pytest

from services.domain.errors import CallerRefused
from services.domain.speech import SpeakerRole
from services.telephony.streaming.audiohook import NULL_ID, AudioHookSession
from services.telephony.streaming.audiohook_signature import NEEDED, HandshakeCheck
from tests.unit.telephony.streaming.test_line_sound import frames, rms, to_mulaw, tone

ORG, CALL, SESSION = "org-1", "conversation-1", "session-1"
KEY, SECRET = "our-api-key", b"client secret"
NOW = 1_800_000_000
NONCE = "VGhpc0lzQVVuaXF1ZU5vbmNl"
STEREO = {"type": "audio", "format": "PCMU", "channels": ["external", "internal"], "rate": 8000}
MONO = {"type": "audio", "format": "PCMU", "channels": ["external"], "rate": 8000}


class Client:
    """Genesys's side of one session."""

    def __init__(self, **more):
        self.session, self.seq, self.serverseq = AudioHookSession(**more), 0, 0

    def send(
        self, kind, *, version="2", session_id=SESSION, seq=None, serverseq=None, **parameters
    ):
        self.seq = self.seq + 1 if seq is None else seq
        told = {
            "version": version,
            "id": session_id,
            "type": kind,
            "seq": self.seq,
            "serverseq": self.serverseq if serverseq is None else serverseq,
            "position": "PT0S",
            "parameters": parameters,
        }
        answers = [json.loads(one) for one in self.session.take_text(json.dumps(told))]
        for answer in answers:
            self.serverseq = answer["seq"]
        return answers

    def open(self, media=(STEREO, MONO), **more):
        fields = {
            "organizationId": ORG,
            "conversationId": CALL,
            "participant": {"id": "p", "ani": "tel:+14255550123", "aniName": "", "dnis": "+1"},
            "media": list(media),
            "language": "en-US",
            **more,
        }
        return self.send("open", **fields)


def stereo(left, right):
    return to_mulaw(np.stack((left, right), axis=1).reshape(-1))


def test_a_session_is_opened_kept_alive_and_closed():
    client = Client(organisation_id=ORG)
    (opened,) = client.open()
    assert opened == {
        "version": "2",
        "id": SESSION,
        "type": "opened",
        "seq": 1,
        "clientseq": 1,
        "parameters": {"startPaused": False, "media": [STEREO]},
    }
    (pong,) = client.send("ping", rtt="PT0.1S")
    assert (pong["type"], pong["seq"], pong["clientseq"]) == ("pong", 2, 2)
    assert client.send("update", language="es-US") == []
    assert client.session.language == "es-US"
    (closed,) = client.send("close", reason="end")
    assert (closed["type"], closed["parameters"]) == ("closed", {})
    assert client.session.is_over
    assert client.send("ping") == []


def test_sound_comes_out_at_twice_the_rate_with_its_channels():
    client = Client()
    client.open()
    opened = client.session.opened
    assert opened is not None
    assert opened.roles == (SpeakerRole.CUSTOMER, SpeakerRole.AGENT)
    heard = b""
    for _ in range(5):
        heard += client.session.take_sound(stereo(tone(200), tone(200, level=2_000)))
    sound = frames(heard + client.session.finish())
    assert len(sound) == 16_000
    assert rms(sound[:, 0]) == pytest.approx(8_000 / 2**0.5, rel=0.05)
    assert rms(sound[:, 1]) == pytest.approx(2_000 / 2**0.5, rel=0.05)
    assert "4255550123" not in repr(opened)


def test_what_was_left_out_is_told():
    """
    sound  0 |- 200 -|  discarded 1.5 s  | 1700 - 1900 |
    """
    client = Client()
    client.open()
    heard = client.session.take_sound(stereo(tone(200), tone(200)))
    client.send("discarded", start="PT0.2S", discarded="PT1.5S")
    assert (client.session.left_out(), client.session.left_out()) == (1_500, 0)
    heard += client.session.take_sound(stereo(tone(200), tone(200)))
    assert len(frames(heard + client.session.finish())) == 400 * 16


def test_an_hour_left_out_costs_a_few_minutes_only():
    client = Client()
    client.open()
    told = 0
    for _ in range(20):
        client.send("discarded", start="PT0S", discarded="PT3600S")
        told += client.session.left_out()
    assert told == 5 * 60_000
    client.session.take_sound(stereo(tone(20), tone(20)))
    client.send("discarded", start="PT0S", discarded="PT1S")
    assert client.session.left_out() == 1_000


def test_a_paused_session_takes_no_sound():
    client = Client()
    client.open()
    client.send("paused")
    assert client.session.is_paused
    assert client.session.take_sound(stereo(tone(20), tone(20))) == b""
    client.send("resumed", start="PT0S", discarded="PT0.02S")
    client.session.take_sound(stereo(tone(20), tone(20)))
    assert client.session.stray == 1
    assert client.session.left_out() == 20
    assert len(frames(client.session.finish())) == 20 * 16


def test_a_session_says_which_it_goes_on_with_and_that_it_comes_back():
    client = Client()
    client.open(continuedSessions=[{"id": "before"}, {"id": "x" * 101}, {}, "no session"])
    assert client.session.opened is not None
    assert client.session.opened.continues == ("before",)
    client.send("close", reason="reconnect")
    assert (client.session.is_over, client.session.is_closed) == (True, False)


def test_one_channel_is_taken_when_there_is_no_more():
    client = Client()
    (opened,) = client.open([{**STEREO, "format": "L16"}, MONO])
    assert opened["parameters"]["media"] == [MONO]


@pytest.mark.parametrize(
    "media",
    [[], [{**MONO, "format": "L16"}], [{**MONO, "rate": 16_000}], [{**MONO, "channels": []}]],
)
def test_without_sound_that_we_take_there_is_no_session(media):
    client = Client()
    (answer,) = client.open(media)
    assert (answer["type"], answer["parameters"]) == ("disconnect", {"reason": "error"})
    assert client.session.is_ending
    assert client.send("ping") == []
    (closed,) = client.send("close", reason="disconnect")
    assert (closed["type"], closed["seq"]) == ("closed", 2)
    assert client.session.is_over


def test_another_organisation_is_not_let_in():
    client = Client(organisation_id="another")
    (answer,) = client.open()
    assert answer["parameters"] == {"reason": "unauthorized"}


def test_a_probe_is_answered_and_is_no_call():
    client = Client()
    (opened,) = client.open(conversationId=NULL_ID)
    assert opened["type"] == "opened"
    assert client.session.opened is not None
    assert client.session.opened.is_probe
    assert client.send("close", reason="end")[0]["type"] == "closed"


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": "1"},
        {"session_id": "another"},
        {"seq": 1},
        {"seq": 10_000},
        {"serverseq": 99},
        {"kind": "sing"},
        {"kind": "open"},
    ],
)
def test_a_message_against_the_rules_is_counted_and_the_session_goes_on(wrong):
    client = Client()
    client.open()
    assert client.send(**{"kind": "ping", **wrong}) == []
    assert client.session.malformed == 1
    client.seq = 5
    (pong,) = client.send("ping")
    assert (pong["type"], pong["clientseq"]) == ("pong", 6)
    client.session.take_sound(b"\xff\xff")
    assert client.session.stray == 0


@pytest.mark.parametrize("sent", ["", "{", "[]", b"\xff", "x" * 70_000])
def test_what_is_no_message_is_counted(sent):
    session = AudioHookSession()
    assert session.take_text(sent) == ()
    assert (session.malformed, session.is_over) == (1, False)


def test_stray_sound_is_counted():
    client = Client()
    assert client.session.take_sound(b"\xff\xff") == b""
    client.open()
    for sent in (b"", b"\xff", b"\xff" * 70_000):
        assert client.session.take_sound(sent) == b""
    assert client.session.stray == 4
    assert client.session.finish() == b""


# --- the handshake ------------------------------------------------------------------------------


def handshake(*, key=KEY, secret=SECRET, target="/audiohook", names=NEEDED, **parameters):
    headers = {
        "host": "We.Example.org",
        "audiohook-organization-id": ORG,
        "audiohook-session-id": SESSION,
        "audiohook-correlation-id": "correlation",
        "x-api-key": key,
    }
    values = {"@request-target": target, "@authority": "we.example.org", **headers}
    told = {"keyid": key, "nonce": NONCE, "alg": "hmac-sha256", "created": NOW, **parameters}
    listed = " ".join(f'"{name}"' for name in names)
    about = f"({listed})" + "".join(
        f";{name}={value}" if isinstance(value, int) else f';{name}="{value}"'
        for name, value in told.items()
        if value is not None
    )
    lines = [f'"{name}": {values[name]}' for name in names] + [f'"@signature-params": {about}']
    digest = hmac.new(secret, "\n".join(lines).encode(), hashlib.sha256).digest()
    signature = base64.b64encode(digest).decode()
    return {**headers, "signature-input": f"sig1={about}", "signature": f"sig1=:{signature}:"}


def check(headers, target="/audiohook", *, now=NOW):
    return HandshakeCheck({KEY: SECRET, "empty": b""}, clock=lambda: now).check(headers, target)


def test_a_signed_handshake_is_let_in():
    assert check(handshake()) == KEY
    assert check(handshake(expires=NOW + 10), now=NOW + 5) == KEY


def test_the_protocols_own_example_verifies():
    headers = {
        "host": "audiohook.example.com",
        "audiohook-organization-id": "d7934305-0972-4844-938e-9060eef73d05",
        "audiohook-session-id": "30b0e395-84d3-4570-ac13-9a62d8f514c0",
        "audiohook-correlation-id": "e160e428-53e2-487c-977d-96989bf5c99d",
        "x-api-key": "SGVsbG8sIEkgYW0gdGhlIEFQSSBrZXkh",
        "signature": "sig1=:NZBwyBHRRyRoeLqy1IzOa9VYBuI8TgMFt2GRDkDuJh4=:",
        "signature-input": (
            'sig1=("@request-target" "@authority" "audiohook-organization-id" '
            '"audiohook-session-id" "audiohook-correlation-id" "x-api-key");'
            'keyid="SGVsbG8sIEkgYW0gdGhlIEFQSSBrZXkh";nonce="VGhpc0lzQVVuaXF1ZU5vbmNl";'
            'alg="hmac-sha256";created=1641013200;expires=3282026430'
        ),
    }
    secret = base64.b64decode("TXlTdXBlclNlY3JldEtleVRlbGxOby0xITJAMyM0JDU=")
    checking = HandshakeCheck({headers["x-api-key"]: secret}, clock=lambda: 1_641_013_201)
    assert checking.check(headers, "/api/v1/voicebiometrics/ws") == headers["x-api-key"]


def test_a_handshake_opens_one_session():
    checking = HandshakeCheck({KEY: SECRET}, clock=lambda: NOW)
    checking.check(handshake(), "/audiohook")
    with pytest.raises(CallerRefused):
        checking.check(handshake(), "/audiohook")
    assert checking.check(handshake(nonce=NONCE + "2"), "/audiohook")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {**handshake(), "signature": ""},
        {**handshake(), "signature": "sig1=:AAAA:"},
        {**handshake(), "signature": "sig2=" + handshake()["signature"][5:]},
        {**handshake(), "signature-input": "sig1=()"},
        {**handshake(), "signature-input": handshake()["signature-input"] + ";created=1"},
        {**handshake(), "audiohook-session-id": "another"},
        {**handshake(), "host": "elsewhere.example.org"},
        {k: v for k, v in handshake().items() if k != "audiohook-session-id"},
        {**handshake(), "x-api-key": "empty"},
        handshake(secret=b"another"),
        handshake(key="unknown"),
        handshake(key="empty", secret=b""),
        handshake(key="unknown", secret=b"\0"),
        handshake(target="/elsewhere"),
        handshake(names=NEEDED[:-1]),
        handshake(names=(*NEEDED, "host", "host")),
        handshake(alg="rsa-v1_5-sha256"),
        handshake(nonce="short"),
        handshake(nonce=None),
        handshake(created=NOW - 60),
        handshake(created=NOW + 60),
        handshake(created=None),
        handshake(expires=NOW - 60),
        handshake(expires="soon"),
        handshake(created="²"),
        handshake(expires="9" * 5_000),
    ],
)
def test_any_other_handshake_is_refused_without_a_reason(headers):
    with pytest.raises(CallerRefused) as raised:
        check(headers)
    assert raised.value.detail is None
