"""The live calls that this process holds, from their beginning until each has landed."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from services import telemetry
from services.analysis.metrics import analyse
from services.domain.errors import HeldElsewhere, PartylineError, StartedAgain
from services.domain.live import Ended
from services.domain.live_calls import RunningCall
from services.domain.metrics import AnalysedTranscript
from services.live.recogniser.feeding import Feed
from services.live.recogniser.recognising import LiveOrder, Recogniser
from services.live.recording.held import HeldCall
from services.live.recording.held_by import Held
from services.live.recording.landing import BACK_WITHIN, Landed, Landing
from services.live.recording.letting_go import let_go
from services.live.recording.patience import HoldingLimits
from services.live.telling.events import Told
from services.live.telling.read_back import ToldCaptions
from services.live.telling.standing import Standing
from services.storage.live_calls import LiveCallStore
from services.storage.tapes import Tape, TapeStore

KEPT_AFTER_LANDING_S = 60.0
"""So long a landed call can still be followed: whoever was cut off learns what became of it."""


@dataclass(frozen=True, kw_only=True)
class HoldingParts:
    """What holding calls takes.

    ``on_told`` is told all events of all calls; it must neither raise nor wait.
    """

    store: LiveCallStore
    tapes: TapeStore
    landing: Landing
    recogniser: Recogniser
    limits: HoldingLimits = field(default_factory=HoldingLimits)
    on_told: Callable[[RunningCall, Told], None] = lambda _call, _told: None
    clock: Callable[[], float] = time.monotonic


class Holding:
    """Held calls by their ids; safe across threads."""

    def __init__(self, parts: HoldingParts) -> None:
        """Hold no call yet."""
        self._parts = parts
        self._began_at = parts.clock()
        self._lock = threading.Lock()
        self._taking_up = threading.Lock()
        self._held: dict[str, Held] = {}
        self._to_land: set[str] = set()
        self._landed: dict[str, tuple[Held, float]] = {}

    def hold(self, running: RunningCall, order: LiveOrder) -> HeldCall:
        """Open a call everywhere, or nowhere: recogniser, tape, row. Raises a PartylineError."""
        parts = self._parts
        held, feed = self._made(running, order)
        feed.open()
        try:
            tape = parts.tapes.create(running.id, running.channels)
            try:
                parts.store.add(running)
            except BaseException:
                tape.close()
                parts.tapes.delete(running.id)
                raise
        except BaseException:
            feed.close()
            raise
        held.attach(tape, feed)
        with self._lock:
            self._held[running.id] = held
        return held

    def adopt(self, held: Held) -> None:
        """Hold a call from now on that somebody else has made, and whose row is there."""
        with self._lock:
            self._held[held.running.id] = held

    def take_up(self, running: RunningCall, order: LiveOrder, process: str) -> Held:
        """Go on with a call whose process has died, where its tape ends.

        Raises HeldElsewhere when that process lives, another one has been quicker, or the tape is
        on another machine; StorageError.
        """
        with self._taking_up:
            held = self.find(running.id)
            if held is not None:
                return held
            tape = self._free_tape(running.id)
            try:
                taken = self._parts.store.take_up(running, process)
                if taken is None:
                    raise HeldElsewhere
                held = self._go_on(running, taken, order, tape)
            except BaseException:
                tape.close()
                raise
            with self._lock:
                self._held[running.id] = held
        held.standing.warn(StartedAgain(), held.running.received_ms)
        return held

    def can_take_up(self, running: RunningCall) -> bool:
        """Say whether a call goes on whose process has died, with its tape on this machine."""
        return running.goes_on and self._parts.tapes.is_free(running.id)

    def _free_tape(self, call_id: str) -> Tape:
        if not self._parts.tapes.is_free(call_id):
            raise HeldElsewhere
        return self._parts.tapes.resume(call_id)

    def _go_on(
        self, before: RunningCall, taken: RunningCall, order: LiveOrder, tape: Tape
    ) -> HeldCall:
        """Return the call as this process holds it; nothing of it is opened that can refuse."""
        # More than any process has told of it: none tells an event in every millisecond.
        lasted_ms = (taken.heartbeat_at - taken.began_at) // timedelta(milliseconds=1)
        held, feed = self._made(taken, order, told_before=max(0, lasted_ms))
        feed.open_later(tape.frames)
        silent = taken.heartbeat_at - before.heartbeat_at
        held.attach(tape, feed, silent_s=max(0.0, silent.total_seconds()))
        telemetry.event("live.taken_up", received_ms=held.running.received_ms)
        return held

    def _made(
        self, running: RunningCall, order: LiveOrder, *, told_before: int = 0
    ) -> tuple[HeldCall, Feed]:
        parts = self._parts
        standing = Standing(running, parts.on_told, parts.clock, told_before=told_before)
        held = HeldCall(
            standing,
            limits=parts.limits,
            then=self.conclude,
            note=self.note,
            clock=parts.clock,
        )
        feed = Feed(
            parts.recogniser,
            order,
            standing,
            channels=running.channels,
            then=held.fed,
            clock=parts.clock,
        )
        return held, feed

    def find(self, call_id: str, *, landed_too: bool = False) -> Held | None:
        """Return a call that is held here, or has landed a moment ago."""
        with self._lock:
            landed = self._landed.get(call_id) if landed_too else None
            return landed[0] if landed else self._held.get(call_id)

    def all(self) -> list[Held]:
        """Return the calls that this process holds."""
        with self._lock:
            return list(self._held.values())

    def beat(self, held: Held) -> None:
        """Write how a call stands. One that another process has taken over is let go of."""
        if self._parts.store.heartbeat(held.running) or not held.running.goes_on:
            return
        telemetry.warning("live.taken_over")
        with self._lock:
            self._held.pop(held.running.id, None)
        held.release()

    def land_left_over(self) -> None:
        """Land what could not be landed before, and the calls of processes that have died."""
        with self._lock:
            left = [held for call_id in self._to_land if (held := self._held.get(call_id))]
        for held in left:
            self._land(held)
        # Whoever was cut off by a stop or crash of the server is to find the call as it was.
        is_young = self._parts.clock() - self._began_at < BACK_WITHIN.total_seconds()
        self._parts.landing.recover(spare_browsers=is_young)

    def forget_landed(self) -> None:
        """Forget calls that landed a while ago."""
        since = self._parts.clock() - KEPT_AFTER_LANDING_S
        with self._lock:
            self._landed = {key: one for key, one in self._landed.items() if one[1] >= since}

    def close(self) -> None:
        """Let go of all calls, soon; what they have is landed by the next start."""
        with self._lock:
            held, self._held = list(self._held.values()), {}
        let_go(held)

    def note(self, held: Held) -> None:
        """Write at once what is not to be lost with this process: the tape doesn't tell it."""
        try:
            self._parts.store.heartbeat(held.running)
        except PartylineError as error:
            # The next heartbeat tells it.
            telemetry.warning("live.not_noted", error=error.code)

    def conclude(self, held: Held, ended: Ended) -> None:
        """Tell the end of a call and land it; in the call's own thread."""
        held.standing.ended(ended)
        self._land(held)

    def _land(self, held: Held) -> None:
        running = held.running
        try:
            # What the row says of gaps becomes the call's.
            self._parts.store.heartbeat(running)
            landed = held.land(self._parts.landing, _captions(held))
        except Exception as error:
            if isinstance(error, PartylineError):
                telemetry.warning("live.not_landed", error=error.code)
            else:
                telemetry.fault("live.landing", error)
            with self._lock:
                self._to_land.add(running.id)
            return
        with self._lock:
            self._held.pop(running.id, None)
            self._to_land.discard(running.id)
            self._landed[running.id] = (held, self._parts.clock())
        call_id = None if landed is Landed.TOO_SHORT else running.id
        held.standing.tell({"type": "landed", "at_ms": running.received_ms, "call_id": call_id})


def _captions(held: Held) -> AnalysedTranscript | None:
    """Return what was told of a call as its first transcript, None when that is nothing."""
    running = held.running
    transcript = ToldCaptions(held.standing.log.events()).transcript(
        running.options.provider,
        duration_ms=running.received_ms,
        language=running.options.language,
        redacted=running.options.redact,
    )
    if transcript is None:
        return None
    return AnalysedTranscript(transcript=transcript, analysis=analyse(transcript))
