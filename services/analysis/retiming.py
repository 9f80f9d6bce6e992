"""Gives the words of a corrected text the times of the recognised words they stand for."""

from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from services.domain.speech import Word


def retimed_words(words: Sequence[Word], text: str) -> tuple[Word, ...]:
    """Return the words of ``text`` with times aligned to ``words``; empty when there are none.

    Unchanged words keep time and confidence. Changed ones share the time of what they replace in
    proportion to their length; inserted ones share the time of the neighbour before (or after).
    """
    tokens = text.split()
    if not words or not tokens:
        return ()
    matcher = SequenceMatcher(
        a=[_key(word.text) for word in words], b=[_key(token) for token in tokens], autojunk=False
    )
    timed: list[Word] = []
    waiting: list[str] = []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            kept = [
                replace(word, text=token)
                for word, token in zip(words[i1:i2], tokens[j1:j2], strict=True)
            ]
            timed += _sharing([*waiting, kept[0].text], kept[0]) if waiting else kept[:1]
            timed += kept[1:]
            waiting = []
        elif tag == "replace":
            start_ms, end_ms = words[i1].start_ms, words[i2 - 1].end_ms
            timed += spread([*waiting, *tokens[j1:j2]], start_ms, end_ms)
            waiting = []
        elif tag == "insert" and timed:
            before = timed.pop()
            timed += _sharing([before.text, *tokens[j1:j2]], before)
        elif tag == "insert":
            waiting += tokens[j1:j2]
    return tuple(timed)


def _key(token: str) -> str:
    bare = "".join(c for c in token.casefold() if c.isalnum())
    return bare or token


def _sharing(tokens: Sequence[str], word: Word) -> list[Word]:
    return spread(tokens, word.start_ms, word.end_ms)


def spread(tokens: Sequence[str], start_ms: int, end_ms: int) -> list[Word]:
    """Divide [start_ms, end_ms) among the tokens by their length in characters."""
    whole = sum(len(token) for token in tokens)
    shared, passed = [], 0
    for token in tokens:
        begin = start_ms + (end_ms - start_ms) * passed // whole
        passed += len(token)
        end = start_ms + (end_ms - start_ms) * passed // whole
        shared.append(Word(text=token, start_ms=begin, end_ms=end))
    return shared
