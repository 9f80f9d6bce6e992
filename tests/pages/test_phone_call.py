"""Phone calls on the Live page: begun, answered, told what to do, hung up."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from app.phone_settings import Answering
from components.phone_words import caller_words
from pages import _live, _live_begin, _phone
from services.domain.calls import Consent, Direction
from services.domain.errors import HeldElsewhere, PhoneCallGone, TelephonyUnavailable
from services.domain.live_calls import LiveSource, LiveState
from services.domain.people import Role, User
from services.domain.phone import PhoneService, PhoneWay
from services.providers.capabilities import Readiness
from services.telephony.acs.orders import PhoneStanding, RingingCall
from services.telephony.acs.ringing import Ringing
from services.telephony.acs.wire.incoming import IncomingCall
from services.telephony.acs.wire.wishes import Masking, PhoneWish
from tests.pages.conftest import as_read, press
from tests.pages.conftest import texts as written
from tests.pages.phone_stand_ins import FACTS, StagedPhone, on_the_phone

NUMBER = "+14255550123"
CALLER = "+4989998877"


def texts(page):
    """What stands there, without what keeps it from being read as Markdown."""
    return written(page).replace("\\", "")


@pytest.fixture
def views(monkeypatch):
    """What the view of a live call is told to show."""
    shown = []
    for module in (_live, _live_begin):
        monkeypatch.setattr(module, "draw_live_recorder", lambda order: None)
    monkeypatch.setattr(_live, "draw_live_view", lambda order: shown.append(order))
    return shown


@pytest.fixture
def phone(staged, views):
    """A telephone that is set up; what it holds is among the live calls."""
    staged.settings = staged.settings.model_copy(
        update={
            "acs_caller_number": "+14255550100",
            "phone_prefix_list": "+1",
            "acs_event_secret": SecretStr("s" * 16),
        }
    )
    staged.phone = StagedPhone(
        ready=Readiness(ready=True),
        on_begun=lambda call: staged.live.calls.update({call.id: call}),
    )
    return staged.phone


@pytest.fixture
def page(phone, open_page):
    """The Live page with the phone chosen."""
    return choose_phone(open_page("live_call"))


def choose_phone(page):
    page.radio(key="live_source").set_value(LiveSource.PHONE).run()
    assert not page.exception, page.exception
    return page


def call_number(page, number=NUMBER):
    page.text_input(key="phone_number").set_value(number)
    return press(page, "Call")


class TestNotSetUp:
    def test_one_sentence_names_the_settings(self, staged, views, open_page):
        page = choose_phone(open_page("live_call"))
        (said,) = page.info
        assert "set ACS_ENDPOINT and ACS_ACCESS_KEY" in said.value.replace("\\", "")
        assert not [b for b in page.button if b.label in {"Call", "Join"}]

    def test_other_reasons_are_told_as_they_are(self, phone, open_page):
        phone.ready = Readiness(ready=False, hint="Its package is not installed.")
        (said,) = choose_phone(open_page("live_call")).info
        assert said.value.replace("\\", "") == "Its package is not installed."


class TestPartlySetUp:
    def without(self, staged, open_page, **changes):
        staged.settings = staged.settings.model_copy(update=changes)
        return choose_phone(open_page("live_call"))

    def test_without_a_number_of_ones_own_none_is_called(self, phone, staged, open_page):
        page = self.without(staged, open_page, acs_caller_number=None)
        assert "ACS_CALLER_NUMBER is not set" in texts(page)
        assert [b.label for b in page.button if b.label in {"Call", "Join"}] == ["Join"]

    def test_without_beginnings_of_numbers_none_is_called(self, phone, staged, open_page):
        page = self.without(staged, open_page, phone_prefix_list="")
        assert "PARTYLINE_PHONE_PREFIXES is not set" in texts(page)
        assert [b.label for b in page.button if b.label in {"Call", "Join"}] == ["Join"]

    def test_without_a_secret_nobody_rings(self, phone, staged, open_page):
        page = self.without(staged, open_page, acs_event_secret=None)
        assert "ACS_EVENT_SECRET is not set" in texts(page)
        assert "Nobody is calling" not in texts(page)

    def test_what_is_answered_by_rule_does_not_ring(self, phone, staged, open_page):
        page = self.without(staged, open_page, acs_answer=Answering.RULE)
        assert "answered at once by this server" in texts(page)

    def test_the_usual_languages_are_those_that_are_set(self, phone, staged, open_page):
        page = self.without(staged, open_page, acs_locales="de-AT, en-GB")
        assert page.multiselect(key="phone_locales").value == ["de-AT", "en-GB"]


class TestPlacing:
    def test_a_number_is_called_with_what_is_chosen(self, page, phone, views):
        page.multiselect(key="phone_locales").set_value(["de-DE"]).run()
        page.toggle(key="phone_intermediate").set_value(False).run()
        page.toggle(key="phone_redact").set_value(False).run()
        page.toggle(key="phone_sentiment").set_value(True).run()
        page.toggle(key="phone_summary").set_value(True).run()
        page.selectbox(key="phone_summary_locale").set_value("en-GB").run()
        page.selectbox(key="phone_masking").set_value(Masking.CHARACTER.value).run()
        page.text_input(key="phone_model").set_value(" my-model ").run()
        page.text_input(key="live_agent").set_value("Nora Fields").run()
        call_number(page)
        ((way, number, order),) = phone.ordered
        assert (way, number) == (PhoneWay.PLACED.value, NUMBER)
        assert order.wish == PhoneWish(
            locales=("de-DE",),
            intermediate=False,
            sentiment=True,
            summary=True,
            summary_locale="en-GB",
            masking=Masking.CHARACTER,
            model="my-model",
        )
        assert (order.options.provider, order.options.language) == ("acs", "de-DE")
        assert order.options.redact is False
        assert (order.details.agent_name, order.details.direction) == (
            "Nora Fields",
            Direction.OUTBOUND,
        )
        assert NUMBER[-4:] not in order.name
        assert page.query_params["live"] == "c1"
        assert views[-1].call_id == "c1"
        assert not views[-1].can_stop
        assert views[-1].languages == []

    def test_usually_little_is_asked_for(self, page, phone):
        call_number(page)
        ((_, _, order),) = phone.ordered
        assert order.wish == PhoneWish(locales=("en-US",))
        assert order.options.redact

    def test_several_languages_are_told_apart_by_the_service(self, page, phone):
        page.multiselect(key="phone_locales").set_value(["en-US", "es-MX"]).run()
        call_number(page)
        ((_, _, order),) = phone.ordered
        assert order.wish.locales == ("en-US", "es-MX")
        assert order.options.language is None

    def test_a_call_can_be_connected_only(self, page, phone):
        page.toggle(key="phone_at_once").set_value(False).run()
        call_number(page)
        assert phone.ordered[0][2].wish.starts_at_once is False

    @pytest.mark.parametrize("typed", ["+1 425 555-0123", "+1 (425) 555.0123", f" {NUMBER} "])
    def test_numbers_may_be_written_as_people_do(self, page, phone, typed):
        call_number(page, typed)
        assert phone.ordered[0][1] == NUMBER

    @pytest.mark.parametrize("typed", ["", "4255550123", "0049 89 1", "+1425555CALL", "+0123456"])
    def test_what_is_no_number_is_one_sentence(self, page, phone, typed):
        call_number(page, typed)
        assert [e.value.replace("\\", "") for e in page.error] == [
            "A phone number is given as in +14255550123."
        ]
        assert not phone.ordered

    def test_a_language_that_is_typed_has_a_region(self, page, phone):
        page.multiselect(key="phone_locales").set_value(["nb"]).run()
        assert "given with its region, as in en-US" in texts(page)
        assert not [b for b in page.button if b.label == "Call"]
        page.multiselect(key="phone_locales").set_value(["nb-NO"]).run()
        call_number(page)
        assert phone.ordered[0][2].wish.locales == ("nb-NO",)

    def test_some_language_is_spoken(self, page, phone):
        page.multiselect(key="phone_locales").set_value([]).run()
        assert "needs the language that is spoken" in texts(page)
        assert not [b for b in page.button if b.label == "Call"]

    def test_trouble_is_one_sentence_and_the_page_stays(self, page, phone):
        phone.refusal = TelephonyUnavailable()
        call_number(page)
        assert TelephonyUnavailable().user_message in texts(page)
        assert "live" not in page.query_params
        phone.refusal = None
        call_number(page)
        assert phone.ordered

    def test_everybody_is_told_first_where_that_is_asked_for(self, page, phone, staged):
        staged.settings = staged.settings.model_copy(update={"consent_required": True})
        page.run()
        call_number(page)
        assert "Tick the box" in texts(page)
        assert not phone.ordered
        page.checkbox(key="phone_consent").set_value(True).run()
        page.button_group(key="phone_consent_way").set_value(Consent.ASKED).run()
        call_number(page)
        ((_, _, order),) = phone.ordered
        assert order.details.consent is Consent.ASKED


class TestJoining:
    def test_a_room_is_joined(self, page, phone):
        page.text_input(key="phone_room").set_value(" room-7 ")
        press(page, "Join")
        ((way, room, order),) = phone.ordered
        assert (way, room) == (PhoneWay.JOINED.value, "room-7")
        assert order.details.direction is None

    def test_a_room_has_an_id(self, page, phone):
        press(page, "Join")
        assert "The id of a room is needed" in texts(page)
        assert not phone.ordered

    def test_its_language_stays(self, page, phone):
        """The service refuses it, so it isn't offered."""
        page.text_input(key="phone_room").set_value("room-7")
        press(page, "Join")
        assert "doesn't change the language of a call that was joined in a room" in texts(page)
        assert not [b for b in page.button if b.label == "Change language"]


class TestAnswering:
    @pytest.fixture
    def ringing(self, phone):
        rings = Ringing()
        rings.ring(IncomingCall(id="e1", context="c", caller="4:" + CALLER))
        call = replace(rings.all()[0], id="r1")
        phone.ringing = [call]
        return call

    def test_nobody_calls(self, page):
        assert "Nobody is calling at the moment." in texts(page)

    def test_who_calls_is_masked(self, ringing, page):
        assert "A number ending in 877" in texts(page)
        assert CALLER[-4:] not in str(page.main)

    def test_names_of_callers_are_shown_as_they_are(self, ringing, phone, page):
        hostile = "**Bank** [click](http://evil.test) <b>x</b>"
        phone.ringing = [replace(ringing, caller_name=hostile)]
        page.run()
        assert not [m for m in page.markdown if "[click](http://evil.test)" in m.value]
        assert hostile in as_read(page).replace("\u2060", "")

    def test_whom_one_answers_is_transcribed_as_chosen(self, ringing, page, phone):
        page.multiselect(key="phone_locales").set_value(["fr-FR"]).run()
        page.button(key="phone_answer_r1").click().run()
        ((way, incoming_id, order),) = phone.ordered
        assert (way, incoming_id) == (PhoneWay.ANSWERED.value, "r1")
        assert order.wish.locales == ("fr-FR",)
        assert order.details.direction is Direction.INBOUND
        assert page.query_params["live"] == "c1"

    def test_who_has_hung_up_meanwhile_is_told(self, ringing, page, phone, monkeypatch):
        def gone(*_):
            raise PhoneCallGone

        monkeypatch.setattr(phone, "answer", gone)
        page.button(key="phone_answer_r1").click().run()
        assert PhoneCallGone().user_message in texts(page)

    def test_a_list_that_can_not_be_had_is_one_sentence(self, page, phone):
        phone.refusal = TelephonyUnavailable()
        page.run()
        assert TelephonyUnavailable().user_message in texts(page)


@pytest.mark.parametrize(
    ("caller", "name", "words"),
    [
        ("+••••••••123", None, "A number ending in 123"),
        ("+••••••••123", "", "A number ending in 123"),
        ("+••••••••123", "Robert  Hale", "Robert Hale, number ending in 123"),
        (None, "Robert Hale", "Robert Hale"),
        (None, "", "Somebody whose number is withheld"),
        (None, None, "Somebody whose number is withheld"),
    ],
)
def test_callers_are_named_without_their_numbers(caller, name, words):
    call = RingingCall(id="r", at=datetime.now(UTC), caller=caller, caller_name=name)
    assert caller_words(call) == words


class TestWhileItIsHeld:
    @pytest.fixture
    def held(self, page, phone):
        """A call that was placed from here."""
        page.toggle(key="phone_sentiment").set_value(True).run()
        return call_number(page)

    def test_until_somebody_picks_up_that_is_said(self, held, staged):
        assert "Nothing has been heard yet" not in texts(held)
        staged.live.change("c1", received_ms=0)
        held.run()
        assert "Nothing has been heard yet" in texts(held)

    def test_the_language_is_changed(self, held, staged):
        assert next(b for b in held.button if b.label == "Change language").disabled
        held.selectbox(key="phone_c1_locale").set_value("es-MX").run()
        press(held, "Change language")
        assert staged.live.asked == [("speak", "c1", "es-MX")]

    def test_of_several_languages_it_goes_on_in_one(self, held, phone, staged):
        wish = PhoneWish(locales=("en-US", "es-MX"))
        phone.standings["c1"] = PhoneStanding(wish=wish, is_transcribed=True)
        held.run()
        assert held.selectbox(key="phone_c1_locale").label == (
            "Language (now English (US) or Spanish (MX))"
        )
        press(held, "Change language")
        assert staged.live.asked == [("speak", "c1", "en-US")]

    def test_the_service_is_asked_for_a_summary(self, held, phone):
        press(held, "Service's summary so far")
        assert phone.asked == [("summary", "c1")]
        assert any("writes a summary" in str(toast.value) for toast in held.toast)

    def test_transcription_is_stopped_and_started_as_it_was_or_otherwise(self, held, phone):
        press(held, "Stop transcription")
        assert phone.asked == [("stop", "c1")]
        assert "is not being transcribed at the moment" in texts(held)
        assert not [b for b in held.button if b.label == "Change language"]
        assert not [t for t in held.toggle if t.label == "Unfinished lines"]
        held.multiselect(key="phone_c1_again_locales").set_value(["de-DE", "en-GB"]).run()
        press(held, "Start transcription")
        started = PhoneWish(locales=("de-DE", "en-GB"), sentiment=True)
        assert phone.asked[-1] == ("start", "c1", started)
        assert [b for b in held.button if b.label == "Stop transcription"]

    def test_unfinished_lines_stay_as_they_were_asked_for(self, held, phone):
        wish = PhoneWish(locales=("en-US",), intermediate=False)
        phone.standings["c1"] = PhoneStanding(wish=wish, is_transcribed=False)
        held.run()
        assert "Unfinished lines don't appear: that was settled" in texts(held)
        press(held, "Start transcription")
        assert phone.asked[-1] == ("start", "c1", wish)

    @pytest.mark.parametrize(
        ("chosen", "for_everyone"), [(None, False), ("End it for everyone", True)]
    )
    def test_hanging_up_is_asked_about(self, held, phone, chosen, for_everyone):
        press(held, "Hang up")
        assert not phone.asked
        assert "What was said so far is kept" in texts(held)
        if chosen:
            held.radio(key="hang_up_how").set_value(chosen)
        held.button(key="hang_up_yes").click().run()
        assert phone.asked == [("hang up", "c1", for_everyone)]

    def test_it_goes_on_when_that_was_a_mistake(self, held, phone):
        press(held, "Hang up")
        held.button(key="hang_up_no").click().run()
        assert not phone.asked
        assert not [b for b in held.button if b.key == "hang_up_yes"]

    def test_trouble_is_one_sentence_until_something_works(self, held, phone):
        phone.refusal = TelephonyUnavailable()
        press(held, "Service's summary so far")
        assert TelephonyUnavailable().user_message in texts(held)
        held.run()
        assert TelephonyUnavailable().user_message in texts(held)
        phone.refusal = None
        press(held, "Service's summary so far")
        assert TelephonyUnavailable().user_message not in texts(held)

    def test_its_ids_can_be_copied(self, held):
        assert [c.value for c in held.code] == ["connection-1", "correlation-1"]
        assert held.expander[0].label == "Azure Communication Services, called from here"

    def test_a_call_of_another_process_says_so(self, held, phone, monkeypatch):
        def elsewhere(*_):
            raise HeldElsewhere

        monkeypatch.setattr(phone, "standing", elsewhere)
        held.run()
        assert HeldElsewhere().user_message in texts(held)
        assert not [b for b in held.button if b.label == "Hang up"]

    def test_who_only_reads_is_offered_nothing(self, held, staged, monkeypatch):
        viewer = User(id="v", name="V", org_id="local", role=Role.VIEWER)
        monkeypatch.setattr("app.session.current_user", lambda: viewer)
        held.run()
        assert not [b for b in held.button if b.label in {"Hang up", "Change language"}]
        assert held.code

    def test_its_end_says_that_there_is_no_recording(self, held, staged):
        staged.live.change("c1", state=LiveState.FINISHING)
        held.run()
        assert "there is no recording of it" in held.info[0].value
        assert not [b for b in held.button if b.label == "Hang up"]

    def test_what_ends_by_itself_can_not_be_told_anything_more(self, held, staged, monkeypatch):
        """The fragment looks by itself, before the page is drawn anew."""
        drawn = []
        monkeypatch.setattr(_phone, "draw_controls", lambda *given: drawn.append(given))
        staged.live.change("c1", state=LiveState.FINISHING)
        _phone._draw_controls("c1", "A call", FACTS)
        staged.live.land("c1")
        _phone._draw_controls("c1", "A call", FACTS)
        assert not drawn

    def test_a_call_that_is_streamed_here_is_ended_in_its_view(self, page, staged, views):
        """Its telephone service takes no orders: what ends is our listening."""
        facts = PhoneService.TWILIO
        staged.live.calls["c2"] = on_the_phone(
            "c2", phone=FACTS.__class__(service=facts, way=PhoneWay.STREAMED, connection_id="x")
        )
        page.query_params["live"] = "c2"
        page.run()
        assert not page.exception, page.exception
        assert views[-1].can_stop
        assert not [b for b in page.button if b.label == "Hang up"]
        assert "Twilio, held elsewhere, listened to here" in page.expander[0].label
