"""Cuts long texts into pieces that overlap, so that reading takes time in proportion to length.

What surrounds a finding decides what it is, and looking around costs more the more there is. Nobody
says two hundred words in one breath: what is longer was pasted, or is a call in one line.
"""

from collections.abc import Iterator
from dataclasses import dataclass

LONGEST = 800
"""Characters of a text that is read whole."""
_OVERLAP = 240
"""Characters that two pieces share; half of it is more than any word's say reaches."""
_WORD = 60
"""Characters within which a blank is looked for to cut at."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text from ``start`` to ``end``, in characters.

    What touches ``own_start`` to ``own_end`` is looked for in it; the rest is there to be
    understood by. The own parts of all pieces make up the text.
    """

    start: int
    end: int
    own_start: int
    own_end: int

    def owns(self, start: int, end: int) -> bool:
        """Whether what stands there, in characters of the piece, is to be looked for in it."""
        return start + self.start < self.own_end and end + self.start > self.own_start


def pieces_of(text: str) -> list[Piece]:
    """Return the pieces of a text in order; a text of ordinary length is one."""
    cuts = list(_cuts(text))
    pieces: list[Piece] = []
    for place, (start, end) in enumerate(cuts):
        own_start = pieces[-1].own_end if pieces else 0
        last = place + 1 == len(cuts)
        own_end = end if last else (cuts[place + 1][0] + end) // 2
        pieces.append(Piece(start=start, end=end, own_start=own_start, own_end=own_end))
    return pieces


def _cuts(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    while len(text) - start > LONGEST + _OVERLAP:
        end = _at_blank(text, start + LONGEST)
        yield start, end
        start = _at_blank(text, end - _OVERLAP)
    yield start, len(text)


def _at_blank(text: str, place: int) -> int:
    """Return where a word begins at this place or shortly before it; else the place itself."""
    blank = text.rfind(" ", place - _WORD, place)
    return blank + 1 if blank >= 0 else place
