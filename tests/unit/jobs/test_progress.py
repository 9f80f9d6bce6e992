"""Progress: shares, throttling, estimates, cancelling."""

import pytest

from services.domain.calls import Stage
from services.jobs.progress import (
    ASK_EVERY_S,
    RELABELLING_SHARES,
    TYPICAL_SHARES,
    CancelWatch,
    ProgressReporter,
    WorkerStopping,
    whole_fraction,
)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Written(list[tuple[Stage, float, float, int | None]]):
    def __call__(self, stage: Stage, part: float, whole: float, left_ms: int | None) -> None:
        self.append((stage, part, whole, left_ms))


def test_the_stages_make_up_the_whole_run() -> None:
    for shares in (TYPICAL_SHARES, RELABELLING_SHARES):
        assert sum(shares.values()) == pytest.approx(1.0)
        assert whole_fraction(Stage.ANALYSE, 1.0, shares) == pytest.approx(1.0)
    assert whole_fraction(Stage.DECODE, 0.0) == 0.0
    assert whole_fraction(Stage.ANALYSE, 1.0) == pytest.approx(1.0)
    ends = [whole_fraction(stage, 1.0) for stage in Stage]
    starts = [whole_fraction(stage, 0.0) for stage in Stage]
    assert starts[1:] == pytest.approx(ends[:-1])


def test_writes_a_few_times_a_second_and_at_every_end() -> None:
    clock, written = Clock(), Written()
    report = ProgressReporter(written, clock=clock)
    for step in range(1001):
        report(Stage.RECOGNISE, step / 1000)
        clock.now += 0.001
    assert 4 <= len(written) <= 7
    assert written[-1][1] == 1.0
    report(Stage.SPEAKERS, 0.0)
    assert written[-1][0] is Stage.SPEAKERS


def test_never_falls_back() -> None:
    clock, written = Clock(), Written()
    report = ProgressReporter(written, clock=clock)
    for stage, part in ((Stage.RECOGNISE, 0.8), (Stage.DECODE, 0.5), (Stage.RECOGNISE, 0.1)):
        report(stage, part)
        clock.now += 1
    wholes = [whole for _, _, whole, _ in written]
    assert wholes == sorted(wholes)


def test_goes_on_where_the_attempt_before_it_was() -> None:
    written = Written()
    ProgressReporter(written, reached=0.6, clock=Clock())(Stage.DECODE, 0.5)
    assert written[0][2] == 0.6


def test_estimates_from_its_own_pace() -> None:
    clock, written = Clock(), Written()
    report = ProgressReporter(written, clock=clock)
    report(Stage.DECODE, 0.0)
    assert written[-1][3] is None
    clock.now += 10
    report(Stage.RECOGNISE, 0.5)
    whole = whole_fraction(Stage.RECOGNISE, 0.5)
    assert written[-1][3] == pytest.approx(10_000 * (1 - whole) / whole, abs=2)


def test_small_rises_of_the_estimate_are_not_shown() -> None:
    clock, written = Clock(), Written()
    report = ProgressReporter(written, clock=clock)
    clock.now += 10
    report(Stage.RECOGNISE, 0.5)
    clock.now += 1
    report(Stage.RECOGNISE, 0.5001)
    assert written[-1][3] == written[-2][3]


def test_an_estimate_after_a_crash_counts_only_its_own_work() -> None:
    clock, written = Clock(), Written()
    report = ProgressReporter(written, reached=0.5, clock=clock)
    clock.now += 5
    report(Stage.RECOGNISE, 0.6)
    assert written[-1][3] is None
    clock.now += 5
    report(Stage.RECOGNISE, 1.0)
    gained = whole_fraction(Stage.RECOGNISE, 1.0) - 0.5
    left = 1 - whole_fraction(Stage.RECOGNISE, 1.0)
    assert written[-1][3] == pytest.approx(10_000 * left / gained, abs=2)


def test_tells_how_long_each_stage_took() -> None:
    clock = Clock()
    report = ProgressReporter(Written(), clock=clock)
    for stage, took_s in ((Stage.DECODE, 1), (Stage.RECOGNISE, 20), (Stage.RECOGNISE, 10)):
        clock.now += took_s
        report(stage, 1.0)
    assert report.stage_times_ms == {"decode": 1_000, "recognise": 30_000}


def test_asks_about_cancelling_twice_a_second_at_most() -> None:
    clock, asked = Clock(), []
    watch = CancelWatch(lambda: bool(asked.append(1)), lambda: False, clock=clock)
    for _ in range(1000):
        assert not watch()
        clock.now += 0.002
    assert len(asked) == pytest.approx(2 / ASK_EVERY_S, abs=1)


def test_a_cancelled_run_stays_cancelled() -> None:
    answers = iter([False, True])
    clock = Clock()
    watch = CancelWatch(lambda: next(answers), lambda: False, clock=clock)
    seen = []
    for _ in range(5):
        seen.append(watch())
        clock.now += 1
    assert seen == [False, True, True, True, True]


def test_a_stopping_worker_leaves_off_without_an_error_of_the_run() -> None:
    watch = CancelWatch(lambda: False, lambda: True)
    with pytest.raises(WorkerStopping):
        watch()
    assert not issubclass(WorkerStopping, Exception)
