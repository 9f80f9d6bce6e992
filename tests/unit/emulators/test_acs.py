"""Whole phone calls between the emulated service and what receives them."""

import base64
from contextlib import ExitStack

import httpx
import pytest

from emulators.acs.plans import CallPlan
from emulators.acs.script import CUSTOMER, PhoneLine, dialogue
from emulators.acs.server import AcsEmulator
from emulators.acs.tokens import TokenKind
from services.domain.live import Final, LanguageTold, Partial, SpeakerTold
from services.domain.speech import SentimentLabel
from services.telephony.acs.wire.access import AcsAccess
from services.telephony.acs.wire.control import AcsControl
from services.telephony.acs.wire.events import PhoneEventKind
from services.telephony.acs.wire.wishes import Masking, PhoneWish
from tests.threads import no_thread_left
from tests.unit.telephony.acs.receiver import Receiver

SPEECH = "https://speech.example.org"
WISH = PhoneWish(locales=("en-US",), masking=Masking.CHARACTER, sentiment=True, summary=True)
FAST = CallPlan(speed=0, rounds=1)


class Phones:
    """The service, who receives its calls, and who controls them."""

    def __init__(self, *plans):
        self._stack = ExitStack()
        self.service = AcsEmulator(*(plans or (FAST,)))

    def __enter__(self):
        self._stack.enter_context(no_thread_left())
        self._stack.enter_context(self.service)
        self.receiver = self._stack.enter_context(Receiver(self.service))
        self.control = AcsControl(
            AcsAccess(endpoint=self.service.endpoint, key=self.service.key, speech_endpoint=SPEECH),
            callback_url=self.receiver.callback_url,
            transport_url=self.receiver.transport_url,
        )
        self._stack.callback(self.control.close)
        return self

    def __exit__(self, *about):
        self.service.stop()
        return self._stack.__exit__(*about)

    def call(self, wish=WISH):
        return self.control.call("+14255550123", wish, caller="+14255550100").connection_id

    def kinds(self):
        return [event.kind.value for event in self.receiver.told]

    def finals(self, held):
        found = self.receiver.events.get(held, [])
        return [event.line for event in list(found) if isinstance(event, Final)]


def test_a_call_is_placed_transcribed_summarised_and_hung_up():
    with Phones() as phones:
        held = phones.call()
        phones.receiver.wait(lambda: len(phones.finals(held)) == 8)
        found = phones.control.look_up(held)
        assert found is not None
        assert found.is_transcribed
        phones.control.summarise(held, context="so far")
        phones.control.hang_up(held)
        phones.receiver.wait(lambda: "CallDisconnected" in phones.kinds())
        assert phones.kinds() == [
            "CallConnected",
            "ParticipantsUpdated",
            "TranscriptionStarted",
            "TranscriptionCallSummaryUpdated",
            "TranscriptionCallSummaryUpdated",
            "CallDisconnected",
        ]
        assert phones.receiver.told[3].context == "so far"
        assert phones.receiver.told[3].message
        lines = phones.finals(held)
        assert lines[3].text == "It's ***********, and the number is ************."
        assert lines[1].provider_sentiment.label is SentimentLabel.NEGATIVE
        assert [line.speaker for line in lines] == ["s1", "s2"] * 4
        (language,) = (e for e in phones.receiver.events[held] if isinstance(e, LanguageTold))
        assert (language.language, language.chosen) == ("en", False)
        headers = phones.receiver.headers[0]
        assert headers["x-ms-call-connection-id"] == held
        assert headers["x-ms-call-correlation-id"] == found.correlation_id
        counts = phones.receiver.sessions[held].counts
        # The metadata, eight finals, and three unfinished lines before each.
        assert counts.taken == phones.service.calls[0].frames == 1 + 8 * 4
        assert phones.service.calls[0].dialled == 1


@pytest.mark.parametrize("kind", [kind for kind in TokenKind if kind is not TokenKind.GOOD])
def test_who_is_not_the_service_gets_no_further(kind):
    plan = CallPlan(speed=0, tokens=kind, callback_tokens=kind)
    with Phones(plan) as phones:
        phones.call()
        phones.receiver.wait(lambda: len(phones.service.calls[0].callbacks) == 3)
        assert phones.service.calls[0].callbacks == [
            ("CallConnected", 401),
            ("ParticipantsUpdated", 401),
            ("TranscriptionFailed", 401),
        ]
        assert phones.service.calls[0].refused == 1
        assert phones.receiver.refused == 4
        assert phones.receiver.sessions == {}
        assert phones.receiver.told == []


def test_keys_may_change_between_calls():
    with Phones() as phones:
        first = phones.call()
        phones.receiver.wait(lambda: len(phones.finals(first)) == 8)
        phones.receiver.check._keys._asked_at = None
        phones.service.issuer.rotate(withdraw=True)
        second = phones.call()
        phones.receiver.wait(lambda: len(phones.finals(second)) == 8)
        assert phones.service.keys_asked == 2


def test_malformed_and_repeated_frames_and_events_change_nothing():
    plan = CallPlan(speed=0, malformed_every=2, repeat_every=4, callbacks_twice=True, renamed=True)
    with Phones(plan) as phones:
        held = phones.call()
        phones.receiver.wait(lambda: held in phones.receiver.sessions)
        phones.receiver.wait(lambda: phones.receiver.sessions[held].counts.repeated == 8)
        counts = phones.receiver.sessions[held].counts
        assert (counts.malformed, counts.repeated, counts.taken) == (16, 8, 33)
        assert len(phones.finals(held)) == 8
        phones.receiver.wait(lambda: len(phones.service.calls[0].callbacks) == 6)
        assert phones.kinds() == ["CallConnected", "ParticipantsUpdated", "TranscriptionStarted"]


def test_a_lost_connection_is_not_dialled_again_unless_asked():
    with Phones(CallPlan(speed=0, drop_after_frames=8)) as phones:
        held = phones.call()
        phones.receiver.wait(lambda: "TranscriptionFailed" in phones.kinds())
        failed = phones.receiver.told[-1]
        assert (failed.code, failed.subcode) == (500, 8579)
        assert failed.detail == "streamConnectionInterrupted"
        assert not phones.receiver.sessions[held].is_connected
        assert phones.service.calls[0].dialled == 1
        found = phones.control.look_up(held)
        assert found is not None
        assert (found.goes_on, found.is_transcribed) == (True, False)
        phones.control.start(held, WISH, intermediate_before=True)
        phones.receiver.wait(lambda: phones.kinds().count("TranscriptionFailed") == 2)
        assert phones.service.calls[0].dialled == 2


def test_a_receiver_that_is_away_fails_the_transcription_once():
    with Phones() as phones:
        phones.service.dial("ws://127.0.0.1:9/", callback_url=phones.receiver.callback_url)
        phones.receiver.wait(lambda: "TranscriptionFailed" in phones.kinds())
        assert phones.receiver.told[-1].subcode == 8578
        assert phones.service.calls[0].dialled == 1


def test_the_language_changes_in_mid_call_but_not_in_a_room():
    with Phones() as phones:
        held = phones.call()
        phones.receiver.wait(lambda: "TranscriptionStarted" in phones.kinds())
        phones.control.switch(held, "es-ES")
        phones.receiver.wait(lambda: "TranscriptionUpdated" in phones.kinds())
        found = phones.control.look_up(held)
        assert found is not None
        assert found.locale == "es-ES"
        room = phones.control.join_room("99400000000", WISH).connection_id
        phones.control.switch(room, "es-ES")
        phones.receiver.wait(lambda: "TranscriptionFailed" in phones.kinds())
        assert (phones.receiver.told[-1].code, phones.receiver.told[-1].subcode) == (405, 8520)


def test_languages_are_identified_when_there_is_a_choice():
    lines = [
        PhoneLine(text="Hello.", start_ms=0, end_ms=1_000),
        PhoneLine(text="Hola.", start_ms=1_500, end_ms=2_500, language="es-ES"),
    ]
    with Phones(CallPlan(speed=0, lines=lines)) as phones:
        held = phones.call(PhoneWish(locales=("en-US", "es-ES")))
        phones.receiver.wait(lambda: len(phones.finals(held)) == 2)
        languages = [e for e in phones.receiver.events[held] if isinstance(e, LanguageTold)]
        assert [one.language for one in languages] == ["en", "es"]


def test_without_unfinished_lines_there_are_none():
    with Phones() as phones:
        held = phones.call(PhoneWish(locales=("en-US",), intermediate=False))
        phones.receiver.wait(lambda: len(phones.finals(held)) == 8)
        assert not [e for e in phones.receiver.events[held] if isinstance(e, Partial)]
        assert phones.finals(held)[3].text == "It's Robert Hale, and the number is 425 555 0199."


def test_transcription_stops_and_starts_again_while_the_call_goes_on():
    with Phones() as phones:
        held = phones.call(PhoneWish(locales=("en-US",), starts_at_once=False))
        phones.receiver.wait(lambda: "ParticipantsUpdated" in phones.kinds())
        assert phones.service.calls[0].dialled == 0
        phones.control.start(held, WISH, intermediate_before=True)
        phones.receiver.wait(lambda: len(phones.finals(held)) == 8)
        phones.control.stop(held)
        phones.receiver.wait(lambda: "TranscriptionStopped" in phones.kinds())
        phones.receiver.wait(lambda: not phones.receiver.sessions[held].is_connected)
        phones.control.start(held, WISH, intermediate_before=True)
        phones.receiver.wait(lambda: phones.service.calls[0].dialled == 2)
        phones.receiver.wait(lambda: phones.receiver.sessions[held].is_connected)


def test_somebody_calls_and_is_answered():
    with Phones() as phones:
        assert phones.service.validate(phones.receiver.incoming_url())
        assert phones.service.ring(phones.receiver.incoming_url()) == 200
        (call,) = phones.receiver.incoming
        assert call.caller == CUSTOMER
        held = phones.control.answer(call.context, WISH).connection_id
        phones.receiver.wait(lambda: len(phones.finals(held)) == 8)
        assert phones.service.asked(":answer")[0]["incomingCallContext"] == call.context


def test_an_event_without_the_secret_is_none():
    with Phones() as phones:
        assert not phones.service.validate(phones.receiver.incoming_url("guessed"))
        assert phones.service.ring(phones.receiver.incoming_url("")) == 401
        assert phones.receiver.incoming == []


def test_the_other_end_may_hang_up():
    with Phones(CallPlan(speed=0, hangs_up=True)) as phones:
        held = phones.call()
        phones.receiver.wait(lambda: phones.kinds()[-1:] == ["CallDisconnected"])
        assert phones.control.look_up(held) is None


def test_many_calls_at_once_stay_apart():
    with Phones() as phones:
        for _ in range(20):
            phones.service.dial(phones.receiver.transport_url)
        phones.receiver.wait(
            lambda: sum(len(phones.finals(held)) for held in phones.receiver.sessions) == 160
        )
        for held in phones.receiver.sessions:
            assert [line.text for line in phones.finals(held)] == [
                line.said(masked=False) for line in dialogue()
            ]
            heard = [e for e in phones.receiver.events[held] if isinstance(e, SpeakerTold)]
            assert len(heard) == 2


# --- the API's own refusals ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ({}, "unsigned"),
        ({"Authorization": "HMAC-SHA256 SignedHeaders=host&Signature=a"}, "unsigned"),
        (
            {
                "Authorization": "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256"
                "&Signature=a"
            },
            "content",
        ),
    ],
)
def test_requests_that_are_not_signed_are_refused(headers, refused):
    with AcsEmulator() as service, httpx.Client(trust_env=False) as client:
        answer = client.post(f"{service.endpoint}/calling/callConnections", headers=headers)
        assert answer.status_code == 401
        assert [one.refused for one in service.requests] == [refused]


def test_the_key_is_a_key():
    with AcsEmulator() as service:
        assert len(base64.b64decode(service.key)) == 32


def test_it_publishes_where_its_keys_are():
    with AcsEmulator() as service, httpx.Client(trust_env=False) as client:
        page = f"{service.endpoint}/calling/.well-known/acsopenidconfiguration"
        told = client.get(page).json()
        assert told["issuer"] == service.endpoint
        assert len(client.get(told["jwks_uri"]).json()["keys"]) == 1


def test_it_calls_nobody_but_this_machine():
    with Phones() as phones:
        with pytest.raises(Exception, match="BadRequest"):
            phones.service.dial("wss://elsewhere.example.org/")
        assert phones.service.calls == []


def test_all_kinds_it_tells_are_known():
    with Phones(CallPlan(speed=0, hangs_up=True)) as phones:
        phones.call()
        phones.receiver.wait(lambda: phones.kinds()[-1:] == ["CallDisconnected"])
        assert PhoneEventKind.OTHER.value not in phones.kinds()
