"""Decoders without their start: a process that has loaded everything forks for each recording.

What runs in the fork is the decoder as it is, behind its limits; only the second it takes Python
and its libraries to start is saved. Run as a module, with the number of a socket to be asked by.
"""

import array
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from app import decoder
from services.audio.apart.bounded import BoundedDecoder
from services.audio.apart.child import load_libraries
from services.audio.apart.limits import DecodeLimits

ROOT = Path(__file__).resolve().parents[2]


class Forked:
    """A child that looks like one of ``subprocess``; its status comes from who forked it."""

    def __init__(self, asked: socket.socket, pid: int, stdin: int, stdout: int) -> None:
        self.pid = pid
        self.stdin = os.fdopen(stdin, "wb")
        self.stdout = os.fdopen(stdout, "rb")
        self.returncode: int | None = None
        self._asked = asked
        self._lock = threading.Lock()

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            if self.returncode is None:
                os.kill(self.pid, signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        with self._lock:
            if self.returncode is None:
                self._asked.settimeout(timeout)
                try:
                    self.returncode = json.loads(self._asked.recv(64))
                except TimeoutError:
                    raise subprocess.TimeoutExpired("decoder", timeout or 0) from None
            return self.returncode

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            self.stdin.close()
        self.wait()


class ForkingDecoder(BoundedDecoder):
    """Decodes in forks of one process; one at a time."""

    def __init__(self, limits: DecodeLimits) -> None:
        super().__init__((), folder=ROOT, environment={}, limits=limits)
        self._asked, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.attacks.forked_decoder", str(theirs.fileno())],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "OPENBLAS_NUM_THREADS": "1"},
            pass_fds=[theirs.fileno()],
        )
        theirs.close()

    def close(self) -> None:
        self._asked.close()
        self._process.wait(20)

    def children(self) -> list[str]:
        """Those that have not gone."""
        found = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text()
        return found.split()

    def resident_kb(self) -> int:
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])

    def _started(self) -> Forked:  # type: ignore[override]
        into, order = os.pipe()
        answer, out = os.pipe()
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [into, out]))]
        self._asked.settimeout(60)
        self._asked.sendmsg([b"decode"], rights)
        pid = json.loads(self._asked.recv(64))
        os.close(into)
        os.close(out)
        return Forked(self._asked, pid, order, answer)


def fork_for_each(asked: socket.socket) -> None:
    """Fork a decoder whenever one is asked for, tell its number and, later, how it ended."""
    load_libraries()
    while True:
        descriptors = array.array("i")
        content, rights, _, _ = asked.recvmsg(64, socket.CMSG_SPACE(2 * descriptors.itemsize))
        if not content:
            return
        for _, _, given in rights:
            descriptors.frombytes(given)
        into, out = descriptors
        pid = os.fork()
        if pid == 0:
            os.dup2(into, 0)
            os.dup2(out, 1)
            os.close(into)
            os.close(out)
            asked.close()
            decoder.run()
        os.close(into)
        os.close(out)
        asked.send(json.dumps(pid).encode())
        _, status = os.waitpid(pid, 0)
        asked.send(json.dumps(os.waitstatus_to_exitcode(status)).encode())


if __name__ == "__main__":
    fork_for_each(socket.socket(fileno=int(sys.argv[1])))
