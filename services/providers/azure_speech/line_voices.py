"""Who speaks, across sessions: the service numbers its guests anew in each.

A session that goes on with a broken one first hears the last stretch again. Voices that speak there
where somebody spoke before are the same people.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace

from services.providers.azure_speech.lines import Line

# As far back as everybody known has spoken for so long, but not farther than that.
ENOUGH_SPEECH_MS = 6_000
FARTHEST_BACK_MS = 120_000


def place_to_go_on(lines: Sequence[Line]) -> int:
    """Return where in the recording a new session has to start to know the voices again."""
    if not lines:
        return 0
    done_ms = max(line.end_ms for line in lines)
    wanted = {line.voice for line in lines if line.voice is not None}
    spoken: Counter[str] = Counter()
    place = done_ms
    for line in reversed(lines):
        if all(spoken[voice] >= ENOUGH_SPEECH_MS for voice in wanted):
            break
        if line.start_ms < done_ms - FARTHEST_BACK_MS:
            break
        place = min(place, line.start_ms)
        if line.voice is not None:
            spoken[line.voice] += line.duration_ms
    return place


class Voices:
    """The names of a session's voices as the whole call knows them."""

    def __init__(self, earlier: Sequence[Line], participants: Collection[str]) -> None:
        """Know the voices of ``earlier`` lines; participants keep their names in every session."""
        self._earlier = earlier
        self._participants = participants
        self._taken = {line.voice for line in earlier if line.voice is not None}
        self._shared: dict[str, Counter[str]] = {}
        self._names: dict[str, str] = {}

    def hear_again(self, line: Line) -> None:
        """Learn from a line of a stretch that was heard before."""
        if line.voice is None or line.voice in self._participants:
            return
        votes = self._shared.setdefault(line.voice, Counter())
        for before in self._earlier:
            both_ms = min(line.end_ms, before.end_ms) - max(line.start_ms, before.start_ms)
            if both_ms > 0 and before.voice is not None:
                votes[before.voice] += both_ms

    def named(self, line: Line) -> Line:
        """Return a new line under its voice's name in the whole call."""
        if line.voice is None or line.voice in self._participants:
            return line
        if line.voice not in self._names:
            self._names[line.voice] = self._name(line.voice)
        return replace(line, voice=self._names[line.voice])

    def _name(self, voice: str) -> str:
        used = set(self._names.values())
        for name, _ in self._shared.get(voice, Counter()).most_common():
            if name not in used and name not in self._participants:
                return name
        number, name = 1, voice
        while name in self._taken or name in used:
            number += 1
            name = f"{voice}.{number}"
        return name
