"""What was told of a call whose words are read by one session after the other."""

from collections.abc import Sequence

from services.domain.live_warnings import WarningKind
from services.live.telling.events import Kind, Told
from services.live.telling.packed import Packed

_FORGOTTEN = frozenset({"emitted_ms", "at_ms", "n"})


class ToldSoFar:
    """Says what of a session's events is news, and what a later session is to know.

    A session that follows another knows the lines that were told, and finds once more what they
    lead to. Used by one thread at a time.
    """

    def __init__(self, before: Sequence[Told] = ()) -> None:
        """Begin with what was told by an earlier process."""
        self._lines: dict[str, Packed] = {}
        self._speakers: dict[str, Told] = {}
        self._sentiments: dict[str, Told] = {}
        self._warnings: dict[str, Told] = {}
        self.language: str | None = None
        """The language that was told last."""
        for told in before:
            self.take(told)

    def take(self, told: Told) -> bool:
        """Take an event; return whether it is news."""
        match told["type"]:
            case Kind.FINAL | Kind.REVISED:
                before = self._lines.get(told["id"])
                self._lines[told["id"]] = Packed(told)
                return before is None or before.told["text"] != told["text"]
            case Kind.SPEAKER:
                return _is_new(self._speakers, told["id"], told)
            case Kind.SENTIMENT:
                return _is_new(self._sentiments, told["utterance"], told)
            case Kind.WARNING if told["kind"] not in (WarningKind.ERROR, WarningKind.GAP):
                return _is_new(self._warnings, told["id"], told)
            case Kind.LANGUAGE:
                self.language = told["language"]
        return True

    def has_line(self, line_id: str) -> bool:
        """Say whether a line was told as it stays."""
        return line_id in self._lines

    def known(self) -> list[Told]:
        """Return what a later session is to know."""
        lines = (line.told for line in self._lines.values())
        return [*self._speakers.values(), *lines, *self._sentiments.values()]


def _is_new(known: dict[str, Told], name: str, told: Told) -> bool:
    before = known.get(name)
    known[name] = told
    return before is None or _said(before) != _said(told)


def _said(told: Told) -> dict[str, object]:
    return {name: value for name, value in told.items() if name not in _FORGOTTEN}
