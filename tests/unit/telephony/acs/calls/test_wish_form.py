"""How a wish is kept with its call."""

import pytest

from services.domain.errors import InvalidRequest
from services.telephony.acs.calls.wish_form import wish_of, wish_text
from services.telephony.acs.wire.wishes import Masking, PhoneWish


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
