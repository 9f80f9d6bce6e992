"""The decoder's side: asks for the recording piece by piece and tells what it gives."""

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
from services.streams import BinaryStream, BlockStream

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

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
    """Decode the one recording that is ordered, or look at it, and be done.

    Nothing is read of it before the limits hold.
    """
    load_libraries()
    order = wire.receive(orders)
    if order is None:
        return
    form = wire.read_form(order[1])
    confine(DecodeLimits(**form["limits"]))
    _answer(form, orders, answers)


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


class AskedSource(BlockStream):
    """A recording that lies with whoever ordered it, read by asking for it block by block."""

    def __init__(self, orders: BinaryIO, answers: BinaryIO, size: int) -> None:
        """Ask through these pipes for a recording of so many bytes."""
        super().__init__(block_bytes=BLOCK_BYTES, kept_blocks=KEPT_BLOCKS)
        self._orders = orders
        self._answers = answers
        self._size = size

    @property
    def size(self) -> int:
        """How many bytes the recording has."""
        return self._size

    def _fetch(self, number: int) -> bytes:
        wanted = wire.packed_place(number * BLOCK_BYTES, BLOCK_BYTES)
        wire.send(self._answers, Kind.WANTED, wanted)
        answer = wire.receive(self._orders)
        if answer is None or answer[0] is not Kind.GIVEN:
            raise wire.Garbled
        return answer[1]


class _Sound(BinaryStream):
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
