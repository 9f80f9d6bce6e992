"""Lists of words kept as text files beside this package: names, places, brands."""

import re
from functools import cache, lru_cache
from importlib import resources


@cache
def first_names() -> frozenset[str]:
    """Return widely used first names in lower case, from many countries."""
    return _words("first_names.txt")


@cache
def surnames() -> frozenset[str]:
    """Return widely used surnames in lower case, from many countries."""
    return _words("surnames.txt")


@cache
def places() -> frozenset[str]:
    """Return states and larger towns in lower case, as people say them after a street."""
    return _words("places.txt")


@cache
def brands() -> frozenset[str]:
    """Return products and companies in lower case that are called as people are."""
    return _words("brands.txt")


@lru_cache(maxsize=256)
def brand_spans(text: str) -> tuple[tuple[int, int], ...]:
    """Return (start, end) of the brands in a text; asked for each name in it, one after another."""
    return tuple((m.start(), m.end()) for m in _brand().finditer(text))


@cache
def _brand() -> re.Pattern[str]:
    either = "|".join(sorted(map(re.escape, brands()), key=len, reverse=True))
    return re.compile(rf"\b(?:{either})(?:'?s)?\b", re.IGNORECASE)


def _words(file_name: str) -> frozenset[str]:
    text = resources.files(__package__ or "").joinpath(file_name).read_text("utf-8")
    return frozenset(word.replace("_", " ") for word in text.split())
