"""Numbers among folded words: digits that are read out in several words are one number."""

from collections.abc import Sequence

_OH = frozenset({"o", "oh"})
_SEVERAL = {"double": 2, "triple": 3, "treble": 3}
_BEGIN = _OH | _SEVERAL.keys()
_BETWEEN_DIGITS = frozenset({"dash", "hyphen", "space"})


def may_begin_number(word: str) -> bool:
    """Whether a number may start with this word."""
    return word in _BEGIN or word.isdigit()


def numbers_in(texts: Sequence[str]) -> dict[int, tuple[int, int]]:
    """Return where numbers start: the place behind each, and how many digits it has.

    None of them starts inside another.
    """
    found: dict[int, tuple[int, int]] = {}
    behind = 0
    for at in [at for at, text in enumerate(texts) if text in _BEGIN or text.isdigit()]:
        if at < behind:
            continue
        end, digits = _number_at(texts, at)
        if digits:
            found[at] = (end, digits)
        behind = end
    return found


def _number_at(texts: Sequence[str], start: int) -> tuple[int, int]:
    digits, end, at = 0, start, start
    while at < len(texts):
        text = texts[at]
        following = texts[at + 1] if at + 1 < len(texts) else ""
        if text.isdigit():
            digits += len(text)
        elif text in _SEVERAL and (following.isdigit() or following in _OH):
            digits += _SEVERAL[text] - 1
        elif text in _OH and (digits or following.isdigit()):
            digits += 1
        elif not (text in _BETWEEN_DIGITS and digits):
            break
        at += 1
        if text not in _BETWEEN_DIGITS:
            end = at
    return end, digits
