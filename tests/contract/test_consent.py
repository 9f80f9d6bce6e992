"""How everybody was told of the recording stays with a call, on every way to the store and out."""

import json
from dataclasses import replace
from datetime import UTC, datetime

from services.domain.calls import CallDetails, Consent, ProcessingOptions
from services.live.recogniser.frames import order_form, order_of
from services.live.recogniser.recognising import LiveOrder
from services.storage.calls import CallStore
from services.storage.live_forms import pack_details, unpack_details
from tests.contract.stores import ORG, add

NOW = datetime(2026, 11, 27, 12, 30, tzinfo=UTC)
ASKED = CallDetails(agent_name="Nora", consent=Consent.ASKED).noted("Vera", NOW)


def test_it_is_kept_with_who_noted_it_and_when(calls: CallStore) -> None:
    assert (ASKED.consent_by, ASKED.consent_at) == ("Vera", NOW)
    assert ASKED.noted("Tom", datetime.now(UTC)) == ASKED
    assert CallDetails().noted("Tom", NOW) == CallDetails()
    made = add(calls, details=ASKED)
    assert calls.get(ORG, made.id).details == ASKED
    calls.update_details(ORG, made.id, replace(ASKED, queue="Sales"))
    assert calls.get(ORG, made.id).details == replace(ASKED, queue="Sales")
    assert calls.get(ORG, add(calls).id).details.consent is None


def test_a_call_that_is_held_keeps_it() -> None:
    assert unpack_details(pack_details(ASKED)) == ASKED
    # As an earlier version has written it.
    before = json.loads(pack_details(CallDetails(queue="Sales")))
    for name in ("consent", "consent_at", "consent_by"):
        del before[name]
    assert unpack_details(json.dumps(before)) == CallDetails(queue="Sales")
    order = LiveOrder(options=ProcessingOptions(), details=ASKED, channels=1)
    assert order_of(json.loads(json.dumps(order_form(order)))) == order
