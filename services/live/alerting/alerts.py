"""Tells people elsewhere of warnings while a call is held: by webhook, by e-mail.

An alert says that something happens and where to look, never which words were said.
"""

import queue
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from services import telemetry
from services.domain.errors import AlertError, InternalFault, PartylineError
from services.domain.live_calls import RunningCall
from services.domain.live_warnings import ALERTED_BY_DEFAULT, Alert, WarningKind
from services.live.telling.events import Kind, Told

MOST_WAITING = 200
MOST_REMEMBERED = 5_000
MOST_ATTEMPTS = 6
FIRST_PAUSE_S = 1.0
LETTING_GO_S = 10.0


class AlertChannel(Protocol):
    """A way to tell people of an alert. ``name`` is shown to people."""

    @property
    def name(self) -> str:
        """What it is called."""

    def send(self, alert: Alert) -> None:
        """Deliver an alert once. Raises an AlertError, which says whether to try again."""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """How a channel gets on. ``problem`` is the sentence of what failed last, None if nothing."""

    channel: str
    delivered: int = 0
    failed: int = 0
    problem: str | None = None


class LiveAlerts:
    """Sends alerts of the calls that this process holds; whoever tells it never waits.

    Each channel has a thread of its own, begun with its first alert.
    """

    def __init__(
        self,
        channels: Iterable[AlertChannel],
        *,
        kinds: Iterable[WarningKind] = ALERTED_BY_DEFAULT,
        link: Callable[[str], str],
        first_pause_s: float = FIRST_PAUSE_S,
    ) -> None:
        """Alert of these kinds of warnings; ``link`` gives the page of a call by its id."""
        self._kinds = frozenset(kinds)
        self._link = link
        self._couriers = [_Courier(channel, first_pause_s) for channel in channels]
        self._seen: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def kinds(self) -> frozenset[WarningKind]:
        """The kinds of warnings that alert."""
        return self._kinds

    def deliveries(self) -> Sequence[Delivery]:
        """Return how each channel gets on, none where alerts go nowhere."""
        return [courier.delivery for courier in self._couriers]

    def told(self, call: RunningCall, event: Told) -> None:
        """Take what was told of a call. Returns at once and never raises."""
        try:
            alert = self._alert(call, event)
            if alert is not None:
                for courier in self._couriers:
                    courier.put(alert)
        except Exception as error:
            telemetry.fault("live.alert", error)

    def close(self) -> None:
        """Leave what was not delivered yet."""
        for courier in self._couriers:
            courier.close()

    def _alert(self, call: RunningCall, event: Told) -> Alert | None:
        if not self._couriers or event.get("type") != Kind.WARNING.value:
            return None
        kind = str(event.get("kind"))
        is_rule = kind == WarningKind.RULE.value
        if (
            event.get("taken_back")
            or kind not in self._kinds
            or (is_rule and not event.get("alert"))
        ):
            return None
        warning_id = str(event.get("id") or f"{kind}-{event.get('at_ms')}")
        if self._is_known((call.id, warning_id)):
            return None
        rule: dict[str, Any] = event.get("rule") or {}
        return Alert(
            call_id=call.id,
            warning_id=warning_id,
            kind=kind,
            at_ms=int(event.get("at_ms") or 0),
            rule=rule.get("name"),
            link=self._link(call.id),
        )

    def _is_known(self, warning: tuple[str, str]) -> bool:
        """Say whether a warning was told before, as after a new start of the recogniser."""
        with self._lock:
            known = warning in self._seen
            self._seen[warning] = None
            if len(self._seen) > MOST_REMEMBERED:
                self._seen.popitem(last=False)
            return known


class _Courier:
    """Brings alerts to one channel, one after the other, again where that can help."""

    def __init__(self, channel: AlertChannel, first_pause_s: float) -> None:
        self._channel = channel
        self._first_pause_s = first_pause_s
        self._waiting: queue.Queue[Alert | None] = queue.Queue(MOST_WAITING)
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self.delivery = Delivery(channel=channel.name)

    def put(self, alert: Alert) -> None:
        """Take an alert; one too many is dropped."""
        with self._lock:
            if self._closing.is_set():
                return
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="live-alerts", daemon=True)
                self._thread.start()
        try:
            self._waiting.put_nowait(alert)
        except queue.Full:
            self._note(AlertError("Too many of them wait to be sent."))

    def close(self) -> None:
        with self._lock:
            self._closing.set()
            thread = self._thread
        if thread is not None:
            with suppress(queue.Full):
                self._waiting.put_nowait(None)
            thread.join(LETTING_GO_S)

    def _work(self) -> None:
        while (alert := self._waiting.get()) is not None and not self._closing.is_set():
            try:
                self._deliver(alert)
            except PartylineError as error:
                self._note(error)
            except Exception as error:
                telemetry.fault("live.alert", error, channel=self._channel.name)
                self._note(InternalFault())
            else:
                self._note(None)

    def _deliver(self, alert: Alert) -> None:
        """Send an alert, again with growing pauses as long as the error says it can help."""
        for attempt in range(1, MOST_ATTEMPTS + 1):
            try:
                return self._channel.send(alert)
            except PartylineError as error:
                if not error.retryable or attempt == MOST_ATTEMPTS:
                    raise
                if self._closing.wait(self._first_pause_s * 2.0 ** (attempt - 1)):
                    raise

    def _note(self, error: PartylineError | None) -> None:
        before = self.delivery
        self.delivery = Delivery(
            channel=before.channel,
            delivered=before.delivered + (error is None),
            failed=before.failed + (error is not None),
            problem=error.user_message if error else None,
        )
        code = error.code if error else None
        telemetry.event("live.alerted", channel=before.channel, error=code)
