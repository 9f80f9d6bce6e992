"""A process that is told to stop takes up no more calls."""

import threading
from types import SimpleNamespace
from typing import Any, cast

from services.domain.live_calls import LiveSource, RunningCall
from services.domain.phone import PhoneFacts, PhoneService, PhoneWay
from services.telephony.acs.calls.taking_up import ASKED_AT_ONCE, TakingUp
from services.telephony.acs.wire.connections import PhoneConnection
from tests.unit.live.feeding_stand_ins import running_call


class Service:
    """Says that all calls go on; is told to stop while it is asked."""

    def __init__(self, stopping: threading.Event) -> None:
        self.stopping = stopping
        self.asked: list[str] = []
        self.done: list[str] = []

    def look_up(self, connection_id: str) -> PhoneConnection:
        self.asked.append(connection_id)
        self.stopping.set()
        return PhoneConnection(connection_id=connection_id, state="connected")

    def hang_up(self, connection_id: str, *, for_everyone: bool) -> None:
        self.done.append("hung up")

    def prepare(self) -> None:
        """Load no model."""

    def take_up(self, running: RunningCall, process: str) -> RunningCall:
        self.done.append("taken up")
        return running

    def go_on(self, running: RunningCall, told: Any, *, silent: Any) -> None:
        self.done.append("went on")


def test_calls_are_left_as_they_are_once_the_process_stops() -> None:
    def named(name: str) -> RunningCall:
        phone = PhoneFacts(service=PhoneService.ACS, way=PhoneWay.PLACED, connection_id=name)
        return running_call(id=name, source=LiveSource.PHONE, phone=phone)

    calls = [named(f"c{n}") for n in range(3 * ASKED_AT_ONCE)]
    stopping = threading.Event()
    service = Service(stopping)
    parts = SimpleNamespace(
        store=SimpleNamespace(silent_phones=lambda _before: calls, take_up=service.take_up),
        phone=SimpleNamespace(control=service, recogniser=service),
        holding=SimpleNamespace(find=lambda _id: None),
        words=SimpleNamespace(read=lambda _id: []),
        process="here",
        is_dead=lambda _process: True,
    )
    taking_up = TakingUp(cast(Any, parts), cast(Any, service))
    taking_up.look(stopping.is_set)
    assert 1 <= len(service.asked) <= ASKED_AT_ONCE
    assert service.done == []
    stopping.clear()
    taking_up.look(lambda: False)
    assert service.done.count("went on") == len(calls)
