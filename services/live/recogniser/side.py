"""The recogniser's side of the pipes: sessions opened, fed and ended as the parent says."""

import queue
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, BinaryIO, cast

from services import telemetry
from services.domain.errors import InternalFault, PartylineError
from services.live.recogniser.frames import (
    ALIVE_EVERY_S,
    VERSION,
    BadFrame,
    Frame,
    FrameWriter,
    order_of,
    read_frame,
)
from services.live.recogniser.recognising import Recognised, Recogniser
from services.live.recogniser.words import WordsRead, heard_of
from services.live.telling.events import Told
from services.providers.live import LiveFormat

Opens = Callable[[], Recogniser]


class ChildSide:
    """Serves one parent until its pipe ends."""

    def __init__(
        self,
        incoming: BinaryIO,
        outgoing: BinaryIO,
        recogniser: Recogniser,
        *,
        wait: Callable[[], None] = lambda: None,
    ) -> None:
        """Read orders from ``incoming``, tell on ``outgoing``; both without buffers.

        Every session first waits for ``wait``: for what is loaded meanwhile.
        """
        self._incoming = incoming
        self._writer = FrameWriter(outgoing)
        self._recogniser = recogniser
        self._wait = wait
        self._sessions: dict[int, _Session] = {}
        self._over = threading.Event()

    def serve(self) -> None:
        """Return when the parent is gone, or says what can't be understood."""
        self._writer.write("hello", version=VERSION)
        alive = threading.Thread(target=self._say_alive, name="alive", daemon=True)
        alive.start()
        try:
            while (frame := read_frame(self._incoming)) is not None:
                self._take(frame)
        except BadFrame:
            telemetry.warning("recogniser.bad_frame")
        finally:
            self._over.set()
            sessions = list(self._sessions.values())
            for session in sessions:
                session.abort()

    def _say_alive(self) -> None:
        """Show that threads here get their turn: native code that never returns may keep all."""
        with suppress(OSError, ValueError):
            while not self._over.wait(ALIVE_EVERY_S):
                self._writer.write("alive")

    def _take(self, frame: Frame) -> None:
        number = frame.session
        if frame.kind in OPENING:
            session = OPENING[frame.kind](number, self._opens, self._writer, self._forget)
            self._sessions[number] = session
            session.start(frame)
        elif (known := self._sessions.get(number)) is not None:
            known.put(frame)

    def _opens(self) -> Recogniser:
        self._wait()
        return self._recogniser

    def _forget(self, number: int) -> None:
        self._sessions.pop(number, None)


class _Session:
    """One session, in a thread of its own: nothing that one waits for keeps others waiting."""

    def __init__(
        self,
        number: int,
        opens: Opens,
        writer: FrameWriter,
        forget: Callable[[int], None],
    ) -> None:
        self._number = number
        self._opens = opens
        self._writer = writer
        self._forget = forget
        self._frames: queue.SimpleQueue[Frame] = queue.SimpleQueue()
        self._opened: Recognised | WordsRead | None = None
        self._bytes_per_ms = 1
        self._taken_bytes = 0
        self._aborted = threading.Event()
        self._thread = threading.Thread(target=self._work, name="session", daemon=True)

    def start(self, frame: Frame) -> None:
        self._frames.put(frame)
        self._thread.start()

    def put(self, frame: Frame) -> None:
        if frame.kind == "abort":
            # Not in its turn: what is waited for is what is given up.
            threading.Thread(target=self.abort, name="abort", daemon=True).start()
        self._frames.put(frame)

    def abort(self) -> None:
        self._aborted.set()
        if self._opened is not None:
            self._opened.abort()

    def _work(self) -> None:
        try:
            if self._open(self._frames.get()):
                while (frame := self._frames.get()).kind not in ("finish", "abort"):
                    self._do(frame)
                if frame.kind == "finish" and self._opened is not None:
                    self._guarded(self._opened.finish)
        finally:
            if self._opened is not None:
                self._guarded(self._opened.abort)
            self._forget(self._number)
            self._say("over")

    def _open(self, frame: Frame) -> bool:
        try:
            self._opened = self._opened_by(self._opens(), frame)
        except PartylineError as error:
            self._say("refused", code=error.code, detail=error.detail)
        except Exception as error:
            telemetry.fault("recogniser.open", error)
            self._say("refused", code=InternalFault().code, detail=None)
        else:
            self._say("opened")
            return not self._aborted.is_set()
        return False

    def _opened_by(self, recogniser: Recogniser, frame: Frame) -> Recognised | WordsRead:
        order = order_of(frame.head["order"])
        self._bytes_per_ms = LiveFormat(channels=order.channels).bytes_per_ms
        return recogniser.open(order, self._told)

    def _do(self, frame: Frame) -> None:
        opened = cast(Recognised, self._opened)
        match frame.kind:
            case "sound":
                self._guarded(lambda: opened.send(frame.body))
                self._taken_bytes += len(frame.body)
                self._say("taken", bytes=len(frame.body))
            case "summarise":
                self._guarded(opened.summarise)
            case "speak":
                self._guarded(lambda: opened.speak(frame.head["language"]), warns=True)
            case "not_recorded":
                start_ms, end_ms = frame.head["start_ms"], frame.head["end_ms"]
                self._guarded(lambda: opened.not_recorded(start_ms, end_ms))

    def _guarded(self, work: Callable[[], None], *, warns: bool = False) -> None:
        """Do what may fail; what ends a session is told by the session itself."""
        try:
            work()
        except PartylineError as error:
            if warns:
                at_ms = self._taken_bytes // self._bytes_per_ms
                self._say("warned", code=error.code, detail=error.detail, at_ms=at_ms)
        except Exception as error:
            telemetry.fault("recogniser.session", error)

    def _told(self, told: Told) -> None:
        self._say("told", event=dict(told))

    def _say(self, kind: str, **fields: Any) -> None:
        # Without a parent nobody is told anything; the reading side ends then.
        with suppress(OSError, ValueError):
            self._writer.write(kind, session=self._number, **fields)


class _ReadSession(_Session):
    """One session that is given words."""

    def _opened_by(self, recogniser: Recogniser, frame: Frame) -> WordsRead:
        return recogniser.read(order_of(frame.head["order"]), self._told, frame.head["known"])

    def _do(self, frame: Frame) -> None:
        opened, head = cast(WordsRead, self._opened), frame.head
        match frame.kind:
            case "heard":
                self._guarded(lambda: opened.heard(heard_of(head["event"])))
            case "passed":
                self._guarded(lambda: opened.passed(head["now_ms"]))
            case "summed_up":
                self._guarded(
                    lambda: opened.summed_up(head["text"], head["by"], so_far=head["so_far"])
                )
            case "summarise":
                self._guarded(opened.summarise)


OPENING: Mapping[str, type[_Session]] = {"open": _Session, "read": _ReadSession}
