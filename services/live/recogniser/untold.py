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
        self._skipped: set[str] = set()

    def __len__(self) -> int:
        """Return how many events there are."""
        return len(self._events)

    def __iter__(self) -> Iterator[LiveEvent]:
        """Give them in their order, as they are now."""
        return iter(tuple(self._events.values()))

    def heard(self, event: LiveEvent) -> LiveEvent | None:
        """Take what was heard; return the line that is left out to make room for it, if any is."""
        match event:
            case Partial(line=line) | Final(line=line) | Revised(line=line):
                if isinstance(event, Revised) and isinstance(self._events.get(line.id), Final):
                    # Nobody has been told of it yet: to the next session it is new, in its place.
                    self._events[line.id] = Final(line=line)
                    return None
                self._put(line.id, event)
                if len(self._events) > MOST_UNTOLD:
                    return self._leave_out_line()
            case SpeakerTold(speaker=speaker):
                self._events[_speaker(speaker.id)] = event
            case Gap():
                self._events[_gap(event.start_ms)] = event
            case LanguageTold():
                self._put(_LANGUAGE, event)
        return None

    def told(self, told: Told) -> None:
        """Take what a session has told."""
        match told["type"]:
            case Kind.FINAL | Kind.REVISED:
                if told["type"] == Kind.FINAL:
                    self._skip_before(told["id"])
                if not isinstance(self._events.get(told["id"]), Partial):
                    self._take_out(told["id"])
            case Kind.SPEAKER:
                self._events.pop(_speaker(told["id"]), None)
            case Kind.WARNING if told["kind"] == WarningKind.GAP:
                self._events.pop(_gap(told["start_ms"]), None)
            case Kind.LANGUAGE:
                self._events.pop(_LANGUAGE, None)

    def pass_over(self) -> LiveEvent | None:
        """Leave out the first event and return it, None when there is none."""
        name = next(iter(self._events), None)
        return None if name is None else self._take_out(name)

    @property
    def has_finals(self) -> bool:
        """Whether there are lines that stay as they are, and may still be told."""
        return any(True for _ in self._awaited())

    def begins_ms(self) -> int | None:
        """Return where the first line begins that stays as it is, and may still be told.

        None without one.
        """
        return min((line.start_ms for line in self._awaited()), default=None)

    def lines(self) -> list[Utterance]:
        """Return the lines of which nothing was told as it stays."""
        events = self._events.values()
        return [event.line for event in events if isinstance(event, Partial | Final)]

    def finals(self) -> list[Utterance]:
        """Return the lines that stay as they are, of which nothing was told so."""
        return [event.line for event in self._events.values() if isinstance(event, Final)]

    def _awaited(self) -> Iterator[Utterance]:
        """Give the lines that stay as they are, but for those that were skipped."""
        for name, event in self._events.items():
            if isinstance(event, Final) and name not in self._skipped:
                yield event.line

    def _skip_before(self, name: str) -> None:
        """Take that a session has come to a line: it tells none that it was given before.

        Lines are read in their order; what is missing then could not be read. Another session is
        given it once more, but nobody waits for it.
        """
        if not isinstance(self._events.get(name), Final):
            return
        for earlier, event in self._events.items():
            if earlier == name:
                return
            if isinstance(event, Final):
                self._skipped.add(earlier)

    def _leave_out_line(self) -> LiveEvent | None:
        lines = (n for n, e in self._events.items() if isinstance(e, Partial | Final | Revised))
        name = next(lines, None)
        return None if name is None else self._take_out(name)

    def _put(self, name: str, event: LiveEvent) -> None:
        self._take_out(name)
        self._events[name] = event

    def _take_out(self, name: str) -> LiveEvent | None:
        self._skipped.discard(name)
        return self._events.pop(name, None)


def _speaker(speaker_id: str) -> str:
    return f"speaker {speaker_id}"


def _gap(start_ms: int) -> str:
    return f"gap {start_ms}"
