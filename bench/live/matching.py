"""Which word is which: of two rows of words, and when a line's words were seen first."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from bench.live.versions import Version
from bench.scoring.words import Normalise
from services.live.telling.events import Kind

# Fewer words in a row than these can stand in two lines by chance.
SURE_OF = 3


def matched(true: Sequence[str], heard: Sequence[str], normalise: Normalise) -> dict[int, int]:
    """Return the places of true words with those of the heard ones that are the same.

    Words that differ and read the same in Whisper's normal form (numbers in figures) match with
    the last of them.
    """
    found: dict[int, int] = {}
    for kind, i, i_end, j, j_end in _steps(true, heard):
        if kind == "equal":
            found.update(zip(range(i, i_end), range(j, j_end), strict=True))
        elif kind == "replace" and _same(true[i:i_end], heard[j:j_end], normalise):
            found[i_end - 1] = j_end - 1
    return found


def _same(true: Sequence[str], heard: Sequence[str], normalise: Normalise) -> bool:
    return normalise(" ".join(true)) == normalise(" ".join(heard))


def _steps(first: Sequence[str], second: Sequence[str]) -> Iterable[tuple[str, int, int, int, int]]:
    return SequenceMatcher(None, first, second, autojunk=False).get_opcodes()


@dataclass(frozen=True, kw_only=True)
class FirstSeen:
    """When a word of a line was seen first, in any wording and in a finished one, in ms."""

    any_ms: int
    finished_ms: int | None


class Sightings:
    """Knows all that was told of a call, and when each word of its lines was seen first."""

    def __init__(self, versions: Iterable[Version]) -> None:
        """Take the versions in the order of telling."""
        self._of_line: Mapping[str, list[Version]] = defaultdict(list)
        for version in versions:
            self._of_line[version.line].append(version)
        self._extents = {
            line: (min(v.start_ms for v in told), max(v.end_ms for v in told), told[0].channel)
            for line, told in self._of_line.items()
        }

    def first_seen(self, line: Version) -> list[FirstSeen]:
        """Return for each word of a line when it was seen first.

        A line may have been part of another one before; then words count from there on, where
        some in a row are the same.
        """
        any_ms: dict[int, int] = {}
        finished_ms: dict[int, int] = {}
        for version in self._around(line):
            for place in self._places(version, line):
                any_ms.setdefault(place, version.told_ms)
                if version.kind is not Kind.PARTIAL:
                    finished_ms.setdefault(place, version.told_ms)
        return [
            FirstSeen(any_ms=any_ms.get(n, line.told_ms), finished_ms=finished_ms.get(n))
            for n in range(len(line.words))
        ]

    def first_finished(self, line: str) -> int | None:
        """Return when a line was told as finished first, None when it never was."""
        told = (v.told_ms for v in self._of_line.get(line, ()) if v.kind is not Kind.PARTIAL)
        return next(told, None)

    def _around(self, line: Version) -> list[Version]:
        """Return the versions of the lines that share time with this one, in the order of telling.

        The line's own come first among those told at once.
        """
        start_ms, end_ms, channel = self._extents[line.line]
        others = [
            name
            for name, (start, end, other) in self._extents.items()
            if start < end_ms and start_ms < end and other == channel
        ]
        around = [version for name in others for version in self._of_line[name]]
        return sorted(around, key=lambda v: (v.told_ms, v.line != line.line))

    @staticmethod
    def _places(version: Version, line: Version) -> Iterator[int]:
        """Yield the places in the line of the words that this version has already."""
        least = 1 if version.line == line.line else SURE_OF
        for kind, _, _, j, j_end in _steps(version.words, line.words):
            if kind == "equal" and j_end - j >= least:
                yield from range(j, j_end)


@dataclass(frozen=True, kw_only=True)
class Changes:
    """How many words were ever shown, and how many of them were changed or taken away later."""

    shown: int
    changed: int


def changes(versions: Iterable[Version]) -> Changes:
    """Count over the successive wordings of every line."""
    last: dict[str, Version] = {}
    shown = changed = 0
    for version in versions:
        before = last.get(version.line)
        last[version.line] = version
        for kind, i, i_end, j, j_end in _steps(before.words if before else (), version.words):
            if kind != "equal":
                changed += i_end - i
                shown += j_end - j
    return Changes(shown=shown, changed=changed)
