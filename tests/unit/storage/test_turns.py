"""Threads of one process write to a SQLite file one after the other."""

import threading
import time
from collections import deque
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from services.domain.errors import StorageError
from services.storage.database import open_engine, writing
from services.storage.turns import Turn, take_turns


@pytest.fixture
def ours(tmp_path: Path) -> Engine:
    engine = open_engine(f"sqlite:///{tmp_path / 'a.db'}")
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE a (b INTEGER)"))
    return engine


@pytest.fixture
def librarys(ours: Engine) -> Engine:
    engine = open_engine(str(ours.url), connections=2)
    take_turns(engine, within_s=0.05)
    return engine


def in_thread(work) -> list[object]:
    told: list[object] = []

    def run() -> None:
        try:
            told.append(work())
        except Exception as error:
            told.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(10)
    return told


def add(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO a VALUES (1)"))


def test_who_waits_in_vain_costs_no_connection(ours: Engine, librarys: Engine) -> None:
    with writing(ours):
        for _ in range(4):
            (error,) = in_thread(lambda: add(librarys))
            assert isinstance(error, StorageError)
    add(librarys)
    with writing(ours) as connection:
        assert connection.execute(text("SELECT count(*) FROM a")).scalar_one() == 1


def test_what_another_thread_gives_back_is_free(ours: Engine, librarys: Engine) -> None:
    taken = librarys.connect()
    assert in_thread(taken.close) == [None]
    with writing(ours) as connection:
        connection.execute(text("INSERT INTO a VALUES (2)"))


def test_one_thread_may_use_both_at_once(ours: Engine, librarys: Engine) -> None:
    with writing(ours), librarys.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM a")).scalar_one() == 0


def test_it_is_free_once_it_was_given_back_as_often_as_taken() -> None:
    turn = Turn()
    turn.take()
    turn.take()
    turn.give_back()
    (error,) = in_thread(lambda: turn.take(0.01))
    assert isinstance(error, StorageError)
    turn.give_back()
    assert in_thread(lambda: turn.take(0.01)) == [None]


def test_who_has_waited_long_is_next_even_before_the_one_who_just_had_it() -> None:
    turn = Turn(hand_over_after_s=0.0)
    served: list[int] = []

    def serve(number: int) -> None:
        turn.take(10)
        served.append(number)
        turn.give_back()

    turn.take()
    threads = [threading.Thread(target=serve, args=(number,)) for number in range(3)]
    for count, thread in enumerate(threads, 1):
        thread.start()
        until = time.monotonic() + 10
        while len(turn._waiting) < count and time.monotonic() < until:
            time.sleep(0.001)
    turn.give_back()
    serve(3)
    for thread in threads:
        thread.join(10)
    assert served == [0, 1, 2, 3]


def test_who_asks_while_it_is_free_need_not_wait_for_another_to_wake_up() -> None:
    turn = Turn(hand_over_after_s=60.0)
    served = threading.Event()

    def serve() -> None:
        turn.take(10)
        served.set()
        turn.give_back()

    turn.take()
    thread = threading.Thread(target=serve)
    thread.start()
    # However often the thread is too late: it stays where it is, and is served in the end.
    for _ in range(100):
        turn.give_back()
        turn.take()
    turn.give_back()
    assert served.wait(10)
    thread.join(10)
    assert turn._waiting == deque()
