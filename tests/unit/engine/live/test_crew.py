"""The threads that hear."""

import threading

from services.engine.live.crew import Crew, Done, Rank
from tests.threads import no_thread_left

WAIT_S = 5.0


def test_what_is_urgent_comes_first() -> None:
    crew = Crew(1)
    begun, go_on, all_done = threading.Event(), threading.Event(), threading.Event()
    order: list[str] = []

    def first() -> None:
        begun.set()
        go_on.wait(WAIT_S)

    def note(name: str) -> None:
        order.append(name)
        if len(order) == 3:
            all_done.set()

    with no_thread_left():
        crew.join()
        crew.ask(Rank.PARTIAL, first, lambda _: None)
        assert begun.wait(WAIT_S)
        crew.ask(Rank.PARTIAL, lambda: note("partial"), lambda _: None)
        crew.ask(Rank.PARTIAL, lambda: note("cancelled"), lambda _: None).cancel()
        crew.ask(Rank.FINAL, lambda: note("final"), lambda _: None)
        crew.ask(Rank.SPEAKER, lambda: note("speaker"), lambda _: None)
        go_on.set()
        assert all_done.wait(WAIT_S)
        crew.leave()
    assert order == ["final", "speaker", "partial"]


def test_what_a_task_raises_is_told() -> None:
    crew = Crew(2)
    done = threading.Event()
    told: list[Done[int]] = []

    def then(one: Done[int]) -> None:
        told.append(one)
        done.set()

    def work() -> int:
        return 1 // 0

    with no_thread_left():
        crew.join()
        crew.ask(Rank.FINAL, work, then)
        assert done.wait(WAIT_S)
        crew.leave()
    assert isinstance(told[0].error, ZeroDivisionError)
    assert told[0].value is None
    assert told[0].waited_s >= 0


def test_threads_are_there_while_somebody_has_joined() -> None:
    crew = Crew(2, name="counted")

    def count() -> int:
        return sum(thread.name.startswith("counted") for thread in threading.enumerate())

    with no_thread_left():
        crew.join()
        crew.join()
        crew.leave()
        assert count() == 2
        crew.leave()
        crew.join()
        done = threading.Event()
        crew.ask(Rank.FINAL, lambda: None, lambda _: done.set())
        assert done.wait(WAIT_S)
        crew.leave()


def test_the_end_of_the_process_waits_for_every_thread_that_is_inside_a_model() -> None:
    crew = Crew(1)
    begun, go_on = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        go_on.wait(WAIT_S)

    with no_thread_left():
        crew.join()
        crew.ask(Rank.FINAL, work, lambda _: None)
        assert begun.wait(WAIT_S)
        crew.leave()
        crew.join()
        crew.leave()
        ending = threading.Thread(target=crew._end)
        ending.start()
        ending.join(0.2)
        assert ending.is_alive()
        go_on.set()
        ending.join(WAIT_S)
        assert not ending.is_alive()
