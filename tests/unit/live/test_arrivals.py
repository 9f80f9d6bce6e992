"""Events that wait: their order, and which of them are passed over."""

from dataclasses import replace

from services.domain.live import Final, LiveEvent, Partial
from services.live.arrivals import LATE_FROM, Arrivals
from tests.builders import utterance

ONE = utterance(1, "s1", 0, "hello there")


def given(events: list[LiveEvent], count: int) -> list[LiveEvent]:
    arrivals = Arrivals()
    for event in events:
        arrivals.put(event)
    return [arrivals.next() for _ in range(count)]


def others(count: int) -> list[LiveEvent]:
    return [Final(line=utterance(100 + n, "s1", n, "and so on")) for n in range(count)]


def test_a_few_events_come_all_and_in_order() -> None:
    events: list[LiveEvent] = [Partial(line=ONE), Partial(line=ONE), Final(line=ONE), *others(5)]
    assert given(events, len(events)) == events


def test_of_many_those_that_are_outdated_are_passed_over() -> None:
    newer = Partial(line=replace(ONE, text="hello there you"))
    alone = Partial(line=utterance(2, "s1", 0, "alone"))
    rest = others(LATE_FROM + 1)
    assert given([Partial(line=ONE), newer, alone, *rest], 2) == [newer, alone]
    final = Final(line=ONE)
    assert given([Partial(line=ONE), *rest, final], 1) == rest[:1]
