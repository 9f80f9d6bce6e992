"""What stands in place of the desk of live calls; it takes notes."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from services.domain.calls import ProcessingOptions
from services.domain.errors import InvalidRequest, NotFound, PartylineError
from services.domain.live_calls import LiveGlance, LiveSource, LiveState, RunningCall
from services.domain.live_warnings import ALERTED_BY_DEFAULT
from services.domain.speech import SentimentLabel
from services.live.telling.log import Following

GLANCE = LiveGlance(
    at_ms=83_000,
    speakers=("Nora Fields", "Customer"),
    sentiment=SentimentLabel.NEGATIVE,
    score=-0.62,
    warnings=2,
    last_warning="negative",
    last_line="and nobody called me back",
    last_speaker="Customer",
)


def running(call_id="c1", name="Harbor line 1", glance=GLANCE, **changes):
    """A call that is being held."""
    now = datetime.now(UTC)
    call = RunningCall(
        id=call_id, org_id="local", owner="local", name=name, source=LiveSource.BROWSER,
        state=LiveState.RECORDING, options=ProcessingOptions(), channels=1, began_at=now,
        heartbeat_at=now, process="here", received_ms=84_000, glance=glance,
    )  # fmt: skip
    return replace(call, **changes)


@dataclass(kw_only=True)
class StagedLiveDesk:
    """Has the calls the test puts in."""

    calls: list[RunningCall] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    spoken: list[tuple[str, str]] = field(default_factory=list)
    refused: PartylineError | None = None

    def running(self, user):
        if self.refused:
            raise self.refused
        return self.calls

    def mine(self, user):
        return []

    def warm_up(self):
        pass

    def get(self, user, call_id):
        found = next((call for call in self.calls if call.id == call_id), None)
        if found is None:
            raise NotFound
        return found

    def follow(self, user, call_id, after, listener):
        call = self.get(user, call_id)
        if call.process != "here":
            raise InvalidRequest("Another process of this installation holds the call.")
        return call, Following(history=(), close=lambda: None)

    def stop(self, user, call_id):
        self.get(user, call_id)
        self.stopped.append(call_id)

    def speak(self, user, call_id, language):
        self.spoken.append((self.get(user, call_id).id, language))


@dataclass(kw_only=True)
class StagedAlerts:
    """Gets on as the test says."""

    ways: list = field(default_factory=list)
    kinds: frozenset = frozenset(ALERTED_BY_DEFAULT)

    def deliveries(self):
        return self.ways
