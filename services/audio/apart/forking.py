"""Decoders without their start, on Linux: one process has loaded everything and forks for each.

Python and the libraries take longer to load than most recordings to decode. The process that has
them loaded (``forks.py``) never sees a recording; each of its forks sees one, behind the limits,
and ends.
"""

import array
import os
import socket
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from services.audio.apart.forks import KILL
from services.domain.errors import DecoderLost

# All forks of a process have the same things at the same places in memory.
MOST_FORKS = 1_000
_KILLED = -9


class Forked:
    """A child that was forked; who forked it tells how it ended."""

    def __init__(self, orders: BinaryIO, answers: BinaryIO, told: socket.socket) -> None:
        """Take the ends of its pipes, and where its end is told."""
        self.orders = orders
        self.answers = answers
        self._told = told
        self._status: int | None = None
        self._lock = threading.Lock()

    def kill(self) -> None:
        """End it, if it is still there."""
        # Who forked it kills it: nobody else knows whether its number is still its own.
        with suppress(OSError):
            self._told.send(KILL)

    def wait(self, timeout_s: float | None = None) -> int:
        """Return how it ended. Raises TimeoutError."""
        with self._lock:
            if self._status is None:
                self._told.settimeout(timeout_s)
                try:
                    status = self._told.recv(16)
                except ConnectionError:
                    status = b""
                # Without a word only when there was no room for it, or who forked it was killed.
                self._status = int(status) if status else _KILLED
            return self._status

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close both pipes and wait."""
        self.answers.close()
        try:
            with suppress(BrokenPipeError):
                self.orders.close()
            self.wait()
        finally:
            self._told.close()


class Forking:
    """Has a child forked whenever one is asked for; safe across threads."""

    def __init__(
        self, command: Sequence[str], *, folder: Path, environment: Mapping[str, str]
    ) -> None:
        """Run ``command`` in ``folder`` on the first use, with a socket's number as last argument.

        It does there as ``forks.fork_for_each`` does.
        """
        self._command = tuple(command)
        self._folder = folder
        self._environment = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None
        self._asked: socket.socket | None = None
        self._forks = 0
        self._lock = threading.Lock()

    @property
    def pid(self) -> int | None:
        """The number of the process that forks, None while there is none."""
        return self._process.pid if self._process is not None else None

    def __call__(self) -> Forked:
        """Have one forked. Raises DecoderLost when this machine has no room for it."""
        with ExitStack() as own, ExitStack() as given:
            try:
                into, order = os.pipe()
                given.callback(os.close, into)
                orders = own.enter_context(os.fdopen(order, "wb"))
                answer, out = os.pipe()
                given.callback(os.close, out)
                answers = own.enter_context(os.fdopen(answer, "rb"))
                told, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                own.enter_context(told)
                given.enter_context(theirs)
                with self._lock:
                    self._ask((into, out, theirs.fileno()))
            except OSError as error:
                raise DecoderLost from error
            own.pop_all()
            return Forked(orders, answers, told)

    def close(self) -> None:
        """Let the process that forks go; the next child has another started."""
        with self._lock:
            self._let_go()

    def _ask(self, given: Sequence[int]) -> None:
        if self._forks >= MOST_FORKS:
            self._let_go()
        try:
            self._send(given)
        except OSError:
            # It has left since it was asked last.
            self._let_go()
            self._send(given)
        self._forks += 1

    def _send(self, given: Sequence[int]) -> None:
        if self._asked is None:
            self._asked = self._started()
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", given))]
        self._asked.sendmsg([b"fork"], rights)

    def _started(self) -> socket.socket:
        asked, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            try:
                self._process = subprocess.Popen(
                    (*self._command, str(theirs.fileno())),
                    cwd=self._folder,
                    env=self._environment,
                    stdin=subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                )
            except OSError:
                asked.close()
                raise
        self._forks = 0
        return asked

    def _let_go(self) -> None:
        if self._asked is not None:
            self._asked.close()
            self._asked = None
        process, self._process = self._process, None
        if process is not None:
            # It stays as long as the last of its forks, and somebody has to take note of its end.
            threading.Thread(target=process.wait, name="decoder-leaves", daemon=True).start()
