"""How many calls there is room for."""

import pytest

from services.domain.errors import LiveFull
from services.engine.live.budget import FEWEST_LINES, LATE_MS, LATE_WITHIN_S, LiveBudget


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_there_is_room_until_the_cores_are_promised() -> None:
    budget = LiveBudget(2)
    for _ in range(4):
        budget.enter(0.45)
    with pytest.raises(LiveFull) as refused:
        budget.enter(0.45)
    assert refused.value.retryable
    assert "Try again when one has ended" in refused.value.user_message


def test_the_first_call_is_always_taken() -> None:
    assert LiveBudget(0.1).enter(5.0).cores == 5.0


def test_a_call_that_has_ended_makes_room() -> None:
    budget = LiveBudget(1)
    share = budget.enter(0.9)
    share.leave()
    share.leave()
    budget.enter(0.9)


def test_what_was_measured_counts_more_and_more() -> None:
    budget = LiveBudget(2)
    share = budget.enter(0.4)
    for _ in range(600):
        share.heard(1_000)
        share.spent(0.1)
    assert 0.1 < share.cores < 0.15
    assert budget.used == share.cores


def test_a_call_dearer_than_it_said_leaves_less_room() -> None:
    budget = LiveBudget(2)
    share = budget.enter(0.4)
    for _ in range(600):
        share.heard(1_000)
        share.spent(1.7)
    with pytest.raises(LiveFull):
        budget.enter(0.4)


def test_no_call_is_taken_while_lines_are_late() -> None:
    clock = Clock()
    budget = LiveBudget(8, clock)
    share = budget.enter(0.4)
    for _ in range(FEWEST_LINES):
        share.told(LATE_MS + 1)
    with pytest.raises(LiveFull):
        budget.enter(0.4)
    clock.now = LATE_WITHIN_S + 1
    budget.enter(0.4)


def test_a_few_late_lines_are_no_reason() -> None:
    budget = LiveBudget(8, Clock())
    share = budget.enter(0.4)
    for number in range(100):
        share.told(LATE_MS + 1 if number % 25 == 0 else 500)
    budget.enter(0.4)
