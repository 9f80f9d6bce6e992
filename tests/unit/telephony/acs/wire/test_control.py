"""Control of phone calls: every option on the wire, refusals with their reason, errors."""

import base64
from collections.abc import Iterator

import pytest

from emulators.acs.handler import Spoilt
from emulators.acs.plans import CallPlan
from emulators.acs.server import AcsEmulator
from services.domain.errors import (
    BadSettings,
    InvalidRequest,
    PartylineError,
    PhoneCallGone,
    TelephonyBusy,
    TelephonyRefusedKey,
    TelephonyRejected,
    TelephonyUnavailable,
    UnsupportedOption,
)
from services.telephony.acs.wire.access import AcsAccess, access_of
from services.telephony.acs.wire.control import AcsControl
from services.telephony.acs.wire.wishes import Masking, PhoneWish, masking_of

SPEECH = "https://speech.example.org"
CALLER, CALLEE = "+14255550100", "+14255550123"
ONE = PhoneWish(locales=("en-US",), starts_at_once=False)
ALL = PhoneWish(
    locales=("en-US", "es-ES"),
    intermediate=True,
    model="11111111-2222-3333-4444-555555555555",
    masking=Masking.CHARACTER,
    sentiment=True,
    summary=True,
    summary_locale="en-GB",
    starts_at_once=False,
)
ALL_ON_THE_WIRE = {
    "locales": ["en-US", "es-ES"],
    "speechModelEndpointId": "11111111-2222-3333-4444-555555555555",
    "piiRedactionOptions": {"enable": True, "redactionType": "maskWithCharacter"},
    "enableSentimentAnalysis": True,
    "summarizationOptions": {"enableEndCallSummary": True, "locale": "en-GB"},
}


@pytest.fixture
def service() -> Iterator[AcsEmulator]:
    with AcsEmulator(CallPlan(rounds=0)) as emulator:
        yield emulator


@pytest.fixture
def control(service) -> Iterator[AcsControl]:
    control = controlling(service)
    yield control
    control.close()


def controlling(service: AcsEmulator, key: str | None = None) -> AcsControl:
    access = AcsAccess(
        endpoint=service.endpoint + "/", key=key or service.key, speech_endpoint=SPEECH
    )
    return AcsControl(
        access,
        callback_url="http://127.0.0.1:9/acs/events",
        transport_url="ws://127.0.0.1:9/acs/transcription",
    )


def test_a_call_to_a_number_carries_every_option(service, control):
    connection = control.call(CALLEE, ALL, caller=CALLER, context="call-1")
    (asked,) = service.asked("/callConnections")
    assert asked["targets"] == [{"rawId": f"4:{CALLEE}", "phoneNumber": {"value": CALLEE}}]
    assert asked["sourceCallerIdNumber"] == {"value": CALLER}
    assert asked["callbackUri"] == "http://127.0.0.1:9/acs/events"
    assert asked["operationContext"] == "call-1"
    assert asked["callIntelligenceOptions"] == {"cognitiveServicesEndpoint": SPEECH}
    assert asked["transcriptionOptions"] == ALL_ON_THE_WIRE | {
        "transportUrl": "ws://127.0.0.1:9/acs/transcription",
        "transportType": "websocket",
        "startTranscription": False,
        "enableIntermediateResults": True,
    }
    assert connection.connection_id == service.calls[0].connection_id
    assert connection.correlation_id
    assert connection.goes_on


@pytest.mark.parametrize("starts_at_once", [True, False])
@pytest.mark.parametrize("intermediate", [True, False])
def test_one_locale_is_sent_as_one(service, control, starts_at_once, intermediate):
    wish = PhoneWish(locales=("de-DE",), intermediate=intermediate, starts_at_once=starts_at_once)
    control.call(CALLEE, wish, caller=CALLER)
    options = service.asked("/callConnections")[0]["transcriptionOptions"]
    assert options["locale"] == "de-DE"
    assert "locales" not in options
    assert options["enableSentimentAnalysis"] is False
    assert options["startTranscription"] is starts_at_once
    assert options["enableIntermediateResults"] is intermediate
    assert not {"piiRedactionOptions", "summarizationOptions"} & options.keys()


def test_an_incoming_call_is_answered_with_its_context(service, control):
    control.answer("what the event carried", ALL, context="call-2")
    (asked,) = service.asked(":answer")
    assert asked["incomingCallContext"] == "what the event carried"
    assert asked["operationContext"] == "call-2"
    assert ALL_ON_THE_WIRE.items() <= asked["transcriptionOptions"].items()


def test_a_room_is_joined(service, control):
    control.join_room("99400000000", ALL)
    (asked,) = service.asked(":connect")
    assert asked["callLocator"] == {"kind": "roomCallLocator", "roomId": "99400000000"}
    assert ALL_ON_THE_WIRE.items() <= asked["transcriptionOptions"].items()
    assert asked["callIntelligenceOptions"] == {"cognitiveServicesEndpoint": SPEECH}


def test_transcription_starts_with_every_option_that_it_can_have(service, control):
    held = control.call(CALLEE, ONE, caller=CALLER).connection_id
    control.start(held, ALL, intermediate_before=True, context="again")
    assert service.asked(":startTranscription") == [ALL_ON_THE_WIRE | {"operationContext": "again"}]


def test_transcription_starts_in_one_locale(service, control):
    held = control.call(CALLEE, ONE, caller=CALLER).connection_id
    control.start(held, ONE, intermediate_before=True)
    asked = {"locale": "en-US", "enableSentimentAnalysis": False}
    assert service.asked(":startTranscription") == [asked]


def test_the_language_changes_with_and_without_a_model(service, control):
    held = control.call(CALLEE, ONE, caller=CALLER).connection_id
    control.switch(held, "es-ES")
    control.switch(held, "es-ES", model="our-model", context="switch")
    assert service.asked(":updateTranscription") == [
        {"locale": "es-ES"},
        {"locale": "es-ES", "speechModelEndpointId": "our-model", "operationContext": "switch"},
    ]


def test_a_call_is_summarised_stopped_looked_up_and_hung_up(service, control):
    held = control.call(CALLEE, ONE, caller=CALLER).connection_id
    control.summarise(held, locale="en-GB", context="so far")
    control.stop(held, context="enough")
    assert service.asked(":summarizeCall") == [
        {"summarizationOptions": {"locale": "en-GB"}, "operationContext": "so far"}
    ]
    assert service.asked(":stopTranscription") == [{"operationContext": "enough"}]
    found = control.look_up(held)
    assert found is not None
    assert (found.state, found.is_transcribed, found.locale) == ("connected", False, "en-US")
    assert found.participants == ("8:acs:emulated-agent", f"4:{CALLEE}")
    control.hang_up(held)
    control.hang_up(held)
    assert control.look_up(held) is None
    assert service.requests[-2].method == "DELETE"


def test_everyone_is_hung_up(service, control):
    held = control.call(CALLEE, ONE, caller=CALLER).connection_id
    control.hang_up(held, for_everyone=True)
    assert service.asked(":terminate") == [{}]
    assert control.look_up(held) is None


def test_what_the_sdk_cannot_send_is_refused_before_anything_is_sent(service, control):
    held = control.call(CALLEE, ONE, caller=CALLER).connection_id
    asked = len(service.requests)
    without = PhoneWish(locales=("en-US",), intermediate=False)
    with pytest.raises(UnsupportedOption, match="Unfinished lines"):
        control.start(held, without, intermediate_before=True)
    with pytest.raises(UnsupportedOption, match="can't be detected"):
        control.switch(held, "en-US", "es-ES")
    with pytest.raises(UnsupportedOption, match="maskWithCharacter only"):
        masking_of("replaceWithLabel")
    assert len(service.requests) == asked
    assert masking_of("MASKWITHCHARACTER") is Masking.CHARACTER


def test_without_a_speech_resource_nothing_is_asked(service):
    control = AcsControl(
        AcsAccess(endpoint=service.endpoint, key=service.key),
        callback_url="http://127.0.0.1:9/",
        transport_url="ws://127.0.0.1:9/",
    )
    with pytest.raises(UnsupportedOption, match="speech resource"):
        control.call(CALLEE, ONE, caller=CALLER)
    assert service.requests == []


@pytest.mark.parametrize("locales", [(), ("en",), ("en-US",) * 11, ("english",)])
def test_locales_have_a_region_and_are_a_few(locales):
    with pytest.raises(InvalidRequest):
        PhoneWish(locales=locales)


@pytest.mark.parametrize("number", ["", "4255550123", "+0123456", "+1425555012345678", "+1 425"])
def test_numbers_are_international(control, service, number):
    with pytest.raises(InvalidRequest):
        control.call(number, ONE, caller=CALLER)
    with pytest.raises(InvalidRequest):
        control.call(CALLEE, ONE, caller=number)
    assert service.requests == []


def test_a_wrong_key_is_refused_by_its_signature(service):
    control = controlling(service, base64.b64encode(b"another key").decode())
    with pytest.raises(TelephonyRefusedKey):
        control.call(CALLEE, ONE, caller=CALLER)
    assert [one.refused for one in service.requests] == ["signature"]
    assert service.calls == []
    control.close()


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, TelephonyRejected),
        (403, TelephonyRefusedKey),
        (404, PhoneCallGone),
        (408, TelephonyUnavailable),
        (429, TelephonyBusy),
        (500, TelephonyUnavailable),
        (503, TelephonyUnavailable),
        (302, TelephonyRejected),
    ],
)
def test_a_failure_is_one_of_ours_and_asked_once(service, control, status, error):
    held = control.call(CALLEE, ONE, caller=CALLER).connection_id
    service.fails_with = status
    asked = len(service.requests)
    with pytest.raises(error) as raised:
        control.stop(held)
    assert type(raised.value) is error
    assert raised.value.__cause__ is None
    assert len(service.requests) == asked + 1


def test_a_service_that_is_away_is_unavailable(service, control):
    service.stop()
    with pytest.raises(TelephonyUnavailable):
        control.look_up("some-call")


def test_a_call_that_is_over_is_gone(control):
    with pytest.raises(PhoneCallGone):
        control.start("not-a-call", ONE, intermediate_before=True)


@pytest.mark.parametrize(
    "given",
    [
        {"endpoint": "http://comms.example.org", "key": "a2V5"},
        {"endpoint": "https://comms.example.org", "key": "no key"},
        {"endpoint": "https://comms.example.org", "key": ""},
        {"endpoint": "https://c.example.org", "key": "a2V5", "speech_endpoint": "http://s.org"},
    ],
)
def test_access_that_tells_secrets_or_cannot_sign_is_refused(given):
    with pytest.raises(BadSettings):
        AcsAccess(**given)


def test_a_connection_string_is_read_and_hides_its_key():
    access = access_of("endpoint=https://comms.example.org/;accesskey=a2V5a2V5")
    assert (access.endpoint, access.key) == ("https://comms.example.org", "a2V5a2V5")
    assert "a2V5a2V5" not in repr(access)
    with pytest.raises(BadSettings):
        access_of("endpoint=https://comms.example.org/")


def test_callbacks_over_open_ways_are_refused():
    access = AcsAccess(endpoint="https://comms.example.org", key="a2V5")
    with pytest.raises(BadSettings):
        AcsControl(access, callback_url="http://we.example.org", transport_url="wss://we.org")


def test_all_errors_are_ours(service, control):
    with pytest.raises(PartylineError):
        control.answer("", ONE)


@pytest.mark.parametrize("how", list(Spoilt))
def test_a_request_may_have_been_carried_out_whose_answer_is_spoilt(
    service: AcsEmulator, control: AcsControl, how: Spoilt
) -> None:
    service.spoils = how
    with pytest.raises(TelephonyUnavailable):
        control.call(CALLEE, ONE, caller=CALLER)
    assert len(service.calls) == 1
