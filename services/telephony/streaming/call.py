"""The live call that a stream of a telephone service becomes."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial

from services import telemetry
from services.audio.recording import FRAMES_PER_MS
from services.domain.calls import CallDetails, ProcessingOptions
from services.domain.errors import LiveOver, PartylineError, SoundElsewhere
from services.domain.live_calls import LiveSource
from services.domain.people import User
from services.domain.phone import PhoneFacts
from services.domain.speech import SpeakerRole
from services.live.desk import LiveDesk
from services.live.recording.line import LineNotice, SoundLine
from services.live.recording.unstored import TRY_FOR_S, UnstoredSound
from services.providers.live import BYTES_PER_SAMPLE
from services.telephony.streaming.over import BY_NOTICE, Over

MOST_AHEAD_MS = 10 * 60_000
"""So much sound at most may be there that can't have been spoken yet since the call began."""
PIECE_FRAMES = 1_000 * FRAMES_PER_MS


@dataclass(frozen=True, kw_only=True)
class StreamOrder:
    """What the live call is to be; ``channel_roles`` are who speaks on each of its channels."""

    phone: PhoneFacts
    channel_roles: tuple[SpeakerRole, ...]
    details: CallDetails = field(default_factory=CallDetails)


class StreamedCall:
    """Begins at the desk, takes sound, ends. Used by one thread, which may wait for the disk.

    What the storage doesn't take is tried again: a telephone service doesn't send it twice.
    """

    def __init__(
        self,
        desk: LiveDesk,
        owner: User,
        options: Callable[[], ProcessingOptions],
        *,
        on_over: Callable[[Over], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take whose call it is and how it is transcribed; nothing is begun.

        ``on_over`` is told, by any thread, why no more sound is wanted.
        """
        self._desk = desk
        self._owner = owner
        self._options = options
        self._on_over = on_over
        self._clock = clock
        self._line: SoundLine | None = None
        self._unstored: UnstoredSound | None = None
        self._began_s = 0.0
        self._is_over = False
        self.call_id: str | None = None
        self.too_early_ms = 0
        """How much sound was left out since it can't have been spoken yet."""

    @property
    def is_on(self) -> bool:
        """Whether it takes sound."""
        return self._line is not None and not self._is_over

    def begin(self, order: StreamOrder) -> None:
        """Begin the call. Raises what the desk refuses a call with."""
        now = datetime.now(UTC)
        running = self._desk.begin(
            self._owner,
            f"Phone call {now:%Y-%m-%d %H.%M}",
            replace(self._options(), channel_roles=order.channel_roles),
            order.details,
            channels=len(order.channel_roles),
            source=LiveSource.PHONE,
            phone=order.phone,
        )
        self._connect(running.id)

    def go_on(self, call_id: str, channels: int) -> bool:
        """Go on with a call whose stream broke off; False when it is over or another's.

        What was said meanwhile is missing, and marked so.
        """
        try:
            if self._desk.get(self._owner, call_id).channels != channels:
                return False
            self._connect(call_id)
        except PartylineError:
            return False
        if self._line is not None:
            self._do(self._line.gap)
        return self.is_on

    def take(self, pcm: bytes) -> None:
        """Store sound that follows what is there, 16-bit PCM at 16 kHz of whole frames."""
        line, unstored = self._line, self._unstored
        if line is None or unstored is None or self._is_over:
            return
        step = PIECE_FRAMES * BYTES_PER_SAMPLE * line.channels
        for first in range(0, len(pcm), step):
            piece = pcm[first : first + step]
            if self._may_be(len(piece) // (BYTES_PER_SAMPLE * line.channels) // FRAMES_PER_MS):
                self._do(partial(unstored.take, piece))

    def left_out(self, ms: int) -> None:
        """Take that so much of the call was not sent; it is silence, and marked so."""
        if self._line is not None and ms > 0 and self._may_be(ms):
            self._do(partial(self._line.gap, ms))

    def pause(self) -> None:
        """Let the call's time stand still."""
        if self._line is not None:
            self._do(self._line.pause)

    def resume(self) -> None:
        """Let it go on."""
        if self._line is not None:
            self._do(self._line.resume)

    def end(self) -> None:
        """End the call with the sound that is there; safe to call twice."""
        if self._unstored is not None:
            self._do(self._unstored.store_all)
        self._do(self._stop)
        self._is_over = True

    def give_up(self) -> None:
        """End a call that can't go on, with what there is of it, or that could not begin."""
        self._is_over = True
        try:
            self._stop()
        except PartylineError as error:
            telemetry.warning("phone.not_ended", error=error.code)
        self._on_over(Over.FAILED)

    def _connect(self, call_id: str) -> None:
        line = self._desk.connect(self._owner, call_id, self._notified)
        self.call_id, self._line = call_id, line
        self._began_s = self._clock() - line.next_frame / FRAMES_PER_MS / 1_000
        self._unstored = UnstoredSound(
            lambda pcm: line.take(line.next_frame, pcm),
            failing=_tell_failing,
            most_bytes=round(TRY_FOR_S * 1_000) * FRAMES_PER_MS * BYTES_PER_SAMPLE * line.channels,
        )

    def _notified(self, notice: LineNotice) -> None:
        self._is_over = True
        self._on_over(BY_NOTICE[notice])

    def _may_be(self, ms: int) -> bool:
        """Say whether so much more sound can be there, or nearly so; count it when not."""
        line = self._line
        if line is None:
            return False
        gone_ms = (self._clock() - self._began_s) * 1_000
        if line.next_frame // FRAMES_PER_MS + ms <= gone_ms + MOST_AHEAD_MS:
            return True
        self.too_early_ms += ms
        return False

    def _do(self, what: Callable[[], object]) -> None:
        """Do something with a call that may have ended a moment ago, or go on elsewhere."""
        if self._line is None or self._is_over:
            return
        try:
            what()
        except (LiveOver, SoundElsewhere):
            # Why, is told by the line itself, soon or already.
            self._is_over = True
        except PartylineError as error:
            telemetry.warning("phone.sound_not_taken", error=error.code)
            self.give_up()

    def _stop(self) -> None:
        if self._line is not None:
            self._line.stop(self._line.next_frame)


def roles_of(names: Sequence[str], known: dict[str, SpeakerRole]) -> tuple[SpeakerRole, ...]:
    """Return who speaks on each channel, by the names that a service has for them."""
    return tuple(known.get(name, SpeakerRole.UNKNOWN) for name in names)


def _tell_failing(error: PartylineError) -> None:
    telemetry.warning("live.not_stored", error=error.code)
