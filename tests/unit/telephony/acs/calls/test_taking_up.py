"""Calls whose process has died: what the service says of them decides, however long that was."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from services.domain.calls import ProcessingOptions
from services.domain.errors import TelephonyUnavailable
from services.domain.live_calls import LiveSource, LiveState, RunningCall
from services.domain.phone import PhoneFacts, PhoneService, PhoneWay
from services.telephony.acs.calls.taking_up import GIVEN_UP_AFTER, TakingUp
from services.telephony.acs.wire.connections import PhoneConnection

LONG = GIVEN_UP_AFTER + timedelta(minutes=1)
GOES_ON = PhoneConnection(connection_id="c", state="connected")


class Service:
    """Says how the call stands; what is done with it by whoever takes it up is noted, too."""

    def __init__(self, says: PhoneConnection | None, *, fails: bool = False) -> None:
        self.says = says
        self.fails = fails
        self.done: list[str] = []

    def look_up(self, connection_id: str) -> PhoneConnection | None:
        if self.fails:
            raise TelephonyUnavailable
        return self.says

    def hang_up(self, connection_id: str, *, for_everyone: bool) -> None:
        self.done.append("hung up for everyone" if for_everyone else "left")

    def prepare(self) -> None:
        """Load no model."""

    def land_words(self, call_id: str, captions: Any, findings: Any) -> None:
        self.done.append("landed")

    def go_on(self, running: RunningCall, told: Any, *, silent: timedelta) -> None:
        self.done.append("went on")


def silent_for(time: timedelta, state: LiveState = LiveState.RECORDING) -> RunningCall:
    at = datetime.now(UTC) - time
    return RunningCall(
        id="call", org_id="local", owner="me", name="A call", source=LiveSource.PHONE, state=state,
        options=ProcessingOptions(provider="acs"), channels=1, began_at=at, heartbeat_at=at,
        process="dead",
        phone=PhoneFacts(
            service=PhoneService.ACS, way=PhoneWay.PLACED, connection_id="c", wish="",
            for_everyone=True,
        ),
    )  # fmt: skip


def taken_up(service: Service, running: RunningCall) -> list[str]:
    store = SimpleNamespace(
        silent_phones=lambda _before: [running],
        take_up=lambda call, process: replace(
            call, process=process, heartbeat_at=datetime.now(UTC)
        ),
    )
    parts = SimpleNamespace(
        store=store,
        phone=SimpleNamespace(control=service, recogniser=service),
        holding=SimpleNamespace(find=lambda _id: None),
        words=SimpleNamespace(read=lambda _id: []),
        landing=service,
        process="here",
        is_dead=lambda _process: True,
    )
    TakingUp(cast(Any, parts), cast(Any, service)).look()
    return service.done


@pytest.mark.parametrize("time", [timedelta(minutes=1), LONG])
def test_one_that_goes_on_at_the_service_goes_on_here(time: timedelta) -> None:
    assert taken_up(Service(GOES_ON), silent_for(time)) == ["went on"]


@pytest.mark.parametrize("time", [timedelta(minutes=1), LONG])
def test_one_that_was_being_ended_is_hung_up_and_lands(time: timedelta) -> None:
    running = silent_for(time, LiveState.FINISHING)
    assert taken_up(Service(GOES_ON), running) == ["hung up for everyone", "landed"]


def test_one_that_is_over_at_the_service_lands() -> None:
    assert taken_up(Service(None), silent_for(timedelta(minutes=1))) == ["landed"]


def test_while_the_service_cannot_be_asked_it_waits_and_in_the_end_is_hung_up() -> None:
    unreachable = Service(None, fails=True)
    assert taken_up(unreachable, silent_for(timedelta(minutes=1))) == []
    assert taken_up(unreachable, silent_for(LONG)) == ["hung up for everyone", "landed"]
