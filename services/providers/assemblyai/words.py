"""Words of a text that a service returns beside it, and our placeholders in place of its own."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from services.domain.placeholders import placeholder
from services.domain.speech import PiiType, Word
from services.providers.assemblyai.options import KINDS, OTHER_KINDS

_NAMED = re.compile(r"\[([A-Z][A-Z_]*)\]")
_SIGNS = re.compile(r"#(?:[#\W]*#)?")
_ALONE = re.compile(r"\W*\[([A-Z]+)\]\W*")


def words_of(text: str, words: Sequence[Word]) -> tuple[Word, ...]:
    """Return the words of ``text`` with times of ``words``.

    What the text says counts: where the words say something else, which redaction at a service
    may leave behind, the text's words stand in their time.
    """
    tokens = text.split()
    if not words:
        return ()
    if tokens == [word.text for word in words]:
        return tuple(words)
    matcher = SequenceMatcher(a=[w.text for w in words], b=tokens, autojunk=False)
    placed: list[Word] = []
    for change, first, last, begin, end in matcher.get_opcodes():
        if change == "equal":
            placed.extend(words[first:last])
        elif begin < end:
            span = words[first:last] or words[max(0, first - 1) : first] or words[:1]
            placed.extend(_spread(tokens[begin:end], span[0].start_ms, span[-1].end_ms))
    return tuple(placed)


def _spread(tokens: Sequence[str], start_ms: int, end_ms: int) -> Iterator[Word]:
    for n, token in enumerate(tokens):
        yield Word(
            text=token,
            start_ms=start_ms + (end_ms - start_ms) * n // len(tokens),
            end_ms=start_ms + (end_ms - start_ms) * (n + 1) // len(tokens),
        )


def with_our_placeholders(words: Iterable[Word], *, signs: bool) -> tuple[Word, ...]:
    """Return words with ``[PHONE]`` for ``[PHONE_NUMBER]``, one for a run of the same kind.

    With ``signs``, runs of ``#`` stand for personal data of no told kind.
    """
    merged: list[Word] = []
    for word in words:
        ours = replace(word, text=_rewritten(word.text, signs=signs))
        kind = _kind_alone(ours.text)
        before = merged[-1].text if merged else ""
        if kind is not None and _kind_alone(before) == kind and before.endswith("]"):
            # Without a comma or a stop between them they are one.
            merged[-1] = replace(ours, start_ms=merged[-1].start_ms)
        else:
            merged.append(ours)
    return tuple(merged)


def _rewritten(text: str, *, signs: bool) -> str:
    def ours(found: re.Match[str]) -> str:
        name = found[1].casefold()
        if name in KINDS:
            return placeholder(KINDS[name])
        return placeholder(PiiType.OTHER) if name in OTHER_KINDS else found[0]

    text = _NAMED.sub(ours, text)
    return _SIGNS.sub(placeholder(PiiType.OTHER), text) if signs else text


def _kind_alone(text: str) -> str | None:
    found = _ALONE.fullmatch(text)
    return found[1] if found else None
