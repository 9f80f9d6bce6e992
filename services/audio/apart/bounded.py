"""Decoding in a bounded child: gives it a recording piece by piece and takes the sound from it.

Nothing that the child says is trusted: sizes, places and texts are checked like those of a
stranger.
"""

import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

from services import telemetry
from services.audio.apart import wire
from services.audio.apart.limits import DecodeLimits
from services.audio.apart.told import TakenSound, told_sound
from services.audio.apart.watch import Watch
from services.audio.apart.wire import Kind
from services.audio.decode import DecodedAudio
from services.domain.calls import Stage
from services.domain.errors import DecoderLost, DecoderOverrun
from services.domain.running import RunContext

# A recording is read about once. A file that makes its reader run to and fro is none.
MOST_READINGS = 16
READ_ANYWAY_BYTES = 256 * 1024 * 1024


class BoundedDecoder:
    """Decodes each recording in a child started for it; safe across threads."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        limits: DecodeLimits | None = None,
    ) -> None:
        """Run ``command`` in ``folder``; it decodes as ``child.serve`` does."""
        self._command = tuple(command)
        self._folder = folder
        self._environment = dict(environment)
        self._limits = limits or DecodeLimits()

    def __call__(
        self,
        source: BinaryIO,
        sink: BinaryIO,
        context: RunContext,
        *,
        max_duration_ms: int,
        suffix: str | None = None,
    ) -> DecodedAudio:
        """Decode as ``decode`` does, with the same errors.

        Raises as well DecoderOverrun beyond the limits, DecoderCrashed, and DecoderLost when this
        machine has no room for a decoder.
        """
        taken = TakenSound(sink, max_duration_ms)
        size = source.seek(0, 2)
        order = {
            "size": size,
            "suffix": suffix,
            "max_duration_ms": max_duration_ms,
            "limits": asdict(self._limits),
        }
        with self._started() as child, Watch(child, self._limits, context.is_cancelled) as watch:
            served = Served(child, source, size, taken, context)
            try:
                ending = served.until_ended(order, watch)
            except BaseException:
                child.kill()
                raise
        if ending is None:
            error = watch.why_ended(child.returncode)
            told = type(error).__name__
            telemetry.warning("audio.not_decoded", error=told, exit_code=child.returncode)
            raise error
        return told_sound(*ending, taken)

    def _started(self) -> "subprocess.Popen[bytes]":
        return started(self._command, self._folder, self._environment)


def started(
    command: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> "subprocess.Popen[bytes]":
    """Start a child. Raises DecoderLost when this machine has no room for one."""
    try:
        return subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
    except OSError as error:
        raise DecoderLost from error


class Served:
    """One child that is given what it asks for."""

    def __init__(
        self,
        child: "subprocess.Popen[bytes]",
        source: BinaryIO,
        size: int,
        taken: TakenSound,
        context: RunContext,
    ) -> None:
        """Give it what it asks for of ``source``, and ``taken`` what it gives."""
        assert child.stdin is not None
        assert child.stdout is not None
        self._orders: BinaryIO = child.stdin  # type: ignore[assignment]
        self._answers: BinaryIO = child.stdout  # type: ignore[assignment]
        self._source = source
        self._taken = taken
        self._context = context
        self._left_bytes = READ_ANYWAY_BYTES + MOST_READINGS * size

    def until_ended(self, order: Mapping[str, object], watch: Watch) -> tuple[Kind, bytes] | None:
        """Serve a child until it has told how it went; None when it ended without.

        Raises what the recording, the sink and the context raise, and DecoderOverrun.
        """
        self._say(Kind.ORDER, wire.written(order))
        with suppress(wire.Garbled):
            while (message := wire.receive(self._answers)) is not None:
                watch.heard()
                kind, content = message
                match kind:
                    case Kind.WANTED:
                        self._say(Kind.GIVEN, self._piece(*wire.place(content)))
                    case Kind.SOUND:
                        self._taken.take(content)
                    case Kind.REACHED:
                        self._context.report(Stage.DECODE, wire.fraction(content))
                    case Kind.DONE | Kind.FAILED:
                        return message
                    case _:
                        return None
        return None

    def _piece(self, offset: int, length: int) -> bytes:
        length = min(length, wire.MOST_BYTES)
        self._left_bytes -= length
        if self._left_bytes < 0:
            raise DecoderOverrun
        self._source.seek(offset)
        return self._source.read(length)

    def _say(self, kind: Kind, content: bytes) -> None:
        # A child that is gone says so by its silence.
        with suppress(BrokenPipeError):
            wire.send(self._orders, kind, content)
