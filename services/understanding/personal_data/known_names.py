"""Names heard once in a call are known in all of it."""

import re
from collections.abc import Iterable

from services.understanding.personal_data.introductions import PARTICLES
from services.understanding.personal_data.name_words import COMMON_WORDS, NO_NAMES
from services.understanding.personal_data.overlaps import Candidate
from services.understanding.personal_data.subjects import Subject

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SHORTEST = 3


class KnownNames:
    """Collects the parts of names and finds them again."""

    def __init__(self, *, cased: bool) -> None:
        self._cased = cased
        self._parts: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def learn(self, text: str, candidates: Iterable[Candidate]) -> None:
        """Take in the names among the findings of one text."""
        for candidate in candidates:
            if candidate.subject is Subject.PERSON:
                for match in _WORD.finditer(text[candidate.start : candidate.end]):
                    self._add(match.group())

    def find(self, text: str) -> list[Candidate]:
        """Return every place where a part of a known name stands; neighbours are joined."""
        if not self._parts:
            return []
        if self._pattern is None:
            either = "|".join(sorted(map(re.escape, self._parts), key=len, reverse=True))
            flags = re.NOFLAG if self._cased else re.IGNORECASE
            self._pattern = re.compile(rf"\b(?:{either})\b(?: (?:{either})\b)*", flags)
        return [Candidate(Subject.PERSON, m.start(), m.end()) for m in self._pattern.finditer(text)]

    def _add(self, part: str) -> None:
        low = part.casefold()
        if low in PARTICLES:
            return
        unsure = not self._cased and (low in COMMON_WORDS or low in NO_NAMES)
        if len(part) >= _SHORTEST and low not in NO_NAMES and not unsure:
            self._parts.add(part)
            self._pattern = None
