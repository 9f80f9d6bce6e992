"""Finds codes in tokens: runs of digits and letters, written or spoken ("double five", "K as in
kilo"), whatever they stand for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.understanding.personal_data.tokens import (
    DIGITS,
    OH,
    PHONETIC,
    REPEATS,
    SCALES,
    TEENS,
    TENS,
    Token,
    spoken_digits,
)

_JOINERS = frozenset(
    {
        ",",
        ".",
        "-",
        "–",
        "—",
        "/",
        "(",
        ")",
        "+",
        "dash",
        "hyphen",
        "slash",
        "um",
        "uh",
        "er",
        "erm",
    }
)
_LIKE = (("as", "in"), ("like", "in"), ("for",), ("as",))
_MOST_JOINERS = 3
_AMBIGUOUS_LETTERS = frozenset({"a", "i", "o"})


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


def find_codes(tokens: Sequence[Token], language: str = "en") -> list[Code]:
    """Return every run of code characters, joined over commas, dashes and hesitations.

    ``first`` and ``last`` are token positions (inclusive), ``groups`` the lengths between pauses,
    ``single_digits`` how many digits were said or written one at a time or in a numeral.
    """
    reader = _Reader(tokens, spoken_digits(language), english=language == "en")
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
    def __init__(
        self, tokens: Sequence[Token], digits: Mapping[str, str], *, english: bool
    ) -> None:
        self._tokens = tokens
        self._digits = digits
        self._english = english

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
            characters="".join(p.characters for p in pieces).upper(),
            groups=tuple(groups),
            single_digits=sum(len(p.characters) for p in pieces if p.single),
            scaled=any(p.scaled for p in pieces),
        )

    def _after_joiners(self, at: int) -> int | None:
        """Return where the run goes on after joining tokens, or None when it doesn't."""
        for step in range(1, _MOST_JOINERS + 1):
            if self._tokens[at + step - 1].lower not in _JOINERS or at + step >= len(self._tokens):
                return None
            if self._piece(at + step, inside=True) is not None:
                return at + step
        return None

    def _piece(self, at: int, *, inside: bool) -> _Piece | None:
        token = self._tokens[at]
        word = token.lower
        if word.isdigit():
            return _Piece(word, 1, single=True)
        if word in self._digits:
            return self._scaled(at, _Piece(self._digits[word], 1, single=True))
        if not self._english:
            return self._letter(at, inside=inside)
        if word in OH and (inside or self._is_digit(at + 1)):
            return _Piece("0", 1, single=True)
        if word in TEENS:
            return self._scaled(at, _Piece(TEENS[word], 1, single=False))
        if word in TENS:
            return self._tens(at)
        if word in REPEATS and at + 1 < len(self._tokens):
            repeated = self._repeatable(at + 1)
            return _Piece(repeated * REPEATS[word], 2, single=True) if repeated else None
        return self._letter(at, inside=inside)

    def _scaled(self, at: int, piece: _Piece) -> _Piece:
        following = self._word(at + piece.length)
        if self._english and following in SCALES:
            return _Piece(piece.characters + SCALES[following], piece.length + 1, False, True)
        return piece

    def _tens(self, at: int) -> _Piece:
        ten = TENS[self._tokens[at].lower]
        skipped = 1 if self._word(at + 1) == "-" else 0
        unit = DIGITS.get(self._word(at + 1 + skipped), "")
        if unit and unit != "0":
            return self._scaled(at, _Piece(ten + unit, 2 + skipped, single=False))
        return self._scaled(at, _Piece(ten + "0", 1, single=False))

    def _repeatable(self, at: int) -> str:
        word = self._word(at)
        if word in OH:
            return "0"
        return self._digits.get(word) or (word if len(word) == 1 and word.isalnum() else "")

    def _letter(self, at: int, *, inside: bool) -> _Piece | None:
        token = self._tokens[at]
        word = token.lower
        if len(word) == 1 and token.is_word and word.isascii():
            like = self._likeness(at)
            if like:
                return _Piece(word, like, single=False)
            if word in _AMBIGUOUS_LETTERS and not self._is_spelled(at):
                return None
            if word in {"s", "t", "m", "d"} and not token.is_capitalised and not inside:
                return None
            return _Piece(word, 1, single=False)
        if word in PHONETIC and (inside or self._word(at + 1) in PHONETIC):
            return _Piece(PHONETIC[word], 1, single=False)
        if word == "x" and self._word(at + 1) == "-" and self._word(at + 2) == "ray":
            return _Piece("x", 3, single=False)
        return None

    def _likeness(self, at: int) -> int:
        """Return how many tokens "K as in kilo" takes, 0 when the letter stands alone."""
        letter = self._tokens[at].lower
        for like in _LIKE:
            after = at + 1 + len(like)
            if tuple(self._word(at + 1 + n) for n in range(len(like))) != like:
                continue
            if self._word(after).startswith(letter) and len(self._word(after)) > 1:
                return 2 + len(like)
            if letter == "x" and (self._word(after), self._word(after + 1)) == ("x", "-"):
                return 4 + len(like)
        return 0

    def _is_spelled(self, at: int) -> bool:
        """Whether an ambiguous letter ("a", "I") stands among other code characters."""
        if self._word(at - 1) == "-" or self._word(at + 1) == "-":
            return self._is_code(at - 2) or self._is_code(at + 2)
        return self._is_code(at - 1) and (self._is_code(at + 1) or self._is_code(at - 2))

    def _is_code(self, at: int) -> bool:
        word = self._word(at)
        return word in self._digits or word.isdigit() or (len(word) == 1 and word.isalpha())

    def _is_digit(self, at: int) -> bool:
        word = self._word(at)
        return word in self._digits or word.isdigit() or word in REPEATS or word in OH

    def _word(self, at: int) -> str:
        return self._tokens[at].lower if 0 <= at < len(self._tokens) else ""
