"""What streams of telephone services have in common, as whoever serves their sockets sees it."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from services import telemetry
from services.domain.errors import InternalFault, PartylineError
from services.domain.phone import PhoneService
from services.live.recording.line import LineNotice
from services.telephony.streaming.call import StreamedCall


class PhoneStream(ABC):
    """One connection. Its methods are called by one thread at a time, and may wait for the disk.

    They don't raise: a stream that can't become a call, or not any more, says that it is over.
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

    def take(self, sent: Sequence[str | bytes]) -> tuple[str, ...]:
        """Take messages in their order; return what is to be sent back."""
        answers: list[str] = []
        for message in sent:
            if self.is_over:
                break
            try:
                answers += self._take(message)
            except PartylineError as error:
                telemetry.warning("phone.refused", service=self.service.value, error=error.code)
                answers += self._give_up()
            except Exception as error:
                telemetry.fault("phone.stream", error, service=self.service.value)
                telemetry.warning(
                    "phone.refused", service=self.service.value, error=InternalFault().code
                )
                answers += self._give_up()
        return tuple(answers)

    def stopped(self, notice: LineNotice) -> tuple[str, ...]:
        """Take that no more sound is wanted; return what is to be said to the service."""
        del notice
        self.is_over = True
        return ()

    def broke(self) -> float:
        """Take that the connection is gone; return how many seconds another one is waited for."""
        return self.comes_back_within_s if self.call.is_on else 0.0

    def end(self) -> None:
        """End the call with what there is of it, unless another connection goes on with it."""
        self.is_over = True
        try:
            if self.call.is_on:
                self.call.take(self._rest())
                self.call.end()
        except PartylineError as error:
            telemetry.warning("phone.not_ended", service=self.service.value, error=error.code)
        telemetry.event(
            "phone.stream_over",
            service=self.service.value,
            became_call=self.call.call_id is not None,
            too_early_ms=self.call.too_early_ms,
            **self._counts(),
        )

    @abstractmethod
    def _take(self, message: str | bytes) -> tuple[str, ...]:
        """Take one message. Raises a PartylineError when no call comes of the stream."""

    @abstractmethod
    def _rest(self) -> bytes:
        """Return the sound that is left."""

    @abstractmethod
    def _counts(self) -> dict[str, int]:
        """Return what became of its messages, in numbers."""

    def _give_up(self) -> tuple[str, ...]:
        self.is_over = True
        return ()
