"""A look at the heads of many files, in one bounded child that stays until one of them ends it."""

import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

from services import telemetry
from services.audio.apart.bounded import Served, started
from services.audio.apart.limits import DecodeLimits
from services.audio.apart.told import TakenSound, told_error
from services.audio.apart.watch import Watch, never
from services.audio.apart.wire import Kind
from services.domain.running import RunContext

# Bounds of a process count for all that it looks at.
MOST_LOOKS = 1_000


class BoundedLook:
    """Says of files whether they can be recordings; safe across threads, one file at a time.

    The child sees one file after the other, so it is used for their heads only, never to decode.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        limits: DecodeLimits | None = None,
    ) -> None:
        """Start ``command`` in ``folder`` when there is something to look at."""
        self._command = tuple(command)
        self._folder = folder
        self._environment = dict(environment)
        self._limits = limits or DecodeLimits()
        self._child: subprocess.Popen[bytes] | None = None
        self._looks = 0
        self._lock = threading.Lock()

    def __call__(self, source: BinaryIO, *, suffix: str | None = None) -> None:
        """Look at a seekable stream.

        Raises what opening it does (EmptyFile, NotAudio, NoSound, DamagedAudio), DecoderOverrun,
        DecoderCrashed, DecoderLost.
        """
        with self._lock:
            child = self._running()
            try:
                self._look(child, source, suffix)
            finally:
                if child.poll() is not None:
                    self._let_go()

    def close(self) -> None:
        """End the child; the next file starts another."""
        with self._lock:
            self._let_go()

    def _look(self, child: "subprocess.Popen[bytes]", source: BinaryIO, suffix: str | None) -> None:
        size = source.seek(0, 2)
        order = {"look": True, "size": size, "suffix": suffix, "limits": asdict(self._limits)}
        served = Served(child, source, size, TakenSound(None, 0), RunContext())
        with Watch(child, self._limits, never, stays=True) as watch:
            try:
                ending = served.until_ended(order, watch)
            except BaseException:
                child.kill()
                child.wait()
                raise
            if ending is None:
                error = watch.why_ended(watch.until_left())
                telemetry.warning("audio.not_looked_at", error=type(error).__name__)
                raise error
        kind, content = ending
        if kind is Kind.FAILED:
            raise told_error(content)

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._child is not None:
            is_worn = self._looks >= MOST_LOOKS or self._child.poll() is not None
            if is_worn:
                self._let_go()
        self._looks += 1
        if self._child is None:
            self._looks = 1
            self._child = started(self._command, self._folder, self._environment)
        return self._child

    def _let_go(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        # Whatever was not read of an order is of no interest.
        with suppress(BrokenPipeError), child:
            pass
