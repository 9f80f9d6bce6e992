"""Reads letters said one by one: "K as in kilo", "bravo", "s w one", "M for mother"."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from services.understanding.personal_data.tokens import (
    COMMON_PHONETIC,
    LETTER_NAMES,
    PHONETIC,
    Token,
)

_LIKE = (("as", "in"), ("like", "in"), ("is", "for"), ("for",), ("as",), ("like",))
_MISHEARD = (("as", "an"), ("as", "and"), ("as", "a"), ("is", "in"), ("s", "in"))
"""What recognisers make of "as in": told from "I as an insured" by the phonetic alphabet."""
_FUSED = re.compile(r"([A-Z])[SZ](?:[AEI]?N|M)?")
"""A letter that a recogniser has run together with "as in": "KSN Kilo", "KS and Kilo"."""
_SOUNDS = {
    "are": "r", "bee": "b", "bees": "b", "cue": "q", "dee": "d", "dees": "d", "eff": "f", "el": "l",
    "ell": "l", "em": "m", "en": "n", "ess": "s", "ex": "x", "gee": "g", "jay": "j", "jays": "j",
    "kay": "k", "kays": "k", "pea": "p", "peas": "p", "pee": "p", "queue": "q", "sea": "c",
    "seas": "c", "see": "c", "tea": "t", "teas": "t", "tee": "t", "tees": "t", "vee": "v",
    "why": "y", "you": "u",
}  # fmt: skip
"""Words that are heard for a letter: "bees in Bravo", "tea for Tango"."""
_REST_OF_LIKE = frozenset({"an", "and", "as", "in", "n"})
_WORDS = frozenset({"a", "i", "o"})
"""Letters that are words as well."""
_REMAINS = frozenset({"s", "t", "m", "d"})
"""What is left of "it's", "don't", "I'm" where the apostrophe is lost."""
_MOST_JOINERS = 2


@dataclass(frozen=True, slots=True)
class Spelled:
    """A letter and how many tokens it takes."""

    letter: str
    length: int


class Letters:
    """Decides which tokens of a text are letters of a code."""

    def __init__(
        self,
        tokens: Sequence[Token],
        joiners: Collection[str],
        is_digit: Callable[[int], bool],
    ) -> None:
        """Read these tokens; ``is_digit`` says whether one at a position is a digit."""
        self._tokens = tokens
        self._joiners = joiners
        self._is_digit = is_digit

    def at(self, at: int, *, inside: bool, english: bool) -> Spelled | None:
        """Return the letter at a position; ``inside`` says that a code goes on there."""
        token, word = self._tokens[at], self._word(at)
        fused = self._fused(at) if english else 0
        if fused:
            return Spelled(word[0], fused)
        sounded = self._sounded(at) if english else 0
        if sounded:
            return Spelled(_SOUNDS[word], sounded)
        if len(word) == 1 and token.is_word and word.isascii():
            like = self._likeness(at)
            if like:
                return Spelled(word, like)
            return Spelled(word, 1) if self._stands_for_itself(at, inside=inside) else None
        if not english:
            return None
        if word in LETTER_NAMES and (inside or self._is_code(self._next(at))):
            return Spelled(LETTER_NAMES[word], 1)
        if word in PHONETIC and (inside or self._starts_phonetic(at)):
            return Spelled(PHONETIC[word], 1)
        if word == "x" and self._word(at + 1) == "-" and self._word(at + 2) == "ray":
            return Spelled("x", 3)
        return None

    def _stands_for_itself(self, at: int, *, inside: bool) -> bool:
        token, word = self._tokens[at], self._word(at)
        if word in _WORDS:
            return self._is_spelled(at, inside=inside)
        if word in _REMAINS and not token.is_capitalised and not inside:
            return self._is_code(at + 1)
        return True

    def _is_spelled(self, at: int, *, inside: bool) -> bool:
        """Whether "a" or "I" stands among other letters and digits, on both sides or at an end."""
        before, after = self._previous(at), self._next(at)
        if not inside:
            written = self._tokens[at].is_capitalised and self._word(at + 1) == "-"
            return self._is_letter(after) or (written and self._is_digit(after))
        if self._is_code(after):
            return True
        if self._word(at + 1)[:1].isalpha() and self._word(at + 1) not in self._joiners:
            return False
        return self._is_code(before) and self._is_code(self._previous(before))

    def _starts_phonetic(self, at: int) -> bool:
        after = self._next(at)
        if self._word(after) in PHONETIC or self._is_letter(after):
            return True
        return self._word(at) not in COMMON_PHONETIC and self._is_digit(after)

    def _likeness(self, at: int) -> int:
        """Return how many tokens "K as in kilo" takes, 0 when the letter stands alone."""
        pause = 1 if self._word(at + 1) == "," and self._word(at + 2) in {"as", "like"} else 0
        for like in (*_LIKE, *_MISHEARD):
            after = at + 1 + pause + len(like)
            if tuple(self._word(after - len(like) + n) for n in range(len(like))) != like:
                continue
            taken = self._begins_with(self._word(at), after, sure=like in _LIKE)
            if taken:
                return after - at + taken
        return 0

    def _fused(self, at: int) -> int:
        """Return how many tokens "KSN Kilo" or "KS and Kilo" takes, 0 when it is none."""
        if not _FUSED.fullmatch(self._tokens[at].text):
            return 0
        after = at + 2 if self._word(at + 1) in _REST_OF_LIKE else at + 1
        taken = self._begins_with(self._word(at)[0], after, sure=after == at + 2)
        return after - at + taken if taken else 0

    def _sounded(self, at: int) -> int:
        """Return how many tokens "bees in Bravo" takes, 0 when it is none."""
        letter = _SOUNDS.get(self._word(at))
        if letter is None:
            return 0
        for like in (*_LIKE, *_MISHEARD, ("in",)):
            after = at + 1 + len(like)
            if tuple(self._word(at + 1 + n) for n in range(len(like))) == like:
                taken = self._begins_with(letter, after, sure=False)
                if taken:
                    return after - at + taken
        return 0

    def _begins_with(self, letter: str, at: int, *, sure: bool) -> int:
        """Return how many tokens a word takes that begins with a letter, 0 when it doesn't.

        Unless ``sure`` it has to be one of the phonetic alphabet.
        """
        word = self._word(at)
        if letter == "x" and (word, self._word(at + 1)) == ("x", "-"):
            return 3
        fits = word.startswith(letter) and len(word) > 1 and (sure or word in PHONETIC)
        return 1 if fits else 0

    def _is_code(self, at: int) -> bool:
        return self._is_digit(at) or self._is_letter(at)

    def _is_letter(self, at: int) -> bool:
        word = self._word(at)
        return (len(word) == 1 and word.isalpha()) or (word in PHONETIC and at >= 0)

    def _next(self, at: int) -> int:
        return self._beside(at, 1)

    def _previous(self, at: int) -> int:
        return self._beside(at, -1)

    def _beside(self, at: int, step: int) -> int:
        place = at + step
        for _ in range(_MOST_JOINERS):
            if self._word(place) not in self._joiners:
                break
            place += step
        return place

    def _word(self, at: int) -> str:
        return self._tokens[at].lower if 0 <= at < len(self._tokens) else ""
