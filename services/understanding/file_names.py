"""Takes personal data out of the name of a recording, with what the call itself tells."""

import re
from bisect import bisect_left
from pathlib import PurePosixPath

from services.analysis.file_names import without_numbers
from services.domain.placeholders import placeholder, placeholders_in
from services.domain.speech import PiiType, Transcript
from services.understanding.typed import LineRedactor

SHORTEST_NAME_CHARS = 3
_WORD = re.compile(r"[^\W\d_]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def safe_name(redactor: LineRedactor, before: Transcript, redacted: Transcript, name: str) -> str:
    """Return a recording's name without personal data; its ending stays.

    ``before`` is the transcript before redaction: whoever is named in the call is not to be named
    here. A name with nothing to hide comes back as it is.
    """
    name = without_numbers(name)
    suffix = PurePosixPath(name).suffix
    stem = name.removesuffix(suffix)
    words = _CAMEL.sub(" ", stem.replace("_", " ").replace("-", " "))
    last = before.utterances[-1].id if before.utterances else ""
    clean = redactor.redact_comment(before, last, words)
    clean = _without(clean, names_taken_out(before, redacted))
    taken = sum(1 for _ in placeholders_in(clean)) - sum(1 for _ in placeholders_in(words))
    return f"{clean}{suffix}" if taken > 0 else name


def names_taken_out(before: Transcript, redacted: Transcript) -> frozenset[str]:
    """Return the words that redaction replaced as parts of people's names, in small letters."""
    mark = placeholder(PiiType.PERSON)
    spoken = sorted((w for u in before.utterances for w in u.words), key=lambda w: w.start_ms)
    starts = [word.start_ms for word in spoken]
    found: set[str] = set()
    for utterance in redacted.utterances:
        for hidden in (w for w in utterance.words if mark in w.text):
            for n in range(bisect_left(starts, hidden.start_ms), len(spoken)):
                word = spoken[n]
                if word.start_ms >= hidden.end_ms:
                    break
                if word.end_ms <= hidden.end_ms:
                    found |= set(_WORD.findall(word.text.casefold()))
    return frozenset(word for word in found if len(word) >= SHORTEST_NAME_CHARS)


def _without(text: str, names: frozenset[str]) -> str:
    if not names:
        return text
    mark = placeholder(PiiType.PERSON)
    kept = {m.group() for m in re.finditer(r"\[[A-Z]+\]", text)}

    def hide(piece: str) -> str:
        if piece in kept:
            return piece
        return _WORD.sub(lambda m: mark if m.group().casefold() in names else m.group(), piece)

    return "".join(hide(piece) for piece in re.split(r"(\[[A-Z]+\])", text))
