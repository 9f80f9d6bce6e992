"""Events are done once, however often they come, and come again until they have been done."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from services.domain.errors import (
    InvalidRequest,
    StillInWork,
    StorageError,
    TelephonyUnavailable,
)
from services.telephony.acs.once import Once

WITHIN_S = 10.0


class Seen:
    """Notes events in memory, as long as it can."""

    def __init__(self) -> None:
        self.noted: set[str] = set()
        self.is_full = False

    def is_known(self, event_id: str) -> bool:
        return event_id in self.noted

    def note(self, event_id: str, at: datetime) -> None:
        if self.is_full:
            raise StorageError
        self.noted.add(event_id)

    def delete_before(self, at: datetime) -> int:
        return 0


class Work:
    """Is done as often as it is begun, unless it is to fail."""

    def __init__(self, *fails: BaseException) -> None:
        self.fails = list(fails)
        self.begun = 0

    def __call__(self) -> None:
        self.begun += 1
        if self.fails:
            raise self.fails.pop(0)


def test_an_event_that_comes_again_is_not_done_again() -> None:
    seen, work = Seen(), Work()
    for once in (Once(seen), Once(seen)):
        once.do("e", work)
        once.do("e", work)
    assert work.begun == 1


def test_while_it_is_done_whoever_tells_it_again_is_told_to_come_back() -> None:
    seen = Seen()
    once, begun, may_end = Once(seen), threading.Event(), threading.Event()

    def work() -> None:
        # Were this process killed now, the next one would do it.
        assert not seen.noted
        begun.set()
        assert may_end.wait(WITHIN_S)
        raise TelephonyUnavailable

    again = Work()
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(once.do, "e", work)
        assert begun.wait(WITHIN_S)
        with pytest.raises(StillInWork):
            once.do("e", again)
        once.do("another", again)
        may_end.set()
        with pytest.raises(TelephonyUnavailable):
            first.result(WITHIN_S)
    once.do("e", again)
    once.do("e", again)
    assert again.begun == 2


@pytest.mark.parametrize("error", [TelephonyUnavailable(), ValueError(), SystemExit()])
def test_what_fails_and_need_not_fail_again_comes_again(error: BaseException) -> None:
    once, work = Once(Seen()), Work(error)
    with pytest.raises(type(error)):
        once.do("e", work)
    once.do("e", work)
    assert work.begun == 2


def test_what_cannot_be_done_is_tried_once() -> None:
    once, work = Once(Seen()), Work(InvalidRequest(), InvalidRequest())
    once.do("e", work)
    once.do("e", work)
    assert work.begun == 1


def test_what_is_done_and_cannot_be_noted_is_taken() -> None:
    seen, work = Seen(), Work()
    seen.is_full = True
    Once(seen).do("e", work)
    assert work.begun == 1
