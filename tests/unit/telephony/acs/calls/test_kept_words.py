"""What is told of a phone call is kept, whatever the storage does meanwhile."""

import threading
import time

import pytest

from services.domain.errors import DiskFull, NotFound, StorageError
from services.telephony.acs.calls.kept_words import KeptWords


class Words:
    def __init__(self):
        self.kept: dict[str, list] = {}
        self.fails: list[Exception] = []
        self.may_append = threading.Event()
        self.may_append.set()

    def append(self, call_id, told):
        self.may_append.wait(10)
        if self.fails:
            raise self.fails.pop(0)
        self.kept.setdefault(call_id, []).extend(told)


def test_events_are_kept_in_their_order_by_call():
    words = Words()
    kept = KeptWords(words)
    words.may_append.clear()
    for number in range(10):
        kept.keep("a", {"n": number})
        kept.keep("b", {"n": -number})
    words.may_append.set()
    assert kept.flush("a")
    assert kept.flush("b")
    assert [one["n"] for one in words.kept["a"]] == list(range(10))
    assert [one["n"] for one in words.kept["b"]] == [-n for n in range(10)]
    kept.close()


def test_what_could_not_be_kept_is_tried_again_before_what_follows(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr("services.telephony.acs.calls.kept_words.AGAIN_AFTER_S", 0.02)
    words = Words()
    words.fails = [StorageError(), StorageError(), RuntimeError("a fault is not tried again")]
    kept = KeptWords(words)
    kept.keep("a", {"n": 1})
    time.sleep(0.01)
    kept.keep("a", {"n": 2})
    assert kept.flush("a")
    kept.keep("a", {"n": 3})
    assert kept.flush("a")
    kept.close()
    assert words.fails == []
    assert [one["n"] for one in words.kept.get("a", [])] in ([3], [2, 3])


def test_a_call_that_is_over_keeps_nothing_up():
    words = Words()
    words.fails = [NotFound()]
    kept = KeptWords(words)
    kept.keep("gone", {"n": 1})
    assert kept.flush("gone")
    kept.keep("a", {"n": 1})
    kept.close()
    assert words.kept == {"a": [{"n": 1}]}


def test_closing_does_not_wait_for_a_disk_that_takes_nothing():
    words = Words()
    words.fails = [DiskFull(), DiskFull(), DiskFull()]
    kept = KeptWords(words)
    kept.keep("a", {"n": 1})
    began = time.monotonic()
    kept.close()
    assert time.monotonic() - began < 5
