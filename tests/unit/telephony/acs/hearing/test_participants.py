"""Who is at the other end of a call."""

import pytest

from services.domain.speech import SpeakerRole
from services.telephony.acs.hearing.participants import OtherEnd, number_of

OWN, OTHER = "4:+14255550100", "4:+14255550123"


@pytest.mark.parametrize("caller", ["+14255550123", OTHER])
def test_who_is_called_or_calls_is_the_customer(caller):
    end = OtherEnd(own=OWN, caller=caller, name="Robert")
    assert end.customer is not None
    assert (end.customer.raw_id, end.customer.label) == (OTHER, "Robert")
    assert end.customer.role is SpeakerRole.CUSTOMER
    assert end.found(["4:+4930"]) is None


def test_without_one_it_is_who_is_at_a_number_that_is_not_ours():
    end = OtherEnd(own=OWN)
    assert end.customer is None
    assert end.found(["8:acs:agent", OWN]) is None
    found = end.found(["8:acs:agent", OWN, OTHER])
    assert found is not None
    assert found.raw_id == OTHER
    assert end.found([OTHER, "4:+4930"]) is None
    assert end.customer == found


def test_only_some_are_at_a_number():
    assert number_of(OTHER) == "+14255550123"
    assert number_of("8:acs:agent") is None
