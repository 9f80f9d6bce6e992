"""The threads that hear for all live calls of a process: what is most urgent first."""

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Generic, TypeVar

from services import telemetry

T = TypeVar("T")


class Rank(IntEnum):
    """What is done first."""

    FINAL = 0
    SPEAKER = 1
    LANGUAGE = 2
    PARTIAL = 3
    GROUPING = 4


@dataclass(frozen=True, kw_only=True)
class Done(Generic[T]):
    """What a task has given, or the exception it has raised; how long it waited and took.

    ``cpu_s`` is the time of the thread that did it.
    """

    value: T | None
    error: Exception | None
    waited_s: float
    cpu_s: float


@dataclass(order=True)
class Task:
    """Something to be done."""

    rank: Rank
    number: int
    work: Callable[[], object] = field(compare=False)
    then: Callable[[Done[object]], None] = field(compare=False)
    asked_s: float = field(compare=False, default=0.0)
    is_cancelled: bool = field(compare=False, default=False)

    def cancel(self) -> None:
        """Keep it from being begun; one that is under way is still told of when it is done."""
        self.is_cancelled = True


class Crew:
    """A few threads that are there while somebody has joined."""

    def __init__(self, threads: int) -> None:
        """Start nothing yet."""
        self._count = max(1, threads)
        self._members = 0
        self._tasks: list[Task] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._busy = 0
        self._shift = 0

    @property
    def has_slack(self) -> bool:
        """Whether a thread is idle and nothing waits."""
        with self._changed:
            return self._busy < self._count and not self._tasks

    def join(self) -> None:
        """Count a call in; the first one starts the threads."""
        with self._changed:
            self._members += 1
            if self._members == 1:
                self._shift += 1
                for number in range(self._count):
                    threading.Thread(
                        target=self._work,
                        args=(self._shift,),
                        name=f"live-crew-{number}",
                        daemon=True,
                    ).start()

    def leave(self) -> None:
        """Count a call out; with the last one the threads end."""
        with self._changed:
            self._members -= 1
            if not self._members:
                self._shift += 1
                self._tasks.clear()
            self._changed.notify_all()

    def ask(
        self, rank: Rank, work: Callable[[], T], then: Callable[[Done[T]], None]
    ) -> Task:
        """Have something done; ``then`` is told in the thread that did it, and must not raise."""
        task = Task(
            rank=rank,
            number=next(self._numbers),
            work=work,
            then=then,  # type: ignore[arg-type]
            asked_s=time.monotonic(),
        )
        with self._changed:
            heapq.heappush(self._tasks, task)
            self._changed.notify()
        return task

    def _work(self, shift: int) -> None:
        while (task := self._next(shift)) is not None:
            task.then(_done(task))
            with self._changed:
                self._busy -= 1

    def _next(self, shift: int) -> Task | None:
        with self._changed:
            while True:
                if shift != self._shift:
                    return None
                while self._tasks:
                    task = heapq.heappop(self._tasks)
                    if not task.is_cancelled:
                        self._busy += 1
                        return task
                self._changed.wait()


def _done(task: Task) -> Done[object]:
    began, cpu = time.monotonic(), time.thread_time()
    value: object = None
    error: Exception | None = None
    try:
        value = task.work()
    except Exception as raised:
        telemetry.fault("engine.live", raised)
        error = raised
    return Done(
        value=value,
        error=error,
        waited_s=began - task.asked_s,
        cpu_s=time.thread_time() - cpu,
    )
