"""The threads that hear for all live calls of a process: what is most urgent first."""

import atexit
import heapq
import itertools
import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Generic, TypeVar

from services import telemetry
from services.domain.errors import PartylineError

T = TypeVar("T")

ENDS_WITHIN_S = 60.0
"""A thread that is still inside a model when the process is taken down takes it down in a crash."""


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

    def __init__(self, threads: int, *, name: str = "live-crew", niceness: int = 0) -> None:
        """Start nothing yet; with ``niceness`` other threads of this machine come first."""
        self._count = max(1, threads)
        self._name = name
        self._niceness = niceness
        self._members = 0
        self._threads: list[threading.Thread] = []
        self._is_known = False
        self._tasks: list[Task] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._shift = 0

    def join(self) -> None:
        """Count a call in; the first one starts the threads."""
        with self._changed:
            self._members += 1
            if self._members == 1:
                self._shift += 1
                if not self._is_known:
                    self._is_known = True
                    atexit.register(self._end)
                begun = [
                    threading.Thread(
                        target=self._work,
                        args=(self._shift,),
                        name=f"{self._name}-{number}",
                        daemon=True,
                    )
                    for number in range(self._count)
                ]
                for thread in begun:
                    thread.start()
                # Those of the last call may be at their last task yet.
                self._threads = [one for one in self._threads if one.is_alive()] + begun

    def leave(self) -> None:
        """Count a call out; with the last one the threads end."""
        with self._changed:
            self._members -= 1
            if not self._members:
                self._shift += 1
                self._tasks.clear()
            self._changed.notify_all()

    def ask(self, rank: Rank, work: Callable[[], T], then: Callable[[Done[T]], None]) -> Task:
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

    def _end(self) -> None:
        """End with the process: a thread must not be inside a model when that is taken down."""
        with self._changed:
            self._shift += 1
            self._tasks.clear()
            self._changed.notify_all()
        until = time.monotonic() + ENDS_WITHIN_S
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _work(self, shift: int) -> None:
        if self._niceness:
            _step_back(self._niceness)
        while (task := self._next(shift)) is not None:
            task.then(_done(task))

    def _next(self, shift: int) -> Task | None:
        with self._changed:
            while True:
                if shift != self._shift:
                    return None
                while self._tasks:
                    task = heapq.heappop(self._tasks)
                    if not task.is_cancelled:
                        return task
                self._changed.wait()


def _step_back(niceness: int) -> None:
    """Let other threads come first; those that this one starts do so, too.

    Only Linux knows a priority of a single thread; elsewhere nothing is changed.
    """
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)


def _done(task: Task) -> Done[object]:
    began, cpu = time.monotonic(), time.thread_time()
    value: object = None
    error: Exception | None = None
    try:
        value = task.work()
    except Exception as raised:
        if not isinstance(raised, PartylineError):
            telemetry.fault("engine.live", raised)
        error = raised
    return Done(
        value=value,
        error=error,
        waited_s=began - task.asked_s,
        cpu_s=time.thread_time() - cpu,
    )
