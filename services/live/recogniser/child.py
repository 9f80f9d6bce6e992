"""Recognises live calls in a process of its own, so that the one that serves pages stays free.

The child is started when it is first needed, and again when it has died and is needed. Its death
ends all its sessions with RecogniserLost; whoever feeds a call opens another one then. One that
stands still is killed: it says that it is alive every second. It ends with its parent: its standard
input is a pipe from here.
"""

import itertools
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from services import telemetry
from services.domain.errors import RecogniserLost
from services.live.recogniser.frames import (
    ALIVE_EVERY_S,
    VERSION,
    BadFrame,
    Frame,
    FrameQueue,
    read_frame,
)
from services.live.recogniser.quiet_time import QuietTime
from services.live.recogniser.recognising import LiveOrder
from services.live.recogniser.session import SessionInChild
from services.live.recogniser.words_session import WordsInChild
from services.live.telling.events import Told, ToldListener

HELLO_WITHIN_S = 60.0
END_WITHIN_S = 5.0
STUCK_S = 20.0
"""A child that says nothing for so long, or takes none of a call's sound, is killed."""


class ChildRecogniser:
    """Opens sessions in a child process that answers as child_side.py does. Threadsafe."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
    ) -> None:
        """Run ``command`` in ``folder``; nothing is started yet."""
        self._command = tuple(command)
        self._folder = folder
        self._environment = dict(environment)
        self._lock = threading.Lock()
        self._child: _Child | None = None
        self._numbers = itertools.count(1)
        self._closed = False

    def open(self, order: LiveOrder, listener: ToldListener) -> SessionInChild:
        """Open a session.

        Raises what the child refuses it with, RecogniserLost when there is none to ask.
        """
        child = self._running_child()
        session = SessionInChild(next(self._numbers), child, order, listener)
        session.open()
        return session

    def read(self, order: LiveOrder, listener: ToldListener, known: Sequence[Told]) -> WordsInChild:
        """Open a session that is given words. Raises as ``open``."""
        child = self._running_child()
        session = WordsInChild(next(self._numbers), child, order, listener, known)
        session.open()
        return session

    def prepare(self) -> None:
        """Start the child, so that the first call need not wait for that. Raises RecogniserLost."""
        self._running_child()

    @property
    def pid(self) -> int | None:
        """Process id of the child that runs now."""
        with self._lock:
            child = self._child
        return child.pid if child is not None and child.is_alive else None

    def close(self) -> None:
        """End the child, and wait for that; no other is started."""
        with self._lock:
            self._closed, child, self._child = True, self._child, None
        if child is not None:
            child.end()

    def _running_child(self) -> "_Child":
        with self._lock:
            if self._closed:
                raise RecogniserLost
            if self._child is None or not self._child.is_alive:
                self._child = _Child(self._command, self._folder, self._environment)
            return self._child


class _Child:
    """One child process, and the threads that start and hear it, tell it things and watch it.

    The one that hears it has started it, because the kernel's parent-death signal follows the
    thread that does.
    """

    def __init__(self, command: Sequence[str], folder: Path, environment: dict[str, str]) -> None:
        """Start it; returns when it has said hello. Raises RecogniserLost."""
        self._start = (tuple(command), folder, environment)
        self._sessions: dict[int, SessionInChild] = {}
        self._lock = threading.Lock()
        self._hello = threading.Event()
        self._gone = threading.Event()
        self._wanted_end = False
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: FrameQueue | None = None
        self._quiet = QuietTime(ALIVE_EVERY_S)
        self._thread = threading.Thread(target=self._work, name="recogniser", daemon=True)
        self._watch = threading.Thread(target=self._look, name="recogniser-watch", daemon=True)
        began = time.monotonic()
        self._thread.start()
        if not self._hello.wait(HELLO_WITHIN_S) or self._gone.is_set():
            self._kill()
            raise RecogniserLost
        self._watch.start()
        took_ms = round((time.monotonic() - began) * 1000)
        telemetry.event("recogniser.started", took_ms=took_ms)

    @property
    def is_alive(self) -> bool:
        """Whether it can be asked."""
        return not self._gone.is_set()

    @property
    def pid(self) -> int | None:
        """Its process id."""
        return self._process.pid if self._process is not None else None

    @property
    def quiet_s(self) -> float:
        """For how long it has said nothing, not even that it is alive."""
        return self._quiet.seconds

    def add(self, session: SessionInChild) -> None:
        """Have a session told what the child says of it. Raises RecogniserLost."""
        with self._lock:
            if self._gone.is_set():
                raise RecogniserLost
            self._sessions[session.number] = session

    def write(self, kind: str, *, body: bytes = b"", **fields: Any) -> None:
        """Tell the child something; never waits for it. Raises RecogniserLost."""
        try:
            assert self._pipe is not None
            self._pipe.write(kind, body=body, **fields)
        except OSError:
            raise RecogniserLost from None

    def end(self) -> None:
        """Have it end: its input ends, and it is killed when that takes too long."""
        self._wanted_end, process = True, self._process
        if process is None or self._pipe is None:
            return
        self._pipe.end()
        try:
            process.wait(END_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._kill()
        self._thread.join()
        self._watch.join()

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()

    # --- the thread that watches it -----------------------------------------------------------

    def _look(self) -> None:
        """Kill it when it stands still: its sessions are lost then, and begun again in another."""
        while not self._gone.wait(ALIVE_EVERY_S):
            self._quiet.passed()
            with self._lock:
                sessions = list(self._sessions.values())
            for session in sessions:
                session.quiet.passed()
            longest_s = max([self.quiet_s, *(session.waits_s for session in sessions)])
            if longest_s >= STUCK_S:
                telemetry.warning("recogniser.stuck", quiet_s=round(self.quiet_s))
                self._kill()
                return

    # --- the thread that hears it -------------------------------------------------------------

    def _work(self) -> None:
        command, folder, environment = self._start
        try:
            with subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
            ) as process:
                self._process = process
                assert process.stdin is not None
                self._pipe = FrameQueue(process.stdin)  # type: ignore[arg-type]
                try:
                    self._hear(process)
                finally:
                    process.kill()
                    self._pipe.end()
                    self._pipe.join()
            if not self._wanted_end:
                telemetry.warning("recogniser.ended", exit_code=process.returncode)
        except OSError as error:
            telemetry.fault("recogniser.not_started", error)
        except Exception as error:
            telemetry.fault("recogniser.unheard", error)
        finally:
            self._lose_all()

    def _hear(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdout is not None
        try:
            hello = read_frame(process.stdout)  # type: ignore[arg-type]
            if hello is None or hello.kind != "hello" or hello.head.get("version") != VERSION:
                telemetry.warning("recogniser.other_version")
                return
            self._hello.set()
            while (frame := read_frame(process.stdout)) is not None:  # type: ignore[arg-type]
                self._quiet.over()
                if frame.kind != "alive":
                    self._pass_on(frame)
        except BadFrame:
            telemetry.warning("recogniser.bad_frame")

    def _pass_on(self, frame: Frame) -> None:
        with self._lock:
            session = self._sessions.get(frame.session)
            if frame.kind == "over":
                self._sessions.pop(frame.session, None)
        if session is not None:
            session.hear(frame)

    def _lose_all(self) -> None:
        with self._lock:
            self._gone.set()
            left, self._sessions = list(self._sessions.values()), {}
        self._hello.set()
        for session in left:
            session.lose()
