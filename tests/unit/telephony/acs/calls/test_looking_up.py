"""When the service is asked about a call that it tells nothing of."""

from itertools import pairwise

from services.domain.errors import TelephonyBusy, TelephonyError
from services.telephony.acs.calls.looking_up import (
    GIVEN_UP_AFTER,
    PAUSES_S,
    SETTLED_S,
    LookingUp,
)
from services.telephony.acs.wire.connections import RINGS_FOR_S
from tests.unit.telephony.acs.clock import Clock


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


def test_it_is_in_vain_when_the_service_has_not_answered_for_too_long():
    clock = Clock()
    looking, long_s = LookingUp(clock), GIVEN_UP_AFTER.total_seconds()
    looking.over()
    clock.now += long_s
    looking.begin()
    assert not looking.is_in_vain
    clock.now += long_s - 1
    # That it is still away is no news of the call.
    looking.begin(at_once=True)
    clock.now += 1
    assert looking.is_in_vain
    looking.confirmed()
    assert not looking.is_in_vain
