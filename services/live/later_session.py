"""What a session tells that stands in for a lost one, as it is told of the whole call."""

from collections.abc import Mapping
from typing import Any

from services.domain.live import Ended
from services.domain.live_warnings import WarningKind
from services.domain.part import write_clock
from services.live.telling import Kind, Told

MS_PER_S = 1000
_TIMES = frozenset({"at_ms", "start_ms", "end_ms"})


class LaterSession:
    """Puts events of a session that began ``by_ms`` into the call in the call's own words.

    ``prefix`` goes before the ids of its lines: no two sessions have the same. Warnings are named
    by what they are about, so that one that is told again is the same. Voices
    that share a channel are numbered anew by every session, whoever speaks first, so they get the
    prefix, too, and a label that says since when it counts. A speaker who is a channel is the
    same person in all of them. Used by one thread at a time.
    """

    def __init__(self, *, by_ms: int, prefix: str) -> None:
        """Begin; the first session of a call has no prefix."""
        self.by_ms = by_ms
        self._prefix = prefix
        self._of_a_channel: set[str] = set()

    def moved(self, told: Told) -> dict[str, Any]:
        """Return an event in the call's own time, under names that are the call's."""
        if not self._prefix:
            return dict(told)
        if told["type"] == Kind.SPEAKER and told["channel"] is not None:
            self._of_a_channel.add(told["id"])
        event: dict[str, Any] = self._moved(told)
        if event["type"] == Kind.SPEAKER:
            return self._introduced(event)
        if event["type"] == Kind.FIGURES:
            event["speakers"] = [
                {**one, "id": self._speaker(one["id"])} for one in told["speakers"]
            ]
        if event["type"] == Kind.WARNING and "start_ms" in event:
            event["id"] = _name_of(event)
        elif "id" in event:
            event["id"] = f"{self._prefix}{event['id']}"
        return event

    def ended(self, told: Told) -> Ended:
        """Return how the session has ended, in the call's time."""
        code, message = told["error_code"], told["error_message"]
        return Ended(at_ms=told["at_ms"] + self.by_ms, error_code=code, error_message=message)

    def _introduced(self, event: dict[str, Any]) -> dict[str, Any]:
        name = self._speaker(event["id"])
        if name == event["id"]:
            return event
        since = write_clock(self.by_ms // MS_PER_S * MS_PER_S)
        return {**event, "id": name, "label": f"{event['label']} (after {since})"}

    def _speaker(self, name: str) -> str:
        return name if name in self._of_a_channel else f"{self._prefix}{name}"

    def _moved(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: self._moved_field(key, inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self._moved(one) for one in value]
        return value

    def _moved_field(self, key: str, value: Any) -> Any:
        if key in _TIMES and isinstance(value, int):
            return value + self.by_ms
        if key == "speaker" and isinstance(value, str):
            return self._speaker(value)
        if key == "utterance" and isinstance(value, str):
            return f"{self._prefix}{value}"
        if key == "utterances" and isinstance(value, list):
            return [f"{self._prefix}{one}" for one in value]
        return self._moved(value)


def _name_of(warning: Told) -> str:
    """Return the id that a warning of the call has, whatever session tells it."""
    kind = WarningKind(warning["kind"])
    if kind is WarningKind.RULE:
        return str(warning["id"])
    of = warning["channel"] if kind is WarningKind.GAP else warning["speaker"]
    return f"{kind.value}-{warning['start_ms']}-{'all' if of is None else of}"
