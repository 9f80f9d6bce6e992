"""Callbacks of calls and deliveries of Event Grid: read, told apart, taken once."""

import json

import pytest

from services.telephony.acs.wire.events import (
    MOST_BODY_BYTES,
    PhoneEventKind,
    parse_callbacks,
)
from services.telephony.acs.wire.incoming import (
    Delivery,
    allowed_rate,
    is_secret,
    parse_delivery,
)
from services.telephony.told import Unreadable


def event(kind, event_id="e1", **content):
    return {
        "id": event_id,
        "source": "calling/callConnections/c",
        "type": f"Microsoft.Communication.{kind}",
        "specversion": "1.0",
        "time": "2026-11-27T08:00:00.1234567+00:00",
        "data": {
            "callConnectionId": "c",
            "serverCallId": "s",
            "correlationId": "k",
            "resultInformation": {"code": 200, "subCode": 0, "message": "Fine."},
            **content,
        },
    }


def body(*events):
    return json.dumps(events).encode()


def test_a_callback_is_read_whole():
    (found,) = parse_callbacks(
        body(
            event(
                "TranscriptionFailed",
                operationContext="mine",
                resultInformation={"code": 500, "subCode": 8578},
                transcriptionUpdate={
                    "transcriptionStatus": "transcriptionFailed",
                    "transcriptionStatusDetails": "streamConnectionUnsuccessful",
                    "transcriptionMessage": "words",
                },
            )
        )
    )
    assert found.kind is PhoneEventKind.TRANSCRIPTION_FAILED
    assert (found.id, found.connection_id, found.correlation_id) == ("e1", "c", "k")
    assert (found.code, found.subcode, found.context) == (500, 8578, "mine")
    assert (found.status, found.detail) == ("transcriptionFailed", "streamConnectionUnsuccessful")
    assert found.message == "words"
    assert "words" not in repr(found)


@pytest.mark.parametrize(
    "kind", [kind for kind in PhoneEventKind if kind is not PhoneEventKind.OTHER]
)
def test_kinds_are_told_apart_in_any_case(kind):
    named = [event(kind.value, "a"), event(kind.value.upper(), "b")]
    assert [one.kind for one in parse_callbacks(body(*named))] == [kind, kind]


def test_other_kinds_are_nothing_for_us():
    others = [event("PlayCompleted"), {"id": "x", "type": "Microsoft.Storage.BlobCreated"}]
    found = parse_callbacks(body(*others))
    assert [one.kind for one in found] == [PhoneEventKind.OTHER] * 2


def test_participants_are_raw_identifiers():
    told = [{"identifier": {"rawId": "4:+1"}}, {"identifier": 7}, {"isMuted": True}, 7]
    (found,) = parse_callbacks(
        body(event("ParticipantsUpdated", participants=told, sequenceNumber=3))
    )
    assert (found.participants, found.sequence) == (("4:+1",), 3)
    assert "4:+1" not in repr(found)


def test_one_event_may_come_without_a_list():
    assert len(parse_callbacks(json.dumps(event("CallConnected")).encode())) == 1


def test_events_without_id_or_type_are_left_out():
    assert parse_callbacks(body({"type": "a"}, {"id": "b"}, {"id": 7, "type": 8})) == ()


@pytest.mark.parametrize(
    "sent", [b"", b"7", b'"text"', b"[7]", b"{", b"\xff\xff", b"[" * 50_000, b" " * 2_000_000]
)
@pytest.mark.parametrize("parse", [parse_callbacks, parse_delivery])
def test_what_is_no_events_is_refused(parse, sent):
    with pytest.raises(Unreadable):
        parse(sent)


def test_a_body_is_bounded():
    with pytest.raises(Unreadable):
        parse_callbacks(body(event("CallConnected", more="x" * MOST_BODY_BYTES)))
    many = parse_callbacks(body(*(event("CallConnected", str(n)) for n in range(150))))
    assert len(many) == 100


# --- Event Grid ---------------------------------------------------------------------------------


def validation(**fields):
    return {
        "id": "v",
        "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
        "data": {"validationCode": "512d38b6", "validationUrl": "https://rp.example.org"},
        **fields,
    }


def incoming(event_id="i", **content):
    return {
        "id": event_id,
        "eventType": "Microsoft.Communication.IncomingCall",
        "data": {
            "to": {"rawId": "4:+1100"},
            "from": {"rawId": "4:+1200"},
            "callerDisplayName": "Robert",
            "incomingCallContext": "context",
            "correlationId": "k",
            **content,
        },
    }


def test_the_handshake_is_answered_with_its_code():
    delivery = parse_delivery(body(validation()))
    assert delivery.answer == {"validationResponse": "512d38b6"}
    assert "512d38b6" not in repr(delivery)


def test_an_incoming_call_is_read_in_both_schemas():
    cloud = incoming("j")
    cloud["type"] = cloud.pop("eventType")
    delivery = parse_delivery(body(incoming(), cloud))
    assert delivery.answer == {}
    assert [call.id for call in delivery.calls] == ["i", "j"]
    call = delivery.calls[0]
    assert (call.context, call.caller, call.called) == ("context", "4:+1200", "4:+1100")
    assert (call.caller_name, call.correlation_id) == ("Robert", "k")
    shown = repr(delivery)
    assert not [secret for secret in ("context'", "+1200", "Robert") if secret in shown]


def test_other_deliveries_and_calls_that_cannot_be_answered_are_left_out():
    other = {"id": "o", "eventType": "Microsoft.Communication.CallEnded", "data": {}}
    without = incoming(incomingCallContext=None)
    assert parse_delivery(body(other, without)) == Delivery()


def test_a_code_that_is_none_is_not_repeated():
    with pytest.raises(Unreadable):
        parse_delivery(body(validation(data={"validationCode": "x" * 1_000})))


def test_cloud_events_are_accepted_by_their_own_handshake():
    answer = allowed_rate({"webhook-request-origin": "eventgrid.azure.net"})
    assert answer == {
        "WebHook-Allowed-Origin": "eventgrid.azure.net",
        "WebHook-Allowed-Rate": "*",
    }
    assert allowed_rate({}) is None


@pytest.mark.parametrize(
    ("given", "expected", "opens"),
    [
        ("a-secret-of-24-characters", "a-secret-of-24-characters", True),
        ("another-secret-altogether", "a-secret-of-24-characters", False),
        (None, "a-secret-of-24-characters", False),
        ("", "", False),
        ("short", "short", False),
        ("ä" * 20, "ä" * 20, True),
    ],
)
def test_a_secret_opens_when_it_is_the_same_and_long_enough(given, expected, opens):
    assert is_secret(given, expected) is opens
