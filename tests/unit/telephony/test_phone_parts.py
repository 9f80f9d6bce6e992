"""Small parts of a phone call: what rings, when it is looked up, how a wish is kept."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from services.domain.calls import ProcessingOptions
from services.domain.errors import InvalidRequest, PhoneCallGone, TelephonyBusy, TelephonyError
from services.domain.live import Final, Gap, GapKind, SpeakerTold
from services.domain.live_calls import LiveSource, LiveState, RunningCall
from services.exports.call_json import utterance_document
from services.telephony.acs.incoming import IncomingCall
from services.telephony.acs.session import PhoneSession
from services.telephony.acs.wishes import Masking, PhoneWish
from services.telephony.looking_up import PAUSES_S, RINGS_FOR_S, SETTLED_S, LookingUp
from services.telephony.resuming import heard_before
from services.telephony.ringing import Ringing, masked, masked_digits
from services.telephony.wish_form import wish_of, wish_text
from tests.unit.telephony.frames import line, metadata

CALLER = "4:+14255550123"
NOW = datetime(2026, 11, 27, tzinfo=UTC)


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


# --- what rings ---------------------------------------------------------------------------------


def incoming(name: str = "") -> IncomingCall:
    return IncomingCall(id="e", context="c", caller=CALLER, caller_name=name or None)


def test_a_call_rings_for_a_minute_and_shows_little_of_the_number():
    clock = Clock()
    ringing = Ringing(clock)
    first = ringing.ring(incoming("Bob 4255550123"))
    clock.now += 30
    second = ringing.ring(incoming())
    assert [one.id for one in ringing.all()] == [second, first]
    shown = ringing.all()[1]
    assert shown.caller == "+••••••••123"
    assert shown.caller_name == "Bob •••••••123"
    clock.now += 31
    assert [one.id for one in ringing.all()] == [second]
    with pytest.raises(PhoneCallGone), ringing.answering(first):
        pass


def test_a_call_is_answered_by_one_and_rings_on_when_that_fails():
    ringing = Ringing(Clock())
    name = ringing.ring(incoming())

    def fail() -> None:
        with ringing.answering(name):
            assert ringing.all() == ()
            raise TelephonyBusy

    with pytest.raises(TelephonyBusy):
        fail()
    with ringing.answering(name) as call:
        assert call.context == "c"
    with pytest.raises(PhoneCallGone), ringing.answering(name):
        pass


def test_who_is_at_no_number_shows_none():
    assert masked("8:acs:somebody") is None
    assert masked(None) is None
    assert masked_digits("12") == "12"


# --- when a call is looked up -------------------------------------------------------------------


def test_a_call_that_the_service_has_left_is_looked_up_at_growing_pauses():
    clock = Clock()
    looking = LookingUp(clock)
    assert not looking.is_due()
    clock.now += RINGS_FOR_S
    assert looking.is_due()
    looking.begin()
    asked = []
    for _ in range(100):
        clock.now += 1
        if looking.is_due():
            asked.append(looking.lasts_s)
    assert asked == [PAUSES_S[0], 2.0 + 5.0, 7.0 + 15.0, 22.0 + 60.0]


def test_the_same_failure_is_told_once():
    clock = Clock()
    looking = LookingUp(clock)
    assert looking.is_news(TelephonyBusy())
    assert not looking.is_news(TelephonyBusy())
    assert looking.is_news(TelephonyError())
    looking.over()
    clock.now += SETTLED_S
    looking.begin()
    assert looking.is_news(TelephonyError())


def test_what_keeps_failing_is_asked_for_at_growing_pauses():
    clock = Clock()
    looking = LookingUp(clock)
    looking.begin()
    asked = []
    for second in range(200):
        clock.now += 1
        if looking.is_due():
            asked.append(second)
            # It comes, and fails at once: that is no new beginning.
            looking.over()
            looking.begin()
            looking.begin()
    pauses = [after - before for before, after in pairwise([-1, *asked])]
    assert pauses == [2, 5, 15, 60, 60]


# --- how a wish is kept -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wish",
    [
        PhoneWish(locales=("en-US",)),
        PhoneWish(
            locales=("de-DE", "fr-FR"),
            intermediate=False,
            model="m",
            masking=Masking.CHARACTER,
            sentiment=True,
            summary=True,
            summary_locale="en-GB",
            starts_at_once=False,
        ),
    ],
)
def test_a_wish_is_read_as_it_was_written(wish):
    assert wish_of(wish_text(wish)) == wish


@pytest.mark.parametrize("text", [None, "", "[]", "{}", '{"masking": "x", "locales": ["en-US"]}'])
def test_what_is_no_wish_is_refused(text):
    with pytest.raises(InvalidRequest):
        wish_of(text)


# --- a call that goes on in another process -----------------------------------------------------


def test_a_call_goes_on_with_its_lines_speakers_and_time():
    clock, events = Clock(), []
    session = PhoneSession("acs", events.append, clock=clock)
    session.connected()
    session.take_frame(metadata())
    for number in range(4):
        clock.now += 1.0
        who = (CALLER, "8:acs:agent")[number % 2]
        start_ms = 1_000 * number
        session.take_frame(line(f"Line {number}.", start_ms, start_ms + 700, who=who))
    told = []
    for event in events:
        if isinstance(event, SpeakerTold):
            who = session.raw_id_of(event.speaker.id)
            told.append({"type": "participant", "raw_id": who, "speaker": event.speaker.id})
            speaker = {**vars(event.speaker), "role": event.speaker.role.value}
            told.append({"type": "speaker", "at_ms": event.at_ms, **speaker})
        elif isinstance(event, Final):
            told.append({"type": "final", "at_ms": 0, **utterance_document(event.line)})
    running = RunningCall(
        id="call",
        org_id="local",
        owner="me",
        name="A call",
        source=LiveSource.PHONE,
        state=LiveState.RECORDING,
        options=ProcessingOptions(provider="acs"),
        channels=1,
        began_at=NOW,
        heartbeat_at=NOW,
        process="p",
        received_ms=4_000,
    )
    before = heard_before(running, told, now_ms=9_000)
    assert before.lines >= 4
    again: list = []
    clock.now += 5.0
    second = PhoneSession("acs", again.append, before=before, clock=clock)
    assert second.sent_ms == 4_000
    clock.now += 2.0
    second.connected()
    assert again == [Gap(kind=GapKind.RECOGNISER_LOST, start_ms=4_000, end_ms=11_000)]
    clock.now += 1.0
    second.take_frame(line("Another line.", 200, 900, who=CALLER))
    (final,) = [one for one in again if isinstance(one, Final)]
    assert final.line.start_ms == 11_200
    assert final.line.speaker == "s1"
    assert final.line.id not in {one["id"] for one in told if one["type"] == "final"}
    assert not [one for one in again if isinstance(one, SpeakerTold)]
