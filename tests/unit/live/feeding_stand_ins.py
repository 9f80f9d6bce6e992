"""A recogniser driven by hand, and a call to be fed to it."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from services.domain.calls import ProcessingOptions
from services.domain.errors import LiveOver, PartylineError
from services.domain.live_calls import LiveSource, LiveState, RunningCall
from services.live.recogniser.recognising import LiveOrder
from services.live.telling.events import Told, ToldListener

FRAMES_PER_MS = 16
WAITS_S = 10.0


def running_call(**given: object) -> RunningCall:
    now = datetime.now(UTC)
    call = {
        "id": "call",
        "org_id": "local",
        "owner": "local",
        "name": "A call",
        "source": LiveSource.BROWSER,
        "state": LiveState.RECORDING,
        "options": ProcessingOptions(provider="hand", redact=False),
        "channels": 1,
        "began_at": now,
        "heartbeat_at": now,
        "process": "me",
    }
    return RunningCall(**(call | given))


def line(kind: str, name: str, start_ms: int, end_ms: int, text: str = "so") -> Told:
    """Return a line as a session tells it."""
    return {
        "type": kind,
        "at_ms": end_ms,
        "emitted_ms": 0,
        "id": name,
        "speaker": None,
        "channel": None,
        "start_ms": start_ms,
        "end_ms": end_ms,
        "text": text,
        "confidence": None,
        "words": [],
        "sentiment": None,
        "provider_sentiment": None,
        "is_backchannel": False,
        "pii": [],
    }


class HandRecognised:
    """One session: keeps what it was sent, tells what the test says."""

    def __init__(self, order: LiveOrder, listener: ToldListener) -> None:
        self.order = order
        self.tell = listener
        self.sent = bytearray()
        self.asked: list[object] = []
        self.may_take = threading.Event()
        self.may_take.set()
        self.over = False
        self.finished = threading.Event()
        self.last_words: list[Told] = []
        self.may_finish = threading.Event()
        self.may_finish.set()

    def send(self, pcm: bytes) -> None:
        self.may_take.wait()
        if self.over:
            raise LiveOver
        self.sent += pcm

    def finish(self) -> None:
        self.may_finish.wait()
        for told in self.last_words:
            self.tell(told)
        self.finished.set()
        self.end()

    def abort(self) -> None:
        self.may_take.set()
        self.may_finish.set()
        self.end()

    def end(self, code: str | None = None) -> None:
        """End it, with an error when that has a code; only the first end is told."""
        if not self.over:
            self.over = True
            self.tell({"type": "ended", "at_ms": 0, "error_code": code, "error_message": code})

    def not_recorded(self, start_ms: int, end_ms: int) -> None:
        self.asked.append((start_ms, end_ms))

    def summarise(self) -> None:
        self.asked.append("summary")

    def speak(self, language: str | None) -> None:
        self.asked.append(language)


class HandRecogniser:
    """Opens sessions, or refuses to, as often as it is told."""

    def __init__(self) -> None:
        self.sessions: list[HandRecognised] = []
        self.refusals: list[PartylineError] = []

    def open(self, order: LiveOrder, listener: ToldListener) -> HandRecognised:
        if self.refusals:
            raise self.refusals.pop(0)
        self.sessions.append(HandRecognised(order, listener))
        return self.sessions[-1]

    def prepare(self) -> None:
        pass

    def close(self) -> None:
        pass


def wait_until(done: Callable[[], object]) -> None:
    until = time.monotonic() + WAITS_S
    while not done():
        assert time.monotonic() < until
        time.sleep(0.005)
