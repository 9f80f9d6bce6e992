"""Decoding in a bounded child: gives it a recording piece by piece and takes the sound from it.

Nothing that the child says is trusted: sizes, places and texts are checked like those of a
stranger.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import BinaryIO

from services import telemetry
from services.audio.apart import wire
from services.audio.apart.limits import DecodeLimits
from services.audio.apart.starting import Child, StartChild
from services.audio.apart.told import TakenSound, told_error, told_sound
from services.audio.apart.watch import Watch
from services.audio.apart.wire import Kind
from services.audio.decode import DecodedAudio
from services.domain.calls import Stage
from services.domain.errors import DecoderOverrun
from services.domain.running import RunContext

# A recording is read about once. A file that makes its reader run to and fro is none.
MOST_READINGS = 16
READ_ANYWAY_BYTES = 256 * 1024 * 1024


class BoundedDecoder:
    """Decodes each recording in a child that sees no other; safe across threads."""

    def __init__(self, start: StartChild, *, limits: DecodeLimits | None = None) -> None:
        """Have children from ``start``."""
        self.start = start
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
        order = {"suffix": suffix, "max_duration_ms": max_duration_ms}
        return told_sound(*self._served(source, taken, context, order), taken)

    def look(self, source: BinaryIO, *, suffix: str | None = None) -> None:
        """Look at the head of a seekable stream, whether it can be a recording.

        Raises what opening it does (EmptyFile, NotAudio, NoSound, DamagedAudio), DecoderOverrun,
        DecoderCrashed, DecoderLost.
        """
        order = {"look": True, "suffix": suffix}
        kind, content = self._served(source, TakenSound(None, 0), RunContext(), order)
        if kind is Kind.FAILED:
            raise told_error(content)

    def _served(
        self, source: BinaryIO, taken: TakenSound, context: RunContext, order: Mapping[str, object]
    ) -> tuple[Kind, bytes]:
        """Have an order carried out; return how it ended."""
        size = source.seek(0, 2)
        order = {**order, "size": size, "limits": asdict(self._limits)}
        with self.start() as child, Watch(child, self._limits, context.is_cancelled) as watch:
            served = Served(child, source, size, taken, context)
            try:
                ending = served.until_ended(order, watch)
            except BaseException:
                child.kill()
                raise
        if ending is None:
            exit_code = child.wait()
            error = watch.why_ended(exit_code)
            told = type(error).__name__
            telemetry.warning("audio.not_decoded", error=told, exit_code=exit_code)
            raise error
        return ending


class Served:
    """One child that is given what it asks for."""

    def __init__(
        self, child: Child, source: BinaryIO, size: int, taken: TakenSound, context: RunContext
    ) -> None:
        """Give it what it asks for of ``source``, and ``taken`` what it gives."""
        self._orders = child.orders
        self._answers = child.answers
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
