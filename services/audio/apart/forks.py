"""The process that has loaded a decoder's libraries and forks one for each recording.

It sees no recording itself. It leaves when nobody has asked for long, or nobody can any more.
"""

import array
import os
import selectors
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import NoReturn

KILL = b"k"
IDLE_S = 60.0
_GIVEN = 3


def fork_for_each(asked: socket.socket, run: Callable[[], NoReturn]) -> None:
    """Fork whenever one is asked for, ``run`` there, and tell how each fork ended.

    This process has to have one thread.
    """
    Forks(asked, run).until_left()


class Forks:
    """The forks that run, each with the socket by which its end is told."""

    def __init__(self, asked: socket.socket, run: Callable[[], NoReturn]) -> None:
        """Be asked by this socket: each message has two pipes and a socket of the fork with it."""
        self._asked = asked
        self._run = run
        self._told: dict[int, socket.socket] = {}
        self._waiting = selectors.DefaultSelector()
        self._woken = _wakes_on_ends()

    def until_left(self) -> None:
        """Fork, kill and tell until nobody asks any more and no fork is left."""
        self._waiting.register(self._asked, selectors.EVENT_READ, self._fork)
        self._waiting.register(self._woken, selectors.EVENT_READ, self._tell)
        while self._told or self._is_asked():
            ready = self._waiting.select(None if self._told else IDLE_S)
            if not ready:
                # Nothing can be asked from now on; what has been is still read.
                self._asked.shutdown(socket.SHUT_RD)
            for key, _ in ready:
                key.data()

    def _is_asked(self) -> bool:
        return self._asked.fileno() in self._waiting.get_map()

    def _fork(self) -> None:
        given = _received(self._asked)
        if not given:
            self._waiting.unregister(self._asked)
            return
        into, out, told = given
        try:
            pid = os.fork()
        except OSError:
            # That nothing is told says it.
            pid = -1
        if pid == 0:
            self._become(into, out)
        os.close(into)
        os.close(out)
        if pid < 0:
            os.close(told)
            return
        self._told[pid] = socket.socket(fileno=told)
        self._waiting.register(self._told[pid], selectors.EVENT_READ, lambda: self._end(pid))

    def _become(self, into: int, out: int) -> NoReturn:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.dup2(into, 0)
        os.dup2(out, 1)
        # What belongs to other forks, or has more of them made, is not for this one.
        for number in _open_beyond_standard():
            with suppress(OSError):
                os.close(number)
        self._run()

    def _end(self, pid: int) -> None:
        """Kill a fork: whoever had it made has said so, or is gone."""
        told = self._told[pid]
        if not told.recv(1):
            self._waiting.unregister(told)
        os.kill(pid, signal.SIGKILL)

    def _tell(self) -> None:
        """Tell of the forks that have ended."""
        os.read(self._woken, 512)
        while self._told:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            with self._told.pop(pid) as told:
                with suppress(KeyError):
                    self._waiting.unregister(told)
                with suppress(OSError):
                    told.send(str(os.waitstatus_to_exitcode(status)).encode())


def _wakes_on_ends() -> int:
    """Return what can be read from whenever a child has ended."""
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    return woken


def _received(asked: socket.socket) -> Sequence[int]:
    """Return the descriptors that came with a message, none once nobody is there."""
    descriptors = array.array("i")
    _, rights, _, _ = asked.recvmsg(16, socket.CMSG_SPACE(_GIVEN * descriptors.itemsize))
    for _, _, given in rights:
        descriptors.frombytes(given)
    return descriptors


def _open_beyond_standard() -> Iterator[int]:
    """Yield the descriptors that are open beside standard input, output and error."""
    yield from [number for name in os.listdir("/proc/self/fd") if (number := int(name)) > 2]
