"""A child that recognises nothing: it tells how much it was sent. Run by test_child.py.

The provider's name says what goes wrong: ``full`` refuses, ``faulty`` fails, ``loud`` prints,
``slow`` takes nothing for a second, ``stuck`` nothing ever, ``dying`` kills itself at the first
sound.
"""

import os
import signal
import sys
import threading

from services.domain.errors import NotLive, ProviderBusy
from services.live.child_side import ChildSide
from services.live.recognising import LiveOrder
from services.live.telling import ToldListener


class Counting:
    def __init__(self, order: LiveOrder, listener: ToldListener) -> None:
        self._provider = order.options.provider
        self._tell = listener
        self._bytes = 0
        self._may_take = threading.Event()
        if self._provider not in ("slow", "stuck"):
            self._may_take.set()
        self._over = False
        threading.Thread(target=self._let_go, daemon=True).start()

    def _let_go(self) -> None:
        if self._provider == "slow":
            self._may_take.wait(1.0)
            self._may_take.set()

    def send(self, pcm: bytes) -> None:
        self._may_take.wait()
        if self._provider == "dying":
            os.kill(os.getpid(), signal.SIGKILL)
        if self._provider == "loud":
            sys.stdout.write("printed by a library")
            sys.stdout.flush()
            os.write(1, b"written by native code")
        self._bytes += len(pcm)
        self._tell({"type": "state", "at_ms": self._bytes, "said": "\ud800 é"})

    def finish(self) -> None:
        self._end()

    def abort(self) -> None:
        self._end()

    def _end(self) -> None:
        if not self._over:
            self._over = True
            ended = {"type": "ended", "at_ms": self._bytes}
            self._tell({**ended, "error_code": None, "error_message": None})

    def not_recorded(self, start_ms: int, end_ms: int) -> None:
        self._tell({"type": "state", "at_ms": start_ms, "until_ms": end_ms})

    def summarise(self) -> None:
        raise RuntimeError("a fault")

    def speak(self, language: str | None) -> None:
        raise NotLive(language)


class CountingRecogniser:
    def open(self, order: LiveOrder, listener: ToldListener) -> Counting:
        if order.options.provider == "full":
            raise ProviderBusy("Come later.")
        if order.options.provider == "faulty":
            raise RuntimeError("words of a call")
        return Counting(order, listener)

    def prepare(self) -> None:
        pass

    def close(self) -> None:
        pass


if __name__ == "__main__":
    from app.processes import own_pipes

    incoming, outgoing = own_pipes()
    if "other" in sys.argv:
        os.write(outgoing, b'\x0a\x00\x00\x00\x00\x00\x00\x00{"type":1}')
    with os.fdopen(incoming, "rb", 0) as orders, os.fdopen(outgoing, "wb", 0) as answers:
        ChildSide(orders, answers, CountingRecogniser()).serve()
    os._exit(0)
