"""What a telephone service calls a call."""

import pytest

from services.domain.phone import PhoneFacts, PhoneService, PhoneWay


@pytest.mark.parametrize(
    ("connection_id", "correlation_id", "is_meant"),
    [
        ("A-1", "c-1", True),
        ("a-1", "C-1", True),
        (None, None, True),
        ("a-1", None, True),
        ("a-2", None, False),
        (None, "c-2", False),
        ("a-1", "c-2", False),
    ],
)
def test_ids_are_compared_as_far_as_they_are_told(connection_id, correlation_id, is_meant):
    facts = PhoneFacts(
        service=PhoneService.ACS, way=PhoneWay.PLACED, connection_id="a-1", correlation_id="c-1"
    )
    given = {"connection_id": connection_id, "correlation_id": correlation_id}
    assert facts.is_meant(**given) is is_meant


def test_what_is_not_known_yet_can_be_meant():
    asked = PhoneFacts(service=PhoneService.ACS, way=PhoneWay.PLACED, connection_id="")
    assert not asked.is_known
    assert asked.is_meant(connection_id="a-1", correlation_id="c-1")
