"""Finds codes in tokens: runs of digits and letters, written or spoken ("double five", "K as in
kilo"), whatever they stand for."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from services.understanding.personal_data.numbers_elsewhere import (
    LONGEST_NUMBER,
    REPEATS_ELSEWHERE,
    number_words,
)
from services.understanding.personal_data.spelling_out import Letters
from services.understanding.personal_data.tokens import (
    DIGITS,
    OH,
    REPEATS,
    SCALES,
    TEENS,
    TENS,
    Token,
)

_SIGNS = frozenset({",", ".", "-", "–", "—", "/", "(", ")", "+", "…"})
_PAUSES = frozenset({
    "ah", "actually", "bindestrich", "dash", "eh", "er", "erm", "euh", "guion", "guión", "hmm",
    "hyphen", "mm", "no", "schrägstrich", "slash", "sorry", "space", "stroke", "then", "tiret",
    "uh", "um", "wait", "ähm", "äh",
})  # fmt: skip
_JOINERS = _SIGNS | _PAUSES
_AND = "and"
_MOST_JOINERS = 5
_O = "o"


@dataclass(frozen=True, kw_only=True)
class Code:
    """A run of digits and letters: where it stands, what it spells, how it was said."""

    first: int
    last: int
    characters: str
    groups: tuple[int, ...]
    single_digits: int
    scaled: bool

    @property
    def digits(self) -> int:
        """How many of the characters are digits."""
        return sum(c.isdigit() for c in self.characters)

    @property
    def letters(self) -> int:
        """How many of the characters are letters."""
        return len(self.characters) - self.digits


@dataclass(slots=True)
class _Piece:
    characters: str
    length: int
    single: bool
    scaled: bool = False
    letter_o: bool = False


def find_codes(
    tokens: Sequence[Token], language: str = "en", *, named: Collection[int] = ()
) -> list[Code]:
    """Return every run of code characters, joined over commas, dashes and hesitations.

    ``first`` and ``last`` are token positions (inclusive), ``groups`` the lengths between pauses,
    ``single_digits`` how many digits were said or written one at a time or in a numeral. Tokens at
    the positions ``named`` say what a code is ("c v c") and belong to none.
    """
    reader = _Reader(tokens, language, named)
    found: list[Code] = []
    at = 0
    while at < len(tokens):
        code = reader.code_at(at)
        if code is None:
            at += 1
        else:
            found.append(code)
            at = code.last + 1
    return found


class _Reader:
    def __init__(self, tokens: Sequence[Token], language: str, named: Collection[int]) -> None:
        self._tokens = tokens
        self._named = named
        self._elsewhere = number_words(language)
        self._english = not self._elsewhere
        self._letters = Letters(tokens, _JOINERS, self._is_digit)

    def code_at(self, first: int) -> Code | None:
        pieces: list[_Piece] = []
        groups: list[int] = []
        at, last, joined = first, first - 1, True
        while at < len(self._tokens):
            piece = self._piece(at, inside=bool(pieces))
            if piece is None:
                following = self._after_joiners(at) if pieces else None
                if following is None:
                    break
                at, joined = following, True
                continue
            pieces.append(piece)
            if joined:
                groups.append(0)
            groups[-1] += len(piece.characters)
            at += piece.length
            last, joined = at - 1, False
        if not pieces:
            return None
        return Code(
            first=first,
            last=last,
            characters=_characters(pieces),
            groups=tuple(groups),
            single_digits=sum(len(p.characters) for p in pieces if p.single),
            scaled=any(p.scaled for p in pieces),
        )

    def _after_joiners(self, at: int) -> int | None:
        """Return where the run goes on after joining tokens, or None when it doesn't."""
        for step in range(_MOST_JOINERS):
            if at + step + 1 >= len(self._tokens) or at + step in self._named:
                return None
            word = self._word(at + step)
            if word not in _JOINERS and not (word == _AND and self._and_joins(at + step)):
                return None
            if self._piece(at + step + 1, inside=True) is not None:
                return at + step + 1
        return None

    def _and_joins(self, at: int) -> bool:
        """Whether "and" stands between digits said one at a time, not in "two and a half"."""
        after = at + 2 if self._word(at + 1) == "then" else at + 1
        before = at - 2 if self._word(at - 1) in _SIGNS else at - 1
        around = (before - 2, before - 1, before, after, after + 1)
        return all(self._is_digit(place) for place in around)

    def _piece(self, at: int, *, inside: bool) -> _Piece | None:
        if at in self._named:
            return None
        word = self._word(at)
        if word.isdigit():
            return _Piece(word, 1, single=True)
        number = self._english_number(at, inside=inside) if self._english else self._number(at)
        if number is not None:
            return number
        spelled = self._letters.at(at, inside=inside, english=self._english)
        return _Piece(spelled.letter, spelled.length, single=False) if spelled else None

    def _english_number(self, at: int, *, inside: bool) -> _Piece | None:
        word = self._word(at)
        if word in DIGITS:
            return self._scaled(at, _Piece(DIGITS[word], 1, single=True))
        if word in OH and (inside or self._is_digit(at + 1)):
            return _Piece("0", 1, single=True, letter_o=word == _O)
        if word in TEENS:
            return self._scaled(at, _Piece(TEENS[word], 1, single=False))
        if word in TENS:
            return self._tens(at)
        if word in REPEATS:
            return self._repeated(at, REPEATS[word])
        return None

    def _number(self, at: int) -> _Piece | None:
        """Read a number of another language: the most words that make one."""
        word = self._word(at)
        if word in REPEATS_ELSEWHERE:
            return self._repeated(at, REPEATS_ELSEWHERE[word])
        best: _Piece | None = None
        said: tuple[str, ...] = ()
        place = at
        while len(said) < LONGEST_NUMBER and place < len(self._tokens):
            if self._word(place) == "-" and said:
                place += 1
                continue
            said += (self._word(place),)
            place += 1
            digits = self._elsewhere.get(said)
            if digits:
                best = _Piece(digits, place - at, single=len(digits) == 1)
        return best

    def _repeated(self, at: int, times: int) -> _Piece | None:
        word = self._word(at + 1)
        if word in OH and self._english:
            return _Piece("0" * times, 2, single=True)
        digit = self._digit(word) or (word if len(word) == 1 and word.isalnum() else "")
        return _Piece(digit * times, 2, single=digit.isdigit()) if digit else None

    def _scaled(self, at: int, piece: _Piece) -> _Piece:
        following = self._word(at + piece.length)
        if following in SCALES:
            return _Piece(piece.characters + SCALES[following], piece.length + 1, False, True)
        return piece

    def _tens(self, at: int) -> _Piece:
        ten = TENS[self._word(at)]
        skipped = 1 if self._word(at + 1) == "-" else 0
        unit = DIGITS.get(self._word(at + 1 + skipped), "")
        if unit and unit != "0":
            return self._scaled(at, _Piece(ten + unit, 2 + skipped, single=False))
        return self._scaled(at, _Piece(ten + "0", 1, single=False))

    def _is_digit(self, at: int) -> bool:
        word = self._word(at)
        if word.isdigit() or self._digit(word):
            return True
        if not self._english:
            return word in REPEATS_ELSEWHERE or (word,) in self._elsewhere
        return word in REPEATS or word in OH or word in TEENS or word in TENS

    def _digit(self, word: str) -> str:
        return DIGITS.get(word, "") if self._english else self._elsewhere.get((word,), "")

    def _word(self, at: int) -> str:
        return self._tokens[at].lower if 0 <= at < len(self._tokens) else ""


def _characters(pieces: Sequence[_Piece]) -> str:
    """Join what the pieces spell; between letters alone an "o" is a letter too."""
    spelled = any(p.characters[0].isalpha() for p in pieces) and all(
        p.letter_o or p.characters[0].isalpha() for p in pieces
    )
    return "".join(_O if spelled and p.letter_o else p.characters for p in pieces).upper()
