"""What a session tells that stands in for a lost one, as it is told of the whole call."""

from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from services.domain.live import Ended
from services.domain.live_warnings import WarningKind
from services.domain.part import write_clock
from services.domain.speech import SpeakerRole
from services.live.figures import shares_of_speech
from services.live.telling import Kind, Told

MS_PER_S = 1000
# Told once a second; a later session hears a minute again at most.
FIGURES_KEPT = 120
_TIMES = frozenset({"at_ms", "start_ms", "end_ms"})


@dataclass(kw_only=True)
class KnownSoFar:
    """What sessions of a call have told that those after them don't know."""

    speakers: dict[str, Told] = field(default_factory=dict)
    """Those whose role was told, as they were told last."""
    rules: set[str] = field(default_factory=set)
    """The ids of warnings of rules: each is told once a call."""
    figures: deque[Told] = field(default_factory=lambda: deque(maxlen=FIGURES_KEPT))
    """The newest running figures of the call."""

    def note(self, event: Told) -> None:
        """Take an event of the call."""
        if event["type"] == Kind.SPEAKER and event["role"] != SpeakerRole.UNKNOWN:
            self.speakers[event["id"]] = event
        elif event["type"] == Kind.WARNING and event["kind"] == WarningKind.RULE:
            self.rules.add(event["id"])
        elif event["type"] == Kind.FIGURES:
            self.figures.append(event)

    def figures_at(self, at_ms: int) -> Told | None:
        """Return the last figures that were told up to a moment of the call."""
        return next((one for one in reversed(self.figures) if one["at_ms"] <= at_ms), None)


class LaterSession:
    """Puts events of a session that began ``by_ms`` into the call in the call's own words.

    ``prefix`` goes before the ids of its lines: no two sessions have the same. Warnings are named
    by what they are about, so that one that is told again is the same. Voices
    that share a channel are numbered anew by every session, whoever speaks first, so they get the
    prefix, too, and a label that says since when it counts. A speaker who is a channel is the
    same person in all of them, and keeps a role that was told. Used by one thread at a time.
    """

    def __init__(
        self, known: KnownSoFar, *, by_ms: int = 0, prefix: str = "", is_shared: bool = False
    ) -> None:
        """Begin; the first session of a call has no prefix. ``is_shared``: there is one channel."""
        self.by_ms = by_ms
        self._known = known
        self._is_shared = is_shared
        self._prefix = prefix
        self._of_a_channel: set[str] = set()
        self._before = known.figures_at(by_ms) if prefix else None

    def moved(self, told: Told) -> dict[str, Any] | None:
        """Return an event in the call's own time, under names that are the call's.

        None is for what the call knows better: a rule that was told of, one on the whole call when
        this session has heard only a part of it, and that the agent turns negative.
        """
        event = self._renamed(told) if self._prefix else dict(told)
        if self._prefix and event["type"] == Kind.WARNING and self._is_known_better(told, event):
            return None
        self._known.note(event)
        return event

    def _is_known_better(self, told: Told, event: Told) -> bool:
        if event["kind"] == WarningKind.RULE:
            return event["id"] in self._known.rules or told["start_ms"] == 0
        known = self._known.speakers.get(event.get("speaker") or "")
        is_agent = known is not None and known["role"] == SpeakerRole.AGENT
        return event["kind"] == WarningKind.NEGATIVE and is_agent

    def _renamed(self, told: Told) -> dict[str, Any]:
        is_a_channel = told["type"] == Kind.SPEAKER and told["channel"] is not None
        if is_a_channel and not self._is_shared:
            self._of_a_channel.add(told["id"])
        event: dict[str, Any] = self._moved(told)
        if event["type"] == Kind.SPEAKER:
            return self._introduced(event)
        if event["type"] == Kind.FIGURES:
            event["speakers"] = [
                {**one, "id": self._speaker(one["id"])} for one in told["speakers"]
            ]
            if self._before is not None:
                event |= _with_those_before(event, self._before)
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
            known = self._known.speakers.get(name)
            if known is None or event["role"] != SpeakerRole.UNKNOWN:
                return event
            return {**known, "at_ms": event["at_ms"]}
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


def _with_those_before(figures: Told, before: Told) -> dict[str, Any]:
    """Return the running figures of the whole call, of which a session has heard the rest."""
    talk: dict[str, int] = {}
    for one in (*before["speakers"], *figures["speakers"]):
        talk[one["id"]] = talk.get(one["id"], 0) + one["talk_ms"]
    return {
        "speakers": [asdict(one) for one in shares_of_speech(talk)],
        **{kind: before[kind] + figures[kind] for kind in ("overlap_ms", "silence_ms")},
    }


def _name_of(warning: Told) -> str:
    """Return the id that a warning of the call has, whatever session tells it."""
    kind = WarningKind(warning["kind"])
    if kind is WarningKind.RULE:
        return str(warning["id"])
    of = warning["channel"] if kind is WarningKind.GAP else warning["speaker"]
    return f"{kind.value}-{warning['start_ms']}-{'all' if of is None else of}"
