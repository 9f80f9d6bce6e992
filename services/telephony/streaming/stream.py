"""What streams of telephone services have in common, as whoever serves their sockets sees it."""

import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

from services import telemetry
from services.domain.errors import PartylineError
from services.domain.phone import PhoneService
from services.telephony.streaming.call import StreamedCall
from services.telephony.streaming.over import Over

Work = Callable[[], None]


class PhoneStream(ABC):
    """One connection. What it sends is read by one thread, the call is fed by another.

    So a service is answered in time whatever the call waits for: the recogniser that loads, the
    disk. None of the methods raises; a stream that comes to nothing says that it is over.
    """

    service: PhoneService
    comes_back_within_s = 0.0
    """So long a connection that broke is waited for: another one may go on with its call."""

    def __init__(self, call: StreamedCall) -> None:
        """Take the call that it becomes."""
        self.call = call
        self.is_over = False
        """Whether nothing more is wanted of the connection."""
        self.is_ending = False
        """Whether the service was asked to close the connection, which it should do soon."""
        self._lock = threading.Lock()
        self._due: deque[tuple[Work, int]] = deque()
        self._waiting_bytes = 0
        self._gathered: list[bytes] = []

    # --- the thread that reads ------------------------------------------------------------------

    def read(self, sent: Sequence[str | bytes]) -> tuple[str, ...]:
        """Read messages in their order, which takes no time; return what is to be sent back."""
        answers: list[str] = []
        for message in sent:
            if self.is_over:
                break
            try:
                answers += self._read(message)
            except PartylineError as error:
                self._tell("phone.refused", error)
                answers += self.stopped(Over.FAILED)
            except Exception as error:
                telemetry.fault("phone.stream", error, service=self.service.value)
                answers += self.stopped(Over.FAILED)
        self._pass_on()
        return tuple(answers)

    def stopped(self, why: Over) -> tuple[str, ...]:
        """Take that no more sound is wanted; return what is to be said to the service."""
        del why
        self.is_over = True
        return ()

    def broke(self) -> float:
        """Take that the connection is gone; return how many seconds another one is waited for."""
        return self.comes_back_within_s if self.call.is_on or self.has_work else 0.0

    @property
    def has_work(self) -> bool:
        """Whether the call has to be fed."""
        return bool(self._due)

    @property
    def waiting_bytes(self) -> int:
        """How much sound the call has not been fed yet."""
        return self._waiting_bytes

    # --- the thread that feeds ------------------------------------------------------------------

    def work(self) -> None:
        """Feed the call with what has been read; may wait for the disk."""
        while True:
            with self._lock:
                if not self._due:
                    return
                do, size = self._due.popleft()
                self._waiting_bytes -= size
            try:
                do()
            except PartylineError as error:
                self._tell("phone.refused", error)
                self.call.give_up()
            except Exception as error:
                telemetry.fault("phone.stream", error, service=self.service.value)
                self.call.give_up()

    def end(self) -> None:
        """End the call with what there is of it, unless another connection goes on with it."""
        self.is_over = True
        self._sound(self._rest())
        self._pass_on()
        self.work()
        self.call.end()
        telemetry.event(
            "phone.stream_over",
            service=self.service.value,
            became_call=self.call.call_id is not None,
            too_early_ms=self.call.too_early_ms,
            **self._counts(),
        )

    # --- one service's part ---------------------------------------------------------------------

    @abstractmethod
    def _read(self, message: str | bytes) -> tuple[str, ...]:
        """Read one message. Raises a PartylineError when no call can come of the stream."""

    @abstractmethod
    def _rest(self) -> bytes:
        """Return the sound that is left."""

    @abstractmethod
    def _counts(self) -> dict[str, int]:
        """Return what became of its messages, in numbers."""

    def _later(self, work: Work) -> None:
        """Have something done to the call, after what was read before."""
        self._pass_on()
        self._put(work, 0)

    def _sound(self, pcm: bytes) -> None:
        """Have sound stored with what comes next to it: each packet by itself costs too much."""
        if pcm:
            self._gathered.append(pcm)

    def _pass_on(self) -> None:
        pcm = b"".join(self._gathered)
        self._gathered.clear()
        if pcm:
            self._put(partial(self.call.take, pcm), len(pcm))

    def _put(self, work: Work, size: int) -> None:
        with self._lock:
            self._due.append((work, size))
            self._waiting_bytes += size

    def _tell(self, event: str, error: PartylineError) -> None:
        telemetry.warning(event, service=self.service.value, error=error.code)
