"""The texts of Moonshine's tokens, and the words that tokens make up."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from services.domain.errors import WeightsDamaged, WeightsMissing

SPACE = "▁".encode()
# Below these lie tokens that stand for no text.
FIRST_TEXT = 3
# A length from this on is written in two bytes, the first holding its remainder.
TWO_BYTES_FROM = 128

_LETTER = re.compile(rb"[0-9A-Za-z\x80-\xff]")


@dataclass(frozen=True, kw_only=True)
class TokenWord:
    """A word as tokens give it.

    ``tokens`` counts those from the beginning of all up to the last that has a letter of this
    word, ``ends`` those up to its last mark.
    """

    text: str
    first: int
    tokens: int
    ends: int


class Vocabulary:
    """What each token is written as."""

    def __init__(self, texts: Sequence[bytes]) -> None:
        """Take the tokens' texts in the order of their numbers."""
        self._texts = texts

    @classmethod
    def read(cls, path: Path) -> "Vocabulary":
        """Read the file that the model comes with. Raises WeightsMissing or WeightsDamaged."""
        if not path.is_file():
            raise WeightsMissing
        content = path.read_bytes()
        texts: list[bytes] = []
        at = 0
        try:
            while at < len(content):
                length = content[at]
                at += 1
                if length >= TWO_BYTES_FROM:
                    length += content[at] * TWO_BYTES_FROM - TWO_BYTES_FROM
                    at += 1
                texts.append(content[at : at + length])
                at += length
        except IndexError as error:
            raise WeightsDamaged from error
        return cls(texts)

    def words(self, tokens: Sequence[int]) -> tuple[TokenWord, ...]:
        """Return the words that the tokens make up; marks belong to the word before them."""
        words: list[TokenWord] = []
        text = b""
        first = letters = 0
        for at, token in enumerate([*tokens, None]):
            piece = SPACE if token is None else self._text(token)
            if piece.startswith(SPACE) or at == 0:
                if text:
                    words.append(_word(text, first, letters, at))
                text, first, letters = b"", at, at + 1
                piece = piece.replace(SPACE, b"")
            text += piece
            if _LETTER.search(piece):
                letters = at + 1
        return tuple(words)

    def _text(self, token: int) -> bytes:
        return self._texts[token] if FIRST_TEXT <= token < len(self._texts) else b""


def _word(text: bytes, first: int, letters: int, ends: int) -> TokenWord:
    return TokenWord(text=text.decode("utf-8", "ignore"), first=first, tokens=letters, ends=ends)
