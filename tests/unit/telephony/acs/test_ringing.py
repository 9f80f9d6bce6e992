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
    assert masked(None) is None
    assert masked_digits("12") == "12"
