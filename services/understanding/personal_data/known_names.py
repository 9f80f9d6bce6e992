"""Names heard once in a call are known in all of it, also as a recogniser misspells them."""

import re
from collections.abc import Iterable, Iterator

from services.understanding.personal_data.introductions import PARTICLES
from services.understanding.personal_data.name_words import COMMON_WORDS, NO_NAMES, ORGANISATION
from services.understanding.personal_data.overlaps import Candidate
from services.understanding.personal_data.subjects import Subject
from services.understanding.personal_data.word_lists import places

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_PART = re.compile(r"[^\W\d_]+")
_LOWER = re.compile(r"\b[a-zà-öø-þ]{6,}")
_OPENS = re.compile(r"(?:^|[.?!…]\s)\W*$")
_SHORTEST = 3
_SHORTEST_MISSPELT = 6
_FREELY_MISSPELT = 7
"""From so many letters on, two of them may differ also where a sentence begins."""
_MOST_MISSPELT = 300
"""Names kept for comparing: more than any call has, so that no text makes it slow."""


class KnownNames:
    """Collects the parts of names and finds them again."""

    def __init__(self, *, cased: bool) -> None:
        """Know nobody yet; ``cased`` says that names begin with a capital."""
        self._cased = cased
        self._parts: set[str] = set()
        self._by_initial: dict[str, list[str]] = {}
        self._compared = 0
        self._verdicts: dict[tuple[str, bool], bool] = {}
        self._everyday: set[str] = set()

    def learn(self, text: str, candidates: Iterable[Candidate]) -> None:
        """Take in the names among the findings of one text, and which words are no names in it."""
        if self._cased:
            self._everyday.update(m.group() for m in _LOWER.finditer(text))
        for candidate in candidates:
            if candidate.subject is Subject.PERSON:
                for match in _WORD.finditer(text[candidate.start : candidate.end]):
                    self._add(match.group())

    def find(self, text: str) -> list[Candidate]:
        """Return every place where a part of a known name stands; neighbours are joined."""
        found: list[Candidate] = []
        for start, end in self._places(text) if self._parts else ():
            if found and text[found[-1].end : start] == " ":
                start = found.pop().start
            found.append(Candidate(Subject.PERSON, start, end))
        return found

    def _places(self, text: str) -> Iterator[tuple[int, int]]:
        for match in _WORD.finditer(text):
            whole = match.group()
            opens = bool(_OPENS.search(text, max(0, match.start() - 4), match.start()))
            if self._is_known(whole, opens=opens):
                yield match.span()
                continue
            for part in _PART.finditer(whole):
                if part.group() != whole and self._is_known(part.group(), opens=opens):
                    yield match.start() + part.start(), match.start() + part.end()

    def _is_known(self, word: str, *, opens: bool) -> bool:
        if (word if self._cased else word.casefold()) in self._parts:
            return True
        if not self._cased or len(word) < _SHORTEST_MISSPELT:
            return False
        if not (word[0].isupper() and word.isalpha()):
            return False
        if (word, opens) not in self._verdicts:
            self._verdicts[word, opens] = self._is_misspelt(word.casefold(), opens=opens)
        return self._verdicts[word, opens]

    def _is_misspelt(self, low: str, *, opens: bool) -> bool:
        """Whether a word is a known name but for a letter or two."""
        if low in NO_NAMES or low in ORGANISATION or low in COMMON_WORDS or low in places():
            return False
        if low in self._everyday:
            return False
        most = 1 if opens and len(low) < _FREELY_MISSPELT else 2
        return any(differ_little(low, part, most) for part in self._by_initial.get(low[0], ()))

    def _add(self, part: str) -> None:
        low = part.casefold()
        if low in PARTICLES:
            return
        unsure = not self._cased and (low in COMMON_WORDS or low in NO_NAMES)
        if len(part) < _SHORTEST or low in NO_NAMES or unsure:
            return
        kept = part if self._cased else low
        if kept not in self._parts:
            self._parts.add(kept)
            self._verdicts.clear()
            if len(part) >= _SHORTEST_MISSPELT and self._compared < _MOST_MISSPELT:
                self._by_initial.setdefault(low[0], []).append(low)
                self._compared += 1


def differ_little(one: str, other: str, most: int) -> bool:
    """Whether two words are at most so many letters put in, left out or changed apart."""
    if abs(len(one) - len(other)) > most:
        return False
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, start=1):
        before, row[0] = row[0], at
        for place, compared in enumerate(other, start=1):
            cost = before + (letter != compared)
            before = row[place]
            row[place] = min(cost, before + 1, row[place - 1] + 1)
        if min(row) > most:
            return False
    return row[-1] <= most
