"""How a live call stands, and what is told of it to all who follow it."""

import threading
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

from services import telemetry
from services.domain.errors import PartylineError
from services.domain.live import Ended, Gap, GapKind
from services.domain.live_calls import LiveState, RunningCall, SoundGap
from services.live.telling.events import Kind, Told
from services.live.telling.glance import Glancing
from services.live.telling.log import ToldLog


class Standing:
    """The call as others see it, kept up with each event that is told. Safe across threads."""

    def __init__(
        self,
        running: RunningCall,
        on_told: Callable[[RunningCall, Told], None],
        clock: Callable[[], float] = time.monotonic,
        *,
        told_before: int = 0,
    ) -> None:
        """Begin; ``on_told`` must neither raise nor wait, ``clock`` gives seconds.

        ``told_before`` is a number that no event of the call has passed, where another process has
        told some: followers go by them.
        """
        self._running = running
        self._on_told = on_told
        self._clock = clock
        self._began_at: float | None = None
        self._lock = threading.RLock()
        self._glancing = Glancing(running.glance)
        self.log = ToldLog(told_before)

    @property
    def running(self) -> RunningCall:
        """Return the call as others see it."""
        with self._lock:
            return self._running

    def learn_phone(self, **facts: str | bool | None) -> None:
        """Note some more PhoneFacts of a phone call."""
        with self._lock:
            if self._running.phone is not None:
                phone = replace(self._running.phone, **facts)  # type: ignore[arg-type]
                self._running = replace(self._running, phone=phone)

    def told_before(self, events: Iterable[Told]) -> None:
        """Take what an earlier process has told, for those who follow from now on."""
        for event in events:
            with self._lock:
                self._glancing.take(event)
            self.log.tell(event)

    def received(self, received_ms: int) -> None:
        """Note how much sound is on disk."""
        with self._lock:
            if self._began_at is None:
                self._began_at = self._clock() - received_ms / 1000
            self._running = replace(self._running, received_ms=received_ms)

    def change_state(self, state: LiveState, *, only_from: Collection[LiveState]) -> bool:
        """Change the state, tell so, and return True, unless it is none of those."""
        with self._lock:
            if self._running.state not in only_from:
                return False
            self._running = replace(self._running, state=state)
            at_ms = self._running.received_ms
        telemetry.event("live.state", state=state.value)
        self.tell({"type": "state", "at_ms": at_ms, "state": state.value})
        return True

    def misses(self, gap: SoundGap) -> None:
        """Note a stretch of which nothing is known; somebody else tells of it."""
        with self._lock:
            self._running = replace(self._running, gaps=(*self._running.gaps, gap))

    def not_recorded(self, gap: SoundGap) -> None:
        """Note a stretch that is silence because nothing was recorded, and tell so."""
        with self._lock:
            self._running = replace(self._running, gaps=(*self._running.gaps, gap))
        telemetry.event("live.gap", gap_ms=gap.end_ms - gap.start_ms)
        self.miss(Gap(kind=GapKind.NOT_RECORDED, start_ms=gap.start_ms, end_ms=gap.end_ms))

    def tell(self, told: Told) -> None:
        """Tell an event that is in the call's own time."""
        began_at, now = self._began_at, self._clock()
        emitted_ms = 0 if began_at is None else round((now - began_at) * 1000)
        event = {**told, "emitted_ms": emitted_ms}
        with self._lock:
            self._running = replace(self._running, glance=self._glancing.take(told))
            running = self._running
        self.log.tell(event)
        self._on_told(running, event)

    def warn(self, error: PartylineError, at_ms: int) -> None:
        """Tell of an error after which the recording goes on."""
        self.tell(warning_of(error, at_ms))

    def miss(self, gap: Gap) -> None:
        """Tell of a stretch without words."""
        self._warn(
            f"gap-{gap.start_ms}-{'all' if gap.channel is None else gap.channel}",
            gap.at_ms,
            kind="gap",
            reason=gap.kind.value,
            start_ms=gap.start_ms,
            end_ms=gap.end_ms,
            channel=gap.channel,
        )

    def unheard(self, start_ms: int, end_ms: int) -> None:
        """Tell of a stretch that no recogniser has heard, if it is any."""
        if start_ms < end_ms:
            self.miss(Gap(kind=GapKind.RECOGNISER_LOST, start_ms=start_ms, end_ms=end_ms))

    def ended(self, ended: Ended) -> None:
        """Tell that no more is heard of the call."""
        at_ms, code, message = self.running.received_ms, ended.error_code, ended.error_message
        told = {"type": Kind.ENDED.value, "at_ms": at_ms}
        self.tell({**told, "error_code": code, "error_message": message})

    def withdraw_partials(self, at_ms: int) -> None:
        """Tell that no unfinished line will be finished: they are empty now."""
        for partial in self.log.partials():
            self.tell({**partial, "at_ms": at_ms, "text": "", "words": [], "pii": []})

    def _warn(self, name: str, at_ms: int, **said: str | int | None) -> None:
        self.tell({"type": Kind.WARNING.value, "id": name, "at_ms": at_ms, **said})


def warning_of(error: PartylineError, at_ms: int) -> Told:
    """Return the warning of an error after which a call goes on."""
    said = {"kind": "error", "code": error.code, "message": error.user_message}
    name = f"error-{error.code}-{at_ms}"
    return {"type": Kind.WARNING.value, "id": name, "at_ms": at_ms, **said}
