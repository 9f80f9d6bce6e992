"""The sound of one channel on its way to the service, over as many connections as it takes.

A thread passes the sound on, keeps the connection alive while there is none, and opens another
connection when one drops. What was sent since the last finished turn is then sent again; what is
too old for that is marked as a gap. All times told are those of the call: each connection counts
from the sound it was sent first.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services import telemetry
from services.domain.errors import InternalFault, PartylineError, ProviderError
from services.domain.live import Gap, GapKind, LiveEvent
from services.providers.assemblyai.connection import Connection, Heard
from services.providers.assemblyai.turns import Turns
from services.providers.assemblyai.unheard import BYTES_PER_MS, UnheardSound

if TYPE_CHECKING:
    from assemblyai.streaming.v3 import SpeakerRevisionEvent, TurnEvent

# The service takes pieces of 50 to 1,000 ms.
LEAST_MS, MOST_MS = 50, 100
TICK_S = 0.05
KEEP_ALIVE_S = 5.0
FORMATTED_S = 1.5
# So much of a call is sent again after a drop, no faster than so many times its own pace.
REPLAY_MOST_MS = 20_000
REPLAY_SPEED = 4
# Speech is told of well within this time. Older sound without a turn needs not be sent again if it
# is quiet; if it isn't, the service may have been away without anybody noticing.
TOLD_AFTER_MS = 3_000
GAP_LEAST_MS = 250
PAUSES_S = (0.0, 0.5, 1.0, 2.0, 4.0)
MOST_DROPS = 5

Connect = Callable[[Heard], Connection]


@dataclass(frozen=True, kw_only=True)
class StreamListener:
    """Who hears what a stream tells; ``lost`` is called once, as the last, from its thread."""

    tell: Callable[[LiveEvent], None]
    lost: Callable[[PartylineError], None]


class ChannelStream:
    """One channel. ``send``, ``finish``, ``wait`` and ``stop`` belong to the session's thread."""

    def __init__(
        self,
        connect: Connect,
        turns: Turns,
        listener: StreamListener,
        *,
        channel: int | None = None,
    ) -> None:
        """Make a stream over what ``connect`` opens; nothing is opened yet."""
        self._connect = connect
        self._turns = turns
        self._listener = listener
        self._channel = channel
        self._sound = UnheardSound(REPLAY_MOST_MS)
        self._connection: Connection | None = None
        # Held while messages are made into events, so that these come in one order.
        self._telling = threading.RLock()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._deadline: float | None = None
        self._thread = threading.Thread(target=self._run, name="assemblyai-live", daemon=True)
        self._drops = 0
        self._replay_until_ms = 0
        self._pending_since: float | None = None
        self._has_told_rest = False
        self.told_ms = 0
        """Up to where all is told, words or gap, once the stream is over."""
        self._fault: InternalFault | None = None

    def open(self) -> None:
        """Connect; returns when the service is ready for sound. Raises a ProviderError."""
        self._connection = self._opened()
        self._turns.begin(0)
        self._thread.start()

    def send(self, pcm: bytes) -> None:
        """Take sound in; it is passed on by the stream's own thread."""
        self._sound.add(pcm)
        self._wake.set()

    def finish(self, deadline: float) -> None:
        """No more sound comes: have the last words told by this moment of the monotonic clock."""
        self._deadline = deadline
        self._wake.set()

    def wait(self) -> None:
        """Wait until the last words are told, or until the time set by ``finish`` is up."""
        if self._thread.ident is not None:
            self._thread.join(max(0.0, self._left_s))
        self._tell_rest(GapKind.CONNECTION_LOST)

    def stop(self) -> None:
        """End at once; ``join`` waits for it."""
        self._stop.set()
        self._wake.set()

    def join(self, timeout_s: float) -> None:
        """Wait for the stream's thread, unless this is it."""
        if self._thread.ident is not None and threading.current_thread() is not self._thread:
            self._thread.join(timeout_s)

    # --- the stream's thread -------------------------------------------------------------------

    def _run(self) -> None:
        error: PartylineError | None = None
        try:
            self._pass_on()
        except PartylineError as caught:
            error = caught
        except Exception as fault:
            telemetry.fault("assemblyai.stream", fault)
            error = InternalFault()
        finally:
            self._let_go()
        if error is not None and not self._stop.is_set():
            alone = self._channel is None
            self._tell_rest(GapKind.CONNECTION_LOST if alone else GapKind.CHANNEL_LOST)
            self._listener.lost(error)

    def _pass_on(self) -> None:
        """Pass sound on until the call ends. Raises what ends the stream before that."""
        last_sent = time.monotonic()
        while not self._stop.is_set():
            if self._fault is not None:
                raise self._fault
            connection = self._living_connection()
            piece = self._sound.take(1 if self._is_finishing else LEAST_MS, MOST_MS)
            if piece is not None:
                connection.send(_padded(piece))
                last_sent = time.monotonic()
                self._keep_pace(piece)
            elif self._is_finishing:
                if self._finished(connection):
                    return
            elif not self._wake.wait(TICK_S) and time.monotonic() - last_sent > KEEP_ALIVE_S:
                connection.keep_alive()
                last_sent = time.monotonic()
            self._wake.clear()
            self._settle()

    @property
    def _is_finishing(self) -> bool:
        return self._deadline is not None

    @property
    def _left_s(self) -> float:
        return float("inf") if self._deadline is None else self._deadline - time.monotonic()

    def _living_connection(self) -> Connection:
        """Return the connection, another one after a drop. Raises when none can be had."""
        connection = self._connection
        if connection is None or connection.is_over:
            connection = self._reopened(connection)
        return connection

    def _keep_pace(self, piece: bytes) -> None:
        if self._sound.passed_ms < self._replay_until_ms:
            self._stop.wait(len(piece) / (BYTES_PER_MS * 1000 * REPLAY_SPEED))

    def _settle(self) -> None:
        """Do what time alone brings: formatted turns that don't come, sound that is silence."""
        with self._telling:
            if not self._turns.has_pending:
                self._pending_since = None
            elif self._pending_since is None:
                self._pending_since = time.monotonic()
            elif time.monotonic() - self._pending_since > FORMATTED_S:
                self._tell(self._turns.settle())
            self._sound.forget(self._heard_ms())

    def _heard_ms(self) -> int:
        """Return up to where nothing needs to be sent again, or marked as missing."""
        heard_ms = self._turns.heard_ms
        if self._turns.is_open:
            return heard_ms
        quiet_ms = self._sound.quiet_until_ms(heard_ms)
        return max(heard_ms, min(quiet_ms, self._sound.passed_ms - TOLD_AFTER_MS))

    def _finished(self, connection: Connection) -> bool:
        """End the session; False when it dropped and there is time for another."""
        complete = connection.finish(self._left_s)
        if not complete and connection.error.retryable and self._left_s > 1.0:
            return False
        self._tell_rest(None if complete else GapKind.CONNECTION_LOST)
        return True

    # --- after a drop --------------------------------------------------------------------------

    def _reopened(self, dropped: Connection | None) -> Connection:
        """Return a new connection, its sound going back to what was not understood."""
        error = dropped.error if dropped is not None else InternalFault()
        self._let_go()
        self._drops += 1
        if self._drops > MOST_DROPS:
            raise error
        for pause_s in PAUSES_S:
            if not error.retryable or pause_s > self._left_s:
                raise error
            if self._stop.wait(pause_s):
                raise error
            try:
                connection = self._opened()
            except ProviderError as again:
                error = again
                continue
            telemetry.event("assemblyai.reopened", drops=self._drops)
            self._begin_again()
            self._connection = connection
            return connection
        raise error

    def _begin_again(self) -> None:
        with self._telling:
            heard_ms = self._heard_ms()
            self._sound.forget(heard_ms)
            self._replay_until_ms = self._sound.end_ms
            start_ms = self._sound.rewind()
            self._tell(self._turns.begin(start_ms))
            self._tell(self._gap(max(heard_ms, self._turns.heard_ms), start_ms))

    def _tell_rest(self, missing: GapKind | None) -> None:
        """Once: what is unfinished is final as it was heard, and what follows it a gap if any."""
        with self._telling:
            if self._has_told_rest:
                return
            self._has_told_rest = True
            self._tell(self._turns.close())
            # More sound may come while this is told.
            self.told_ms = self._sound.end_ms
            if missing is not None:
                self._tell(self._gap(self._heard_ms(), self.told_ms, missing))

    def _gap(
        self, start_ms: int, end_ms: int, kind: GapKind = GapKind.CONNECTION_LOST
    ) -> Sequence[LiveEvent]:
        if end_ms - start_ms < GAP_LEAST_MS:
            return ()
        return (Gap(kind=kind, start_ms=start_ms, end_ms=end_ms, channel=self._channel),)

    def _opened(self) -> Connection:
        connection = self._connect(
            Heard(
                turn=self._hear_turn,
                revision=self._hear_revision,
                over=self._wake.set,
            )
        )
        connection.open()
        return connection

    def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    # --- the SDK's thread ----------------------------------------------------------------------

    def _hear_turn(self, turn: "TurnEvent") -> None:
        def tell() -> None:
            self._tell(self._turns.heard(turn))
            if turn.end_of_turn:
                self._drops = 0

        self._hear(tell)

    def _hear_revision(self, revision: "SpeakerRevisionEvent") -> None:
        self._hear(lambda: self._tell(self._turns.revised(revision.revisions)))

    def _hear(self, tell: Callable[[], None]) -> None:
        """Tell something; the SDK would swallow a fault of ours, and the call would miss words."""
        with self._telling:
            try:
                tell()
            except Exception as fault:
                telemetry.fault("assemblyai.hearing", fault)
                self._fault = InternalFault()
                self._wake.set()

    def _tell(self, events: Sequence[LiveEvent]) -> None:
        for event in events:
            self._listener.tell(event)


def _padded(piece: bytes) -> bytes:
    """Return a piece that is long enough for the service; the last of a call may be short."""
    return piece.ljust(LEAST_MS * BYTES_PER_MS, b"\0")
