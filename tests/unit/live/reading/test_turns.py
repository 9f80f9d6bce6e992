"""Lines come before what is found in them."""

import threading
import time

from services.live.reading.turns import GIVES_WAY_S, Turns


def test_reading_waits_for_lines_but_not_for_ever() -> None:
    turns, order = Turns(), []
    may_end, began = threading.Event(), threading.Event()

    def line() -> None:
        with turns.line():
            began.set()
            may_end.wait(10)
            order.append("line")

    thread = threading.Thread(target=line)
    thread.start()
    began.wait(10)
    began_s = time.monotonic()
    with turns.reading():
        order.append("reading")
    assert time.monotonic() - began_s >= GIVES_WAY_S * 0.9
    may_end.set()
    thread.join()
    with turns.reading():
        order.append("reading")
    assert order == ["reading", "line", "reading"]


def test_one_call_is_read_at_a_time_and_lines_wait_for_none() -> None:
    turns, inside = Turns(), []

    def read() -> None:
        with turns.reading():
            inside.append(1)

    with turns.reading():
        thread = threading.Thread(target=read)
        thread.start()
        with turns.line():
            assert inside == []
    thread.join()
    assert inside == [1]
