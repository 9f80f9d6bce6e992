"""Numbers and streets told once in a call are known when they are repeated later on."""

import re
from collections.abc import Iterable, Iterator, Sequence

from services.understanding.personal_data.addresses import streets_in
from services.understanding.personal_data.codes import Code, find_codes
from services.understanding.personal_data.overlaps import Candidate
from services.understanding.personal_data.pieces import pieces_of
from services.understanding.personal_data.quantities import (
    is_price,
    is_quantity,
    is_year,
    names_a_thing,
)
from services.understanding.personal_data.subjects import Subject
from services.understanding.personal_data.tokens import Token, tokenise

_UNNUMBERED = frozenset({Subject.PERSON, Subject.EMAIL, Subject.ADDRESS, Subject.DOB})
_SHORTEST_PART = 4
_SHORTEST_END = 3
"""Fewer digits than a part needs are enough where they are the end of a number."""
_YEAR = re.compile(r"(?:19|20)\d\d")
_MOST = 200
"""Numbers, and streets, that are kept: more than any call has."""


class Readbacks:
    """Collects numbers and streets of a call and finds them, or parts of them, again.

    A number is known by its digits, in whichever language it is said again.
    """

    def __init__(self) -> None:
        """Know nothing yet."""
        self._numbers: dict[str, Subject] = {}
        self._streets: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def learn(self, text: str, candidates: Iterable[Candidate], languages: Sequence[str]) -> None:
        """Take in the numbers and streets among the findings of one text in these languages."""
        for candidate in candidates:
            said = text[candidate.start : candidate.end]
            if candidate.subject is Subject.ADDRESS and len(self._streets) < _MOST:
                self._streets.update(streets_in(said))
                self._pattern = None
            elif candidate.subject not in _UNNUMBERED and len(self._numbers) < _MOST:
                tokens = tokenise(said, amounts=False)
                for code in (c for one in languages for c in find_codes(tokens, one)):
                    if code.digits >= _SHORTEST_END:
                        self._numbers.setdefault(code.characters, candidate.subject)

    def find(self, text: str, languages: Sequence[str]) -> list[Candidate]:
        """Return every place where a known number, a part of it, or a street stands again.

        The text may be in any of the languages.
        """
        numbers = (found for one in languages for found in self._repeated_numbers(text, one))
        return [*numbers, *self._repeated_streets(text)]

    def _repeated_numbers(self, text: str, language: str) -> Iterator[Candidate]:
        for piece in pieces_of(text) if self._numbers else ():
            part = text[piece.start : piece.end]
            tokens = tokenise(part)
            for code in find_codes(tokens, language):
                start, end = tokens[code.first].start, tokens[code.last].end
                if code.digits < _SHORTEST_END or not piece.owns(start, end):
                    continue
                subject = self._subject_of(code.characters)
                if subject is not None and not _is_something_else(code, tokens, part):
                    yield Candidate(subject, start + piece.start, end + piece.start)

    def _subject_of(self, characters: str) -> Subject | None:
        """Return what a number is whose whole, part or end is spelled by these characters."""
        if characters in self._numbers or _YEAR.fullmatch(characters):
            return self._numbers.get(characters)
        for known, subject in self._numbers.items():
            if known.endswith(characters):
                return subject
            if len(characters) >= _SHORTEST_PART and characters in known:
                return subject
        return None

    def _repeated_streets(self, text: str) -> list[Candidate]:
        if not self._streets:
            return []
        if self._pattern is None:
            either = "|".join(sorted(map(re.escape, self._streets), key=len, reverse=True))
            self._pattern = re.compile(rf"\b(?:{either})\b", re.IGNORECASE)
        return [
            Candidate(Subject.ADDRESS, m.start(), m.end()) for m in self._pattern.finditer(text)
        ]


def _is_something_else(code: Code, tokens: Sequence[Token], text: str) -> bool:
    start = tokens[code.first].start
    return (
        is_quantity(code, tokens)
        or is_price(code, text, start)
        or is_year(code, text, start)
        or names_a_thing(code, tokens, text)
    )
