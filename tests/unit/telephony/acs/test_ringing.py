"""Calls that ring: for how long, for whom, and what is shown of them."""

import pytest

from services.domain.errors import PhoneCallGone, TelephonyBusy
from services.telephony.acs.ringing import Ringing, masked, masked_digits
from services.telephony.acs.wire.incoming import IncomingCall
from tests.unit.telephony.acs.clock import Clock

CALLER = "4:+14255550123"


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
    assert masked("4:anonymous") is None
    assert masked(None) is None
    assert masked_digits("12") == "12"


@pytest.mark.parametrize(
    ("caller", "name", "shown"),
    [
        (CALLER, None, ("+••••••••123", None)),
        (CALLER, "Robert Hale", ("+••••••••123", "Robert Hale")),
        (CALLER, "+1 425 555 0999", ("+••••••••123", None)),
        (None, "+1 425 555 0999", ("+• ••• ••• •999", None)),
        ("8:acs:0000-1111-2222", "+1 425 555 0999", ("+• ••• ••• •999", None)),
        ("8:acs:0000-1111-2222", "Robert 42", (None, "Robert 42")),
        ("4:anonymous", "", (None, "")),
    ],
)
def test_a_name_that_is_a_number_is_shown_as_one(caller, name, shown):
    ringing = Ringing(Clock())
    ringing.ring(IncomingCall(id="e", context="c", caller=caller, caller_name=name))
    (call,) = ringing.all()
    assert (call.caller, call.caller_name) == shown
