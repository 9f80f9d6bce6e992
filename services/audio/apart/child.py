"""The decoder's side: asks for the recording piece by piece and tells what it gives."""

import io
from collections import OrderedDict
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, BinaryIO

from services import telemetry
from services.audio.apart import wire
from services.audio.apart.limits import DecodeLimits, confine
from services.audio.apart.wire import Kind
from services.audio.decode import DecodedAudio, decode
from services.audio.opening import look
from services.domain.calls import Stage
from services.domain.errors import DecoderCrashed, DecoderOverrun, PartylineError
from services.domain.running import RunContext

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

    class _Stream(io.RawIOBase, BinaryIO):
        """A raw stream that type checkers accept wherever a binary file is wanted."""
else:
    _Stream = io.RawIOBase

BLOCK_BYTES = 256 * 1024
KEPT_BLOCKS = 8


def load_libraries() -> None:
    """Load what decoding needs, which takes files that may not be opened later."""
    import av
    import av.subtitles.codeccontext
    import av.subtitles.stream
    import av.subtitles.subtitle
    import soxr

    # Its log would print what it finds in the recording.
    av.logging.set_level(None)
    soxr.ResampleStream(8_000, 16_000, 1, dtype="float32")


def serve(orders: BinaryIO, answers: BinaryIO) -> None:
    """Decode the one recording that is ordered, or look at as many as are asked about.

    Nothing is read of any before the limits hold.
    """
    load_libraries()
    while (order := wire.receive(orders)) is not None:
        form = wire.read_form(order[1])
        confine(DecodeLimits(**form["limits"]))
        _answer(form, orders, answers)
        if not form.get("look"):
            return


def _answer(form: dict[str, Any], orders: BinaryIO, answers: BinaryIO) -> None:
    try:
        source = AskedSource(orders, answers, form["size"])
        if form.get("look"):
            look(source, suffix=form["suffix"])
            told = {}
        else:
            told = asdict(_decoded(form, source, answers))
    except PartylineError as error:
        _fail(answers, error)
    except MemoryError:
        _fail(answers, DecoderOverrun())
    except (BrokenPipeError, wire.Garbled):
        # Nobody is there to be told.
        raise SystemExit(0) from None
    except Exception as error:
        # Whatever nobody foresaw is this file's doing, and would come again with it.
        telemetry.fault("decoder.fault", error)
        _fail(answers, DecoderCrashed())
    else:
        wire.send(answers, Kind.DONE, wire.written(told))


def _decoded(form: dict[str, Any], source: BinaryIO, answers: BinaryIO) -> DecodedAudio:
    def reached(_stage: Stage, fraction: float) -> None:
        sound.pass_on()
        wire.send(answers, Kind.REACHED, wire.written({"fraction": fraction}))

    sound = _Sound(answers)
    decoded = decode(
        source,
        sound,
        RunContext(on_progress=reached),
        max_duration_ms=form["max_duration_ms"],
        suffix=form["suffix"],
    )
    sound.pass_on()
    return decoded


def _fail(answers: BinaryIO, error: PartylineError) -> None:
    told = {"code": error.code, "detail": error.detail}
    wire.send(answers, Kind.FAILED, wire.written(told))


class AskedSource(_Stream):
    """A recording that lies with whoever ordered it, read by asking for it block by block."""

    def __init__(self, orders: BinaryIO, answers: BinaryIO, size: int) -> None:
        """Ask through these pipes for a recording of so many bytes."""
        super().__init__()
        self._orders = orders
        self._answers = answers
        self._size = size
        self._at = 0
        self._kept: OrderedDict[int, bytes] = OrderedDict()

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that it can be read from any place."""
        return True

    def tell(self) -> int:
        """Return where the next read begins."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Set where the next read begins. Raises ValueError before the beginning."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("before the beginning")
        self._at = base + offset
        return self._at

    def read(self, size: int | None = -1, /) -> bytes:
        """Return up to so many bytes, fewer at the end of the recording only."""
        end = self._size if size is None or size < 0 else min(self._size, self._at + size)
        read = bytearray()
        while self._at < end:
            number, start = divmod(self._at, BLOCK_BYTES)
            part = self._block(number)[start : start + end - self._at]
            if not part:
                break
            read += part
            self._at += len(part)
        return bytes(read)

    def write(self, content: "ReadableBuffer", /) -> int:
        """Refuse: it belongs to somebody else."""
        raise io.UnsupportedOperation("read only")

    def _block(self, number: int) -> bytes:
        if number in self._kept:
            self._kept.move_to_end(number)
            return self._kept[number]
        wanted = wire.packed_place(number * BLOCK_BYTES, BLOCK_BYTES)
        wire.send(self._answers, Kind.WANTED, wanted)
        answer = wire.receive(self._orders)
        if answer is None or answer[0] is not Kind.GIVEN:
            raise wire.Garbled
        self._kept[number] = answer[1]
        if len(self._kept) > KEPT_BLOCKS:
            self._kept.popitem(last=False)
        return answer[1]


class _Sound(_Stream):
    """Where decoding writes; passed on in blocks that cost nothing."""

    def __init__(self, answers: BinaryIO) -> None:
        super().__init__()
        self._answers = answers
        self._waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, content: "ReadableBuffer", /) -> int:
        block = bytes(content)
        self._waiting += block
        if len(self._waiting) >= BLOCK_BYTES:
            self.pass_on()
        return len(block)

    def pass_on(self) -> None:
        """Pass on what waits."""
        at = 0
        while at < len(self._waiting):
            wire.send(self._answers, Kind.SOUND, bytes(self._waiting[at : at + BLOCK_BYTES]))
            at += BLOCK_BYTES
        self._waiting.clear()
