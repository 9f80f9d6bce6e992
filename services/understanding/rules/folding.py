"""Words as rules compare them: lower case, contractions in full, numbers in digits, no fillers.

Folding only ever rewrites the words named here; all others stay as an index finds them in the text.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from operator import eq
from typing import NamedTuple

_TOKEN = re.compile(r"\[[A-Z]+\]|[^\W_][^\W_\u0300-\u036f]*(?:[\u0300-\u036f]+[^\W_]*)*")
_APOSTROPHE = frozenset("'’`´ʼ")
_STOP = frozenset(".?!…")
_PAUSE = frozenset(",;:–—")

FILLERS = frozenset({"um", "umm", "uh", "uhm", "er", "erm", "ah", "hm", "hmm", "mm"})

_ENDINGS = {"m": ("am",), "re": ("are",), "ve": ("have",), "ll": ("will",), "d": ("would",)}
_IS = frozenset(
    {
        *("it", "that", "what", "he", "she", "there", "here", "who", "how", "where", "when", "why"),
        *("name", "everything", "everyone", "this", "nobody", "someone", "something", "nothing"),
        *("one", "card"),
    }
)
_NOT = {
    "can": ("can",), "won": ("will",), "shan": ("shall",), "ain": ("is",), "don": ("do",),
    "didn": ("did",), "doesn": ("does",), "isn": ("is",), "aren": ("are",), "wasn": ("was",),
    "weren": ("were",), "haven": ("have",), "hasn": ("has",), "hadn": ("had",),
    "wouldn": ("would",), "couldn": ("could",), "shouldn": ("should",), "mustn": ("must",),
    "needn": ("need",),
}  # fmt: skip
_WHOLE = {
    "cannot": ("can", "not"), "gonna": ("going", "to"), "wanna": ("want", "to"),
    "gotta": ("got", "to"), "gimme": ("give", "me"), "lemme": ("let", "me"), "ok": ("okay",),
    "alright": ("all", "right"), "im": ("i", "am"), "ive": ("i", "have"),
    "youre": ("you", "are"), "youve": ("you", "have"), "youll": ("you", "will"),
    "theyre": ("they", "are"), "theyve": ("they", "have"), "weve": ("we", "have"),
    "thats": ("that", "is"), "whats": ("what", "is"), "theres": ("there", "is"),
    "heres": ("here", "is"), "ya": ("you",), "cause": ("because",),
    **{f"{stem}t": (*full, "not") for stem, full in _NOT.items() if stem not in {"won", "shan"}},
    "wont": ("will", "not"), "shant": ("shall", "not"),
}  # fmt: skip
_DIGITS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
_DIGITS += "fifteen sixteen seventeen eighteen nineteen"
_UNITS = {word: number for number, word in enumerate(_DIGITS.split())}
_TENS = {
    word: 10 * number
    for number, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2
    )
}
_RARE = {"fourty": 40}
NUMBERS = {**_UNITS, **_TENS, **_RARE}


class FoldedWord(NamedTuple):
    """One word to compare, the characters [start_char, end_char) it comes from, and what follows.

    ``after``: "." a sentence's end, "," a pause, "" neither.
    """

    text: str
    start_char: int
    end_char: int
    after: str = ""


def folded(text: str) -> list[FoldedWord]:
    """Return the words of a text as rules compare them."""
    words = _unfolded(text)
    texts = [word.text for word in words]
    if not NUMBERS.keys().isdisjoint(texts):
        words = list(_numbers_joined(words))
        texts = [word.text for word in words]
    if any(map(eq, texts, texts[1:])):
        words = list(_without_repeats(words))
    return words


def places_of(text: str, words: Sequence[str]) -> list[tuple[int, int]]:
    """Return the characters [start, end) of each of the words that folding this text gave."""
    spans = [found.span() for found in _TOKEN.finditer(text)]
    if len(spans) == len(words):
        lower = text.lower()
        if all(lower[start:end] == word for (start, end), word in zip(spans, words, strict=True)):
            return spans
    return [(word.start_char, word.end_char) for word in folded(text)]


def _unfolded(text: str) -> list[FoldedWord]:
    """Return the words with contractions in full, without hesitations."""
    spans = [found.span() for found in _TOKEN.finditer(text)]
    spans.append((len(text), len(text)))
    words: list[FoldedWord] = []
    at = 0
    while at < len(spans) - 1:
        start, end = spans[at]
        at += 1
        word = text[start:end].lower()
        full: tuple[str, ...] | None = None
        following, behind = spans[at]
        if following == end + 1 and text[end] in _APOSTROPHE:
            full = _contracted(word, text[following:behind].lower())
            if full is not None:
                end, at = behind, at + 1
                following = spans[at][0]
        if word in FILLERS and (full is None or full == (word,)):
            continue
        if full is None:
            full = _WHOLE.get(word)
        after = "" if text[end:following] == " " else _mark(text[end:following])
        if full is None:
            words.append(FoldedWord(word, start, end, after))
        else:
            words += [FoldedWord(one, start, end) for one in full[:-1]]
            words.append(FoldedWord(full[-1], start, end, after))
    return words


def _contracted(word: str, ending: str) -> tuple[str, ...] | None:
    """Return a contraction in full; None when the ending makes none with this word."""
    if ending in _ENDINGS:
        return (word, *_ENDINGS[ending])
    if ending == "s":
        if word == "let":
            return ("let", "us")
        return (word, "is") if word in _IS else (word,)
    if ending == "t":
        stem = word[:-1] if word.endswith("n") else word
        full = _NOT.get(word) or (_NOT.get(stem) if stem == "can" else None)
        return (*full, "not") if full else None
    return None


def _mark(between: str) -> str:
    if any(c in _STOP for c in between):
        return "."
    return "," if any(c in _PAUSE for c in between) else ""


def _numbers_joined(words: list[FoldedWord]) -> Iterator[FoldedWord]:
    """Yield the words, numbers as digits: "forty eight" and "48" are the same."""
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        number = NUMBERS.get(word.text)
        if number is None:
            yield word
            continue
        end, after = word.end_char, word.after
        if number >= 20 and at < len(words) and not word.after:
            unit = NUMBERS.get(words[at].text, 0)
            if 1 <= unit <= 9:
                number += unit
                end, after = words[at].end_char, words[at].after
                at += 1
        yield FoldedWord(str(number), word.start_char, end, after)


def _without_repeats(words: Iterable[FoldedWord]) -> Iterator[FoldedWord]:
    """Yield the words without stammers ("I, I want"); digits may well be the same twice."""
    held: FoldedWord | None = None
    for word in words:
        if held is not None and (
            held.text != word.text or held.after == "." or held.text[0].isdigit()
        ):
            yield held
        held = word
    if held is not None:
        yield held
