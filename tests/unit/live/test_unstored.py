"""Sound that the storage doesn't take at once."""

import itertools
from collections.abc import Callable

import pytest

from services.domain.errors import DiskFull, LiveOver, PartylineError, StorageError
from services.live.unstored import AGAIN_AFTER_S, TRY_FOR_S, UnstoredSound


class Disk:
    """Takes chunks, unless it is full; time goes on as one sleeps."""

    def __init__(self, most_bytes: int = 1_000) -> None:
        self.kept: list[bytes] = []
        self.tried: list[bytes] = []
        self.told: list[str] = []
        self.error: PartylineError | None = None
        self.now = 0.0
        self.asleep: Callable[[], None] = lambda: None
        self.sound = UnstoredSound(
            self.store,
            failing=lambda error: self.told.append(error.code),
            most_bytes=most_bytes,
            clock=lambda: self.now,
            sleep=self.sleep,
        )

    def store(self, chunk: bytes) -> None:
        self.tried.append(chunk)
        if self.error is not None:
            raise self.error
        self.kept.append(chunk)

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.asleep()


def test_what_could_not_be_stored_is_stored_later_and_in_order() -> None:
    disk = Disk()
    disk.sound.take(b"a")
    disk.error = DiskFull()
    disk.sound.take(b"b")
    disk.now += AGAIN_AFTER_S / 2
    disk.sound.take(b"c")
    assert disk.tried == [b"a", b"b"], "not with every chunk"
    disk.now += AGAIN_AFTER_S
    disk.sound.take(b"d")
    assert disk.kept == [b"a"]
    disk.error = None
    disk.now += AGAIN_AFTER_S
    disk.sound.take(b"e")
    assert disk.kept == [b"a", b"b", b"c", b"d", b"e"]
    assert disk.told == ["DiskFull"], "once, not with every try"


def test_the_end_waits_for_what_is_left() -> None:
    disk = Disk()
    disk.error = StorageError()
    disk.sound.take(b"a")
    disk.sound.take(b"b")

    def freed() -> None:
        if disk.now > 3.0:
            disk.error = None

    disk.asleep = freed
    disk.sound.store_all()
    assert disk.kept == [b"a", b"b"]
    disk.error = StorageError()
    disk.now += 10.0
    disk.sound.take(b"c")
    assert disk.told == ["StorageError", "StorageError"], "a second time that it fails"


@pytest.mark.parametrize("most_bytes", [4, 1_000])
def test_storage_that_fails_for_good_raises_after_a_while(most_bytes: int) -> None:
    """Whether chunks come in real time or wait for room."""
    disk = Disk(most_bytes)
    disk.error = DiskFull()
    taken: list[int] = []

    def one_a_second() -> None:
        for number in itertools.count(1):
            disk.sound.take(b"x")
            taken.append(number)
            disk.now += 1.0

    with pytest.raises(DiskFull):
        one_a_second()
    assert TRY_FOR_S - 1.0 <= disk.now <= TRY_FOR_S + 1.0
    assert len(taken) == (4 if most_bytes == 4 else TRY_FOR_S)
    with pytest.raises(DiskFull):
        disk.sound.store_all()


def test_a_call_that_is_over_takes_nothing_more() -> None:
    disk = Disk()
    disk.error = LiveOver()
    with pytest.raises(LiveOver):
        disk.sound.take(b"a")
    assert disk.told == []
