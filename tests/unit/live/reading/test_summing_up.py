"""Summaries while a call is held: one at a time, beside everything else."""

import threading

import pytest

from services.domain.errors import Cancelled, LanguageModelError
from services.domain.speech import Statement, Summary
from services.live.reading.summing_up import SummingUp
from tests.threads import no_thread_left
from tests.unit.live.rulers import drawn, so_far

WAIT_S = 10.0
FOUND = Summary(reason=Statement(text="My bill is wrong."))


class Slow:
    """A summariser that waits until the test lets it go on."""

    def __init__(self, found=FOUND):
        self.found, self.go_on, self.began = found, threading.Event(), threading.Semaphore(0)
        self.asked = []

    def summarise(self, transcript, context):
        self.asked.append(transcript)
        self.began.release()
        while not self.go_on.wait(0.01):
            if context.is_cancelled():
                raise Cancelled
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


class Told(list):
    def __init__(self):
        super().__init__()
        self.more = threading.Semaphore(0)

    def __call__(self, *told):
        self.append(told)
        self.more.release()


@pytest.fixture
def slow():
    return Slow()


def summing(slow, every_ms=20_000):
    told, failed = Told(), Told()
    return SummingUp(lambda: slow, told, failed, every_ms=every_ms), told, failed


def shown(rows="aaaa.cccc.aaaa.cccc", at_ms=20_000):
    return so_far(*drawn(rows)).shown(at_ms)


def test_asking_returns_at_once_and_the_summary_follows(slow):
    summary, told, _ = summing(slow)
    summary.ask(shown(), is_wanted=True)
    assert slow.began.acquire(timeout=WAIT_S)
    assert not told
    slow.go_on.set()
    assert told.more.acquire(timeout=WAIT_S)
    assert told == [(FOUND, 20_000)]
    summary.close()


def test_what_is_asked_for_meanwhile_is_made_once_after_it(slow):
    summary, told, _ = summing(slow)
    summary.ask(shown(at_ms=20_000), is_wanted=True)
    assert slow.began.acquire(timeout=WAIT_S)
    for at_ms in (21_000, 22_000, 23_000):
        summary.ask(shown(at_ms=at_ms), is_wanted=False)
    slow.go_on.set()
    assert told.more.acquire(timeout=WAIT_S)
    assert told.more.acquire(timeout=WAIT_S)
    assert [at_ms for _, at_ms in told] == [20_000, 23_000]
    summary.close()


def test_nothing_is_told_once_it_is_closed(slow):
    with no_thread_left():
        summary, told, failed = summing(slow)
        summary.ask(shown(), is_wanted=True)
        assert slow.began.acquire(timeout=WAIT_S)
        summary.close()
    assert not told
    assert not failed
    summary.ask(shown(), is_wanted=True)
    assert len(slow.asked) == 1


def test_it_is_due_after_enough_speech_and_enough_lines(slow):
    slow.go_on.set()
    summary, told, _ = summing(slow, every_ms=10_000)
    assert not summary.is_due(9_000, 8)
    assert not summary.is_due(10_000, 3)
    assert summary.is_due(10_000, 4)
    summary.ask(shown(), is_wanted=False)
    assert told.more.acquire(timeout=WAIT_S)
    assert not summary.is_due(25_000, 9), "16 s of four lines are in it"
    assert summary.is_due(26_000, 8)
    summary.close()


def test_never_when_there_is_no_interval(slow):
    summary, _, _ = summing(slow, every_ms=0)
    assert not summary.is_due(10_000_000, 1_000)


def test_an_empty_one_is_told_only_when_somebody_waits_for_it():
    slow = Slow(found=Summary())
    slow.go_on.set()
    summary, told, _ = summing(slow)
    summary.ask(shown(at_ms=20_000), is_wanted=False)
    assert slow.began.acquire(timeout=WAIT_S)
    summary.ask(shown(at_ms=30_000), is_wanted=True)
    assert told.more.acquire(timeout=WAIT_S)
    assert told == [(Summary(), 30_000)]
    summary.close()


@pytest.mark.parametrize("error", [LanguageModelError(), RuntimeError("words of a call")])
def test_a_failure_is_told_by_its_sentence(error):
    slow = Slow(found=error)
    slow.go_on.set()
    summary, told, failed = summing(slow)
    summary.ask(shown(), is_wanted=True)
    assert failed.more.acquire(timeout=WAIT_S)
    ((found, at_ms),) = failed
    assert "words of a call" not in found.user_message
    assert at_ms == 20_000
    assert not told
    summary.close()
