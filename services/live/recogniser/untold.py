"""What was heard of a call and has not been told yet: a session that follows is given it."""

from collections.abc import Iterator

from services.domain.live import (
    Final,
    Gap,
    LanguageTold,
    LiveEvent,
    Partial,
    Revised,
    SpeakerTold,
)
from services.domain.live_warnings import WarningKind
from services.domain.speech import Utterance
from services.live.telling.events import Kind, Told

MOST_UNTOLD = 2_000
_LANGUAGE = "language"


class Untold:
    """Events by what they are about, in the order in which they were heard last.

    Of a line only its latest state is kept. Used by one thread at a time.
    """

    def __init__(self) -> None:
        """Nothing was heard yet."""
        self._events: dict[str, LiveEvent] = {}

    def __len__(self) -> int:
        """Return how many events there are."""
        return len(self._events)

    def __iter__(self) -> Iterator[LiveEvent]:
        """Give them in their order, as they are now."""
        return iter(tuple(self._events.values()))

    def heard(self, event: LiveEvent) -> None:
        """Take what was heard."""
        match event:
            case Partial(line=line) | Final(line=line) | Revised(line=line):
                self._put(line.id, event)
                if len(self._events) > MOST_UNTOLD:
                    self.pass_over()
            case SpeakerTold(speaker=speaker):
                self._events[_speaker(speaker.id)] = event
            case Gap():
                self._events[_gap(event.start_ms)] = event
            case LanguageTold():
                self._put(_LANGUAGE, event)

    def told(self, told: Told) -> None:
        """Take what a session has told."""
        match told["type"]:
            case Kind.FINAL | Kind.REVISED:
                if not isinstance(self._events.get(told["id"]), Partial):
                    self._events.pop(told["id"], None)
            case Kind.SPEAKER:
                self._events.pop(_speaker(told["id"]), None)
            case Kind.WARNING if told["kind"] == WarningKind.GAP:
                self._events.pop(_gap(told["start_ms"]), None)
            case Kind.LANGUAGE:
                self._events.pop(_LANGUAGE, None)

    def pass_over(self) -> LiveEvent | None:
        """Leave out the first event and return it, None when there is none."""
        name = next(iter(self._events), None)
        return None if name is None else self._events.pop(name)

    @property
    def has_finals(self) -> bool:
        """Whether there are lines that stay as they are."""
        return any(isinstance(event, Final) for event in self._events.values())

    def begins_ms(self) -> int | None:
        """Return where the first line begins that stays as it is, None without one."""
        finals = (event for event in self._events.values() if isinstance(event, Final))
        return min((event.line.start_ms for event in finals), default=None)

    def lines(self) -> list[Utterance]:
        """Return the lines of which nothing was told as it stays."""
        events = self._events.values()
        return [event.line for event in events if isinstance(event, Partial | Final)]

    def _put(self, name: str, event: LiveEvent) -> None:
        self._events.pop(name, None)
        self._events[name] = event


def _speaker(speaker_id: str) -> str:
    return f"speaker {speaker_id}"


def _gap(start_ms: int) -> str:
    return f"gap {start_ms}"
