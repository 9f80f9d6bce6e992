"""The end of a phone call: hanging up, and the words that are read after it."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from services.domain.calls import ProcessingOptions
from services.domain.live import Ended
from services.domain.live_calls import LiveSource, LiveState, RunningCall, SoundGap
from services.domain.phone import PhoneFacts, PhoneService, PhoneWay
from services.live.recogniser.recognising import LiveOrder
from services.live.recording.patience import FINISH_WITHIN_S
from services.live.telling.standing import Standing
from services.telephony.acs.calls import held_words
from services.telephony.acs.calls.held_phone import HeldPhoneCall, PhoneParts
from services.telephony.acs.calls.kept_words import KeptWords
from services.telephony.acs.hearing.participants import OtherEnd
from services.telephony.acs.wire.wishes import PhoneWish
from tests.unit.telephony.acs.clock import Clock
from tests.unit.telephony.acs.frames import line, metadata

WITHIN_S = 10.0
NOW = datetime(2026, 11, 27, tzinfo=UTC)
RUNNING = RunningCall(
    id="call",
    org_id="local",
    owner="me",
    name="A call",
    source=LiveSource.PHONE,
    state=LiveState.RECORDING,
    options=ProcessingOptions(provider="acs"),
    channels=1,
    began_at=NOW,
    heartbeat_at=NOW,
    process="p",
    phone=PhoneFacts(service=PhoneService.ACS, way=PhoneWay.PLACED, connection_id="connection"),
)


class SlowControl:
    """Hangs up when the test lets it; does nothing else."""

    def __init__(self) -> None:
        self.asked, self.may_answer = threading.Event(), threading.Event()

    def hang_up(self, connection_id: str, *, for_everyone: bool = False) -> None:
        self.asked.set()
        self.may_answer.wait(WITHIN_S)


class Reader:
    """Reads all that it is given when it is to finish, and when the test lets it."""

    def __init__(self, listener: Any) -> None:
        self._listener = listener
        self.finishing, self.may_end = threading.Event(), threading.Event()

    def heard(self, event: Any) -> None:
        pass

    def passed(self, now_ms: int) -> None:
        pass

    def finish(self) -> None:
        self.finishing.set()
        self.may_end.wait(WITHIN_S)
        self._listener({"type": "ended", "at_ms": 0, "error_code": None, "error_message": None})

    def abort(self) -> None:
        self.may_end.set()


class Recogniser:
    def __init__(self) -> None:
        self.opened: list[Reader] = []

    def read(self, order: Any, listener: Any, known: Any) -> Reader:
        self.opened.append(Reader(listener))
        return self.opened[-1]


class Nowhere:
    def append(self, call_id: str, told: Any) -> None:
        pass


def wait(condition: Any) -> None:
    until = time.monotonic() + WITHIN_S
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.005)


class Ending:
    """A call that somebody reads and that is about to end, by a clock that the test sets."""

    def __init__(self) -> None:
        self.clock, self.control, recogniser = Clock(), SlowControl(), Recogniser()
        self.ended: list[Ended] = []
        self.noted: list[RunningCall] = []
        self.words = KeptWords(Nowhere())
        parts = PhoneParts(
            control=self.control,  # type: ignore[arg-type]
            recogniser=recogniser,  # type: ignore[arg-type]
            words=self.words,
            then=lambda _held, how: self.ended.append(how),
            note=lambda held: self.noted.append(held.running),
            most_ms=1_000_000,
            clock=self.clock,
        )
        self.held = HeldPhoneCall(
            Standing(RUNNING, lambda _call, _told: None, self.clock),
            LiveOrder(options=RUNNING.options),
            PhoneWish(locales=("en-US",)),
            parts,
            other_end=OtherEnd(),
        )
        self.held.open()
        wait(lambda: recogniser.opened)
        (self.reader,) = recogniser.opened

    def passes(self, seconds: float) -> None:
        self.clock.now += seconds
        self.held.look_after()


@pytest.fixture
def ending() -> Iterator[Ending]:
    made = Ending()
    yield made
    made.words.close()


def test_whoever_reads_the_last_words_loses_no_time_by_hanging_up(ending: Ending) -> None:
    ending.held.end()
    assert ending.control.asked.wait(WITHIN_S)
    ending.passes(FINISH_WITHIN_S + 1)
    ending.control.may_answer.set()
    assert ending.reader.finishing.wait(WITHIN_S)
    ending.passes(FINISH_WITHIN_S - 1)
    assert not ending.reader.may_end.is_set()
    ending.reader.may_end.set()
    wait(lambda: ending.ended)
    assert ending.ended == [Ended(at_ms=0)]


def test_whoever_reads_the_last_words_is_not_waited_for_for_ever(ending: Ending) -> None:
    ending.control.may_answer.set()
    ending.held.end()
    assert ending.reader.finishing.wait(WITHIN_S)
    ending.passes(FINISH_WITHIN_S + 1)
    wait(lambda: ending.ended)
    assert ending.ended[0].error_code == "RecogniserLost"


def test_what_nobody_has_read_is_noted_when_the_call_is_let_go_of(
    ending: Ending, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held_words, "DRAIN_S", 0.05)
    ending.held.connected()
    ending.clock.now += 3.0
    ending.held.take_frame(metadata())
    ending.held.take_frame(line("My number is 0800.", 1_000, 2_000))
    ending.held.release()
    assert ending.noted[-1].gaps == (SoundGap(start_ms=1_000, end_ms=2_000),)
    assert ending.reader.may_end.is_set()
    assert ending.ended == []
