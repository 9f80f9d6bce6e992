"""What stands in place of the desk of live calls on the Live page; it takes notes."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from services.domain.errors import NotFound, PartylineError
from services.domain.ids import new_id
from services.domain.live_calls import LiveState, RunningCall


@dataclass(kw_only=True)
class StagedLive:
    """Holds calls in name only. ``refusal`` is raised instead of beginning one."""

    calls: dict[str, RunningCall] = field(default_factory=dict)
    asked: list[tuple[str, ...]] = field(default_factory=list)
    played: dict[str, tuple[Any, float]] = field(default_factory=dict)
    refusal: PartylineError | None = None
    warmed: int = 0

    def warm_up(self):
        self.warmed += 1

    def begin(self, user, name, options, details, *, channels, source):
        if self.refusal is not None:
            raise self.refusal
        now = datetime.now(UTC)
        call = RunningCall(
            id=new_id(),
            org_id=user.org_id,
            owner=user.id,
            name=name,
            source=source,
            state=LiveState.RECORDING,
            options=options,
            details=details,
            channels=channels,
            began_at=now,
            heartbeat_at=now,
            process="here",
        )
        self.calls[call.id] = call
        return call

    def get(self, user, call_id):
        if call_id not in self.calls:
            raise NotFound
        return self.calls[call_id]

    def mine(self, user):
        return [c for c in self.calls.values() if c.owner == user.id and c.goes_on]

    def play(self, user, call_id, chunks, speed=1.0):
        self.played[call_id] = (chunks, speed)

    def stop(self, user, call_id, *, complete=False):
        self.asked.append(("stop", call_id, "complete") if complete else ("stop", call_id))
        self.change(call_id, state=LiveState.FINISHING)

    def summarise(self, user, call_id):
        self.asked.append(("summarise", call_id))

    def speak(self, user, call_id, language):
        self.asked.append(("speak", call_id, language))

    def change(self, call_id, **changes):
        """Let something have happened to a call."""
        self.calls[call_id] = replace(self.get(None, call_id), **changes)

    def land(self, call_id):
        """Let a call be no live call any more."""
        del self.calls[call_id]
