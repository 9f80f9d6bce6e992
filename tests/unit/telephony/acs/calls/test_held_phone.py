"""Phone calls that nothing is heard of end in time, and those that go on are left alone."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from services.domain.calls import ProcessingOptions
from services.domain.errors import TelephonyRefusedKey
from services.domain.live import Ended
from services.domain.live_calls import LiveSource, LiveState
from services.domain.phone import PhoneFacts, PhoneService, PhoneWay
from services.live.recogniser.recognising import LiveOrder
from services.live.telling.standing import Standing
from services.telephony.acs.calls.held_phone import HeldPhoneCall, PhoneParts
from services.telephony.acs.calls.looking_up import GIVEN_UP_AFTER
from services.telephony.acs.hearing.participants import OtherEnd
from services.telephony.acs.wire.connections import PhoneConnection
from services.telephony.acs.wire.wishes import PhoneWish
from tests.unit.live.feeding_stand_ins import running_call, wait_until
from tests.unit.telephony.acs.clock import Clock

MOST_MS = 2 * 3_600_000
STEP_S = 300.0
CALL = PhoneFacts(service=PhoneService.ACS, way=PhoneWay.PLACED, connection_id="c")


class Control:
    """Says that the call goes on, or lets nobody in."""

    def __init__(self) -> None:
        self.refuses = False
        self.asked: list[str] = []

    def look_up(self, connection_id: str) -> PhoneConnection | None:
        self._asked("look_up")
        return PhoneConnection(connection_id=connection_id, state="connected")

    def hang_up(self, connection_id: str, *, for_everyone: bool = False) -> None:
        self._asked("hang_up")

    def start(self, connection_id: str, wish: PhoneWish, *, intermediate_before: bool) -> None:
        self._asked("start")

    def stop(self, connection_id: str) -> None:
        self._asked("stop")

    def _asked(self, what: str) -> None:
        self.asked.append(what)
        if self.refuses:
            raise TelephonyRefusedKey


class Call:
    """A held call, with a clock that is turned by hand."""

    def __init__(self, *, lasted: timedelta = timedelta(), at_once: bool = True) -> None:
        self.clock, self.control = Clock(), Control()
        self.ended: list[Ended] = []
        now = datetime.now(UTC)
        running = running_call(
            source=LiveSource.PHONE,
            phone=CALL,
            options=ProcessingOptions(provider="acs"),
            began_at=now - lasted,
            heartbeat_at=now,
        )
        self.held = HeldPhoneCall(
            Standing(running, lambda _call, _told: None, self.clock),
            LiveOrder(options=running.options),
            PhoneWish(locales=("en-US",), starts_at_once=at_once),
            PhoneParts(
                control=cast(Any, self.control),
                recogniser=cast(Any, None),
                words=cast(Any, SimpleNamespace(keep=lambda *_: None)),
                then=lambda _held, ended: self.ended.append(ended),
                note=lambda _held: None,
                most_ms=MOST_MS,
                clock=self.clock,
            ),
            other_end=OtherEnd(own=None, caller=None, name=None),
        )

    def later(self, seconds: float) -> None:
        """Let time pass, and what is done beside the call be done."""
        self.clock.now += seconds
        self.held.look_after()
        for thread in threading.enumerate():
            if thread.name == "phone-call":
                thread.join(10.0)

    def lasts_s(self, seconds: float) -> float:
        """Return after how many seconds, so many at most, it is being ended."""
        began = self.clock.now
        while self.held.running.goes_on and self.clock.now - began < seconds:
            self.later(STEP_S)
        return self.clock.now - began


@contextmanager
def call(**given: Any) -> Iterator[Call]:
    made = Call(**given)
    yield made
    made.held.end()
    wait_until(lambda: made.ended)


def test_one_that_the_service_tells_nothing_of_any_more_is_given_up() -> None:
    """Its end got lost, and the key is another one meanwhile."""
    with call() as lost:
        lost.held.connected()
        lost.clock.now += 3_600.0
        lost.control.refuses = True
        lost.held.disconnected()
        lost.later(0.0)
        assert lost.held.running.goes_on
        assert lost.lasts_s(10_000.0) == GIVEN_UP_AFTER.total_seconds()
        assert lost.control.asked.count("look_up") > 1
        assert lost.control.asked[-1] == "hang_up"
        wait_until(lambda: lost.ended)


def test_one_whose_words_were_stopped_goes_on_while_the_service_says_so() -> None:
    with call() as stopped:
        stopped.held.connected()
        stopped.clock.now += 60.0
        stopped.held.stop_words()
        stopped.held.disconnected()
        assert stopped.lasts_s(MOST_MS / 1_000 - 600.0) == MOST_MS / 1_000 - 600.0
        assert stopped.held.running.state is LiveState.PAUSED
        # Its own time stands still; the clock's does not.
        assert stopped.lasts_s(10_000.0) == 600.0
        assert "hang_up" in stopped.control.asked


def test_one_that_was_never_transcribed_is_not_held_for_ever() -> None:
    with call(at_once=False) as silent:
        assert silent.lasts_s(100_000.0) == MOST_MS / 1_000
        assert "start" not in silent.control.asked


def test_what_an_earlier_process_has_held_counts() -> None:
    with call(lasted=timedelta(milliseconds=MOST_MS) - timedelta(minutes=10)) as taken_up:
        assert taken_up.lasts_s(100_000.0) == 600.0


def test_one_that_is_heard_is_not_looked_up_and_goes_on() -> None:
    with call() as going_on:
        going_on.held.connected()
        going_on.control.refuses = True
        assert going_on.lasts_s(3_600.0) == 3_600.0
        assert going_on.control.asked == []
        going_on.held.disconnected()
        going_on.later(1.0)
        assert going_on.held.running.goes_on
