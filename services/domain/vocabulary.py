"""Words to listen for and how words are to be written: what may be in such lists."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace

from services.domain.calls import ProcessingOptions
from services.domain.errors import InvalidRequest

MOST_TERMS = 200
LONGEST_TERM = 60
# Some scripts join or part letters with these, so they are part of a word.
_JOINERS = frozenset("\u200c\u200d")

Pair = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """The words of an organisation: terms to listen for, and pairs of heard and written.

    ``version`` counts its changes; 0 means that it was never kept.
    """

    terms: tuple[str, ...] = ()
    spelling: tuple[Pair, ...] = ()
    version: int = 0


def clean_terms(given: Iterable[str]) -> tuple[str, ...]:
    """Return the terms trimmed and each once (whatever its capitals), in order.

    Empty ones are left out. Raises InvalidRequest for more than 200, for one longer than 60
    characters, and for one that holds control characters or neither letter nor digit.
    """
    kept: dict[str, str] = {}
    for number, term in enumerate(given, start=1):
        if term.strip():
            cleaned = _cleaned(term, f"Word {number}")
            kept.setdefault(cleaned.casefold(), cleaned)
    if len(kept) > MOST_TERMS:
        raise InvalidRequest(f"The vocabulary holds more than {MOST_TERMS} words.")
    return tuple(kept.values())


def clean_spelling(given: Iterable[Pair]) -> tuple[Pair, ...]:
    """Return the pairs of heard and written trimmed, each heard once, in order.

    The same limits hold for both sides as for terms. Raises InvalidRequest also where one side is
    missing, and where the same is to be written in two ways.
    """
    kept: dict[str, Pair] = {}
    for number, (heard, written) in enumerate(given, start=1):
        if not heard.strip() or not written.strip():
            raise InvalidRequest(
                f"Spelling {number} needs both sides, such as acme tell = AcmeTel."
            )
        pair = (
            _cleaned(heard, f"What is heard in spelling {number}"),
            _cleaned(written, f"What is written in spelling {number}"),
        )
        if kept.setdefault(pair[0].casefold(), pair)[1] != pair[1]:
            raise InvalidRequest(f"Spelling {number} contradicts one before it.")
    if len(kept) > MOST_TERMS:
        raise InvalidRequest(f"There are more than {MOST_TERMS} spellings.")
    return tuple(kept.values())


def read_spelling(lines: Iterable[str]) -> tuple[Pair, ...]:
    """Return the pairs of lines such as ``acme tell = AcmeTel``, cleaned; empty lines are none.

    Raises InvalidRequest.
    """
    sides = [line.partition("=") for line in lines if line.strip()]
    return clean_spelling((heard, written) for heard, _, written in sides)


def with_vocabulary(options: ProcessingOptions, of_org: Vocabulary) -> ProcessingOptions:
    """Return the options with the organisation's words behind the request's own."""
    terms: dict[str, str] = {}
    for term in (*options.vocabulary, *of_org.terms):
        terms.setdefault(term.casefold(), term)
    spelling: dict[str, Pair] = {}
    for pair in (*options.spelling, *of_org.spelling):
        spelling.setdefault(pair[0].casefold(), pair)
    return replace(options, vocabulary=tuple(terms.values()), spelling=tuple(spelling.values()))


def _cleaned(text: str, name: str) -> str:
    stripped = unicodedata.normalize("NFC", text.strip())
    if any(_is_control(c) for c in stripped):
        raise InvalidRequest(f"{name} holds characters that can't be written.")
    words = " ".join(stripped.split())
    if len(words) > LONGEST_TERM:
        raise InvalidRequest(f"{name} is longer than {LONGEST_TERM} characters.")
    if not any(c.isalnum() for c in words):
        raise InvalidRequest(f"{name} holds neither a letter nor a digit.")
    return words


def _is_control(character: str) -> bool:
    writable = character.isprintable() or unicodedata.category(character) == "Zs"
    return not writable and character not in _JOINERS
