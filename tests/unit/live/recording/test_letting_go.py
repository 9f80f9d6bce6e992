"""A process that stops lets go of all calls side by side, and waits for none too long."""

import threading
import time
from collections.abc import Callable
from typing import Any, cast

import pytest

from services.live.recording.keeping import LiveKeeper
from services.live.recording.letting_go import let_go
from tests.threads import no_thread_left
from tests.unit.live.recording.test_holding import House, house

__all__ = ["house"]
WITHIN_S = 10.0


class Call:
    """A call that is let go of by doing something."""

    def __init__(self, release: Callable[[], Any]) -> None:
        self.release = release


def test_calls_do_not_wait_for_each_other() -> None:
    """The last one of many would be killed with its process before its turn came."""
    met = threading.Barrier(20)
    let_go([cast(Any, Call(lambda: met.wait(WITHIN_S))) for _ in range(20)])
    assert not met.broken


def test_one_that_takes_too_long_or_fails_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.live.recording.letting_go.LET_GO_WITHIN_S", 0.2)
    may_end, released = threading.Event(), []

    def fails() -> None:
        raise RuntimeError

    with no_thread_left():
        began = time.monotonic()
        slow = [Call(lambda: may_end.wait(WITHIN_S)) for _ in range(5)]
        let_go(cast(Any, [*slow, Call(fails), Call(lambda: released.append(True))]))
        assert time.monotonic() - began < WITHIN_S / 2
        assert released
        may_end.set()


def test_a_process_that_stops_lets_go_of_all_it_holds(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    met = threading.Barrier(3)
    for name in ("one", "two", "three"):
        held, let = house.begin(name), house.holding.find(name)
        release = held.release
        monkeypatch.setattr(let, "release", lambda release=release: (met.wait(WITHIN_S), release()))
    house.holding.close()
    assert not met.broken
    assert house.holding.all() == []
    assert [session.over for session in house.recogniser.sessions] == [True] * 3


def test_whoever_takes_calls_up_is_told_to_stop(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, told = threading.Event(), threading.Event()

    def take_up(is_stopping: Callable[[], bool]) -> None:
        begun.set()
        until = time.monotonic() + WITHIN_S
        while time.monotonic() < until and not is_stopping():
            time.sleep(0.01)
        told.set()

    keeper = LiveKeeper(house.holding, take_up=take_up)
    keeper.start()
    assert begun.wait(WITHIN_S)
    keeper.stop()
    assert told.is_set()


def test_a_stop_does_not_wait_for_ever_for_a_call_that_is_taken_up(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.live.recording.keeping.TAKEN_UP_WITHIN_S", 0.2)
    begun, answered = threading.Event(), threading.Event()

    def take_up(_is_stopping: Callable[[], bool]) -> None:
        begun.set()
        answered.wait(WITHIN_S)

    keeper = LiveKeeper(house.holding, take_up=take_up)
    keeper.start()
    assert begun.wait(WITHIN_S)
    keeper.stop()
    assert not answered.is_set()
    answered.set()
