"""Sharing a sweep out among processes: Python runs on one core, and workers have jobs to do.

A child gets, on its standard input, where the database is and which rules to look for, and then
ranges of rows; for each it answers with what it found. It ends with its input, so it never outlives
whoever started it. Both sides are this program and talk over pipes of their own; nothing that
passes stands on a command line or on a disk.
"""

import os
import pickle
import subprocess
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, suppress
from itertools import pairwise
from pathlib import Path
from typing import IO, Any, BinaryIO

from services import telemetry
from services.domain.errors import InternalFault
from services.domain.rules import Rule
from services.sweeping.swept import Packed

AT_ONCE = 2
WAIT_FOR_END_S = 5.0

Progress = Callable[[int, int], bool]
"""Takes how many calls of how many are done; answers whether to go on."""
TakeIn = Callable[[dict[str, Packed], int], bool]
"""Takes what was found, and how many calls are done by now; answers whether to go on."""
LookThrough = Callable[[int, int], tuple[int, dict[str, Packed]]]
"""Looks through the calls of rows (behind, until]: how many there are, and what was found."""
Prepare = Callable[[str, str, Sequence[Rule]], LookThrough]
"""Takes the address of a database, an organisation and rules, and gets ready to look for them."""


class SweepChildren:
    """Looks for rules by running ``command`` several times at once, as ``answer`` answers."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        database_url: str,
        at_once: int = AT_ONCE,
    ) -> None:
        """Run ``command`` in ``folder``; it reads the database at this address."""
        self._command = tuple(command)
        self._folder = folder
        self._environment = dict(environment)
        self._database_url = database_url
        self._at_once = at_once

    def share_out(
        self, org_id: str, rules: Sequence[Rule], ends: Sequence[int], take_in: TakeIn
    ) -> bool:
        """Look through all calls up to each of these rows; tell whether it came to its end.

        Raises InternalFault when a child ends early.
        """
        ranges = list(pairwise((0, *ends)))[::-1]
        done = 0
        with ExitStack() as stack:
            threads = stack.enter_context(ThreadPoolExecutor(self._at_once))
            task = (self._database_url, org_id, tuple(rules))
            free = [stack.enter_context(self._child(task)) for _ in range(self._at_once)]
            busy: dict[Future[Any], _Child] = {}
            while ranges or busy:
                while free and ranges:
                    child = free.pop()
                    busy[threads.submit(child.ask, ranges.pop())] = child
                for answered in wait(busy, return_when=FIRST_COMPLETED).done:
                    looked_at, found = answered.result()
                    free.append(busy.pop(answered))
                    done += looked_at
                    if not take_in(found, done):
                        return False
        return True

    def _child(self, task: object) -> "_Child":
        process = subprocess.Popen(
            self._command,
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        return _Child(process, task)


class _Child:
    """A process that looks through ranges of calls; leaving the block ends it."""

    def __init__(self, process: "subprocess.Popen[bytes]", task: object) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process, self._task = process, task
        self._questions, self._answers = process.stdin, process.stdout

    def __enter__(self) -> "_Child":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(WAIT_FOR_END_S)
        with suppress(OSError):
            self._questions.close()
        self._answers.close()

    def ask(self, rows: tuple[int, int]) -> tuple[int, dict[str, Packed]]:
        try:
            if self._task is not None:
                _send(self._questions, self._task)
                self._task = None
            _send(self._questions, rows)
            answer: tuple[int, dict[str, Packed]] = pickle.load(self._answers)
        except (OSError, EOFError, pickle.UnpicklingError):
            telemetry.warning("sweep.child_ended", exit_code=self._process.poll())
            raise InternalFault from None
        return answer


def answer(questions: BinaryIO, answers: BinaryIO, prepare: Prepare) -> None:
    """Answer ranges of rows until there are no more, as a child does."""
    # Nobody waits for a sweep as they do for a call that is being recognised, or for a page.
    with suppress(OSError):
        os.nice(5)
    try:
        look_through = prepare(*pickle.load(questions))
        while True:
            _send(answers, look_through(*pickle.load(questions)))
    except (EOFError, BrokenPipeError):
        return


def _send(stream: IO[bytes], what: object) -> None:
    pickle.dump(what, stream)
    stream.flush()
