"""The phrase language: what a pattern means, read into a small tree. docs/rules.md teaches it.

No pattern becomes a regular expression; a pattern can't repeat without end, so every match is short
and matching takes time in proportion to the text.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from services.domain.errors import BadRule
from services.domain.speech import PiiType
from services.understanding.rules.folding import NUMBERS, folded

MAX_PATTERN_CHARS = 1_500
MAX_PARTS = 300
MAX_DEPTH = 4
MAX_GAP = 10
MAX_DIGITS = 99

_LEXEME = re.compile(
    r"\s*(?:(?P<open>\()|(?P<close>\))|(?P<bar>\|)|(?P<optional>\?)|~(?P<gap>\d+)"
    r"|\[(?P<place>[A-Za-z]+)\]|#(?P<least>\d*)(?P<upto>\+|-\d+)?|(?P<without>(?<![\w*])-(?=[\w(*'’\[]))"
    r"|(?P<word>[\w*][\w*'’]*)|(?P<hyphen>-)|(?P<mark>[.,;:!\"“”&/%$£€…–—]))"
)


@dataclass(frozen=True, slots=True)
class Exactly:
    """One word, as folded."""

    word: str


@dataclass(frozen=True, slots=True)
class Like:
    """One word of this form: ``parts`` in order with anything between them, "cancel*"."""

    parts: tuple[str, ...]

    def fits(self, word: str) -> bool:
        """Whether a word has this form."""
        first, *middle, last = self.parts
        if len(word) < len(first) + len(last) or not word.startswith(first):
            return False
        if not word.endswith(last):
            return False
        at, end = len(first), len(word) - len(last)
        for part in middle:
            at = word.find(part, at, end)
            if at < 0:
                return False
            at += len(part)
        return True


@dataclass(frozen=True, slots=True)
class Gap:
    """Up to so many words of any kind, within a sentence."""

    most: int


@dataclass(frozen=True, slots=True)
class Number:
    """A number, spoken or written, of so many digits in a row; ``most`` None: no upper limit."""

    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class InOrder:
    """One after the other."""

    parts: tuple["Part", ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of these; an empty sequence among them makes it optional."""

    options: tuple[InOrder, ...]


Part = Exactly | Like | Gap | Number | InOrder | Choice


@dataclass(frozen=True, slots=True)
class Pattern:
    """A phrase, and the words that must not stand shortly before or after it."""

    said: InOrder
    not_before: InOrder | None = None
    not_after: InOrder | None = None


@lru_cache(maxsize=8192)
def parsed(text: str) -> Pattern:
    """Return what a pattern means. Raises BadRule saying what is wrong with it and where."""
    if len(text) > MAX_PATTERN_CHARS:
        raise BadRule(f"A phrase has at most {MAX_PATTERN_CHARS} characters.")
    return _Parser(unicodedata.normalize("NFC", text)).pattern()


@dataclass(frozen=True, slots=True)
class _Lexeme:
    kind: str
    value: str
    at: int


class _Parser:
    """Reads one pattern from left to right."""

    def __init__(self, text: str) -> None:
        self._lexemes = _lexemes(text)
        self._at = 0
        self._parts = 0

    def pattern(self) -> Pattern:
        before = self._without()
        said = self._sequence(depth=0)
        after = self._without()
        if (left := self._next()) is not None:
            raise _wrong(left, "words after a “-” end a phrase")
        if _least_words(said) == 0:
            raise BadRule("A phrase needs at least one word that is not optional.")
        return Pattern(said, before, after)

    def _next(self) -> _Lexeme | None:
        return self._lexemes[self._at] if self._at < len(self._lexemes) else None

    def _takes(self, kind: str) -> _Lexeme | None:
        lexeme = self._next()
        if lexeme is None or lexeme.kind != kind:
            return None
        self._at += 1
        return lexeme

    def _without(self) -> InOrder | None:
        """Read words that are not to stand here: "-word" or "-(one|other)"."""
        if self._takes("without") is None:
            return None
        return InOrder((self._one(depth=0),))

    def _sequence(self, depth: int) -> InOrder:
        parts: list[Part] = []
        while (lexeme := self._next()) is not None:
            if lexeme.kind in ("bar", "close", "without"):
                if lexeme.kind == "without" and depth:
                    raise _wrong(lexeme, "“-” stands at the start or the end of a phrase")
                if lexeme.kind != "without" and not depth:
                    raise _wrong(lexeme, "there is no “(” that belongs to it")
                break
            if (gap := self._takes("gap")) is not None:
                parts.append(_gap(gap))
                continue
            part = self._one(depth)
            if self._takes("optional") is not None:
                part = Choice((InOrder((part,)), InOrder(())))
            parts.append(part)
        if parts and (isinstance(parts[0], Gap) or (not depth and isinstance(parts[-1], Gap))):
            raise BadRule("“~” stands between two words of a phrase.")
        return InOrder(tuple(parts))

    def _one(self, depth: int) -> Part:
        lexeme = self._next()
        assert lexeme is not None, "the caller looked"
        self._at += 1
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise BadRule(f"A phrase has at most {MAX_PARTS} words.")
        if lexeme.kind == "open":
            return self._choice(lexeme, depth + 1)
        if lexeme.kind == "word":
            return _word(lexeme)
        if lexeme.kind == "place":
            return _placeholder(lexeme)
        if lexeme.kind == "number":
            return _number(lexeme)
        raise _wrong(lexeme, "there is nothing before it that it could belong to")

    def _choice(self, opened: _Lexeme, depth: int) -> Choice:
        if depth > MAX_DEPTH:
            raise _wrong(opened, f"brackets go {MAX_DEPTH} deep at most")
        options = [self._sequence(depth)]
        while self._takes("bar") is not None:
            options.append(self._sequence(depth))
        if self._takes("close") is None:
            raise _wrong(opened, "this bracket is never closed")
        if any(not option.parts for option in options):
            raise _wrong(opened, "a choice in these brackets is empty")
        return Choice(tuple(options))


def _lexemes(text: str) -> list[_Lexeme]:
    found: list[_Lexeme] = []
    at = 0
    while at < len(text.rstrip()):
        lexeme = _LEXEME.match(text, at)
        if lexeme is None:
            raise BadRule(f"Character {at + 1} of the phrase has no meaning in a phrase.")
        kind = lexeme.lastgroup or "number"
        if kind in ("least", "upto"):
            kind = "number"
        start = lexeme.start() + len(lexeme.group()) - len(lexeme.group().lstrip())
        if kind not in ("mark", "hyphen"):
            value = lexeme.group().strip()
            found.append(_Lexeme(kind, lexeme["place"] or lexeme["gap"] or value, start + 1))
        at = lexeme.end()
    return _joined(found)


def _joined(lexemes: Sequence[_Lexeme]) -> list[_Lexeme]:
    """Put together what folding a text joins: "forty eight", and a word said twice."""
    found: list[_Lexeme] = []
    for at, lexeme in enumerate(lexemes):
        last = found[-1] if found else None
        if last is not None and last.kind == lexeme.kind == "word":
            tens, unit = NUMBERS.get(last.value.lower(), 0), NUMBERS.get(lexeme.value.lower(), 0)
            if tens >= 20 and 1 <= unit <= 9:
                found[-1] = _Lexeme("word", f"{last.value} {lexeme.value}", last.at)
                continue
            optional = at + 1 < len(lexemes) and lexemes[at + 1].kind == "optional"
            same = last.value.lower() == lexeme.value.lower()
            if same and not optional and lexeme.value.isalpha() and not unit:
                continue
        found.append(lexeme)
    return found


def _wrong(lexeme: _Lexeme, what: str) -> BadRule:
    return BadRule(f"At character {lexeme.at} of the phrase: {what}.")


def _gap(lexeme: _Lexeme) -> Gap:
    if not 1 <= len(lexeme.value) <= 2 or not 1 <= int(lexeme.value) <= MAX_GAP:
        raise _wrong(lexeme, f"between two words can lie 1 to {MAX_GAP} words")
    return Gap(int(lexeme.value))


def _word(lexeme: _Lexeme) -> Part:
    if "*" in lexeme.value:
        parts = tuple(part.replace("'", "").replace("’", "") for part in _stars(lexeme.value))
        return Like(parts)
    words = [Exactly(word.text) for word in folded(lexeme.value)]
    if not words:
        raise _wrong(lexeme, "hesitations are left out of what is compared")
    return words[0] if len(words) == 1 else InOrder(tuple(words))


def _stars(word: str) -> list[str]:
    return re.sub(r"\*+", "*", word.lower()).split("*")


def _placeholder(lexeme: _Lexeme) -> Exactly:
    if lexeme.value.upper() not in set(PiiType):
        raise _wrong(lexeme, "there is no placeholder of this name; one is [CARD]")
    return Exactly(f"[{lexeme.value.lower()}]")


def _number(lexeme: _Lexeme) -> Number:
    least, upto = re.fullmatch(r"#(\d*)(\+|-\d+)?", lexeme.value).groups()  # type: ignore[union-attr]
    if not least:
        return Number(1, None)
    most = None if upto == "+" else int(upto[1:3]) if upto else int(least[:3])
    if len(least) > 2 or (upto and len(upto) > 3) or int(least) < 1:
        raise _wrong(lexeme, f"a number has 1 to {MAX_DIGITS} digits")
    if most is not None and most < int(least):
        raise _wrong(lexeme, "the larger number of digits comes second")
    return Number(int(least), most)


def _least_words(part: Part) -> int:
    if isinstance(part, InOrder):
        return sum(_least_words(one) for one in part.parts)
    if isinstance(part, Choice):
        return min(_least_words(one) for one in part.options)
    return 0 if isinstance(part, Gap) else 1
