"""Takes personal data out of the name of a recording, with what the call itself tells."""

import re
from bisect import bisect_left

from services.analysis.file_names import without_numbers, without_told
from services.domain.placeholders import placeholder, placeholders_in
from services.domain.speech import PiiType, Transcript
from services.understanding.typed import LineRedactor

SHORTEST_NAME_CHARS = 3
_WORD = re.compile(r"[^\W\d_]+")
_PERSON = re.escape(placeholder(PiiType.PERSON))
# Of a name that is recognised by half, the other half stands beside it.
_NEIGHBOURS = re.compile(rf"(?:\b[A-Z][a-z]+ )*{_PERSON}(?: (?:{_PERSON}|[A-Z][a-z]+\b))*")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def safe_name(redactor: LineRedactor, before: Transcript, redacted: Transcript, name: str) -> str:
    """Return a recording's name without personal data.

    ``before`` is the transcript before redaction: whoever is named in the call is not to be named
    here. What tells agent, queue, customer reference and date in the known form stays: the details
    of the call have it, too. A name with nothing to hide comes back as it is.
    """
    names = names_taken_out(before, redacted)
    pieces = without_told(without_numbers(name))
    return "".join(
        text if is_told else _without_people(redactor, before, names, text)
        for text, is_told in pieces
    )


def _without_people(
    redactor: LineRedactor, before: Transcript, names: frozenset[str], text: str
) -> str:
    """Return a piece of a name without people: those named in the call, and those recognised."""
    words = _CAMEL.sub(" ", text.replace("_", " ").replace("-", " "))
    last = before.utterances[-1].id if before.utterances else ""
    clean = redactor.redact_comment(before, last, words)
    known = {m.type for m in placeholders_in(words)}
    if {m.type for m in placeholders_in(clean)} - known - {PiiType.PERSON}:
        # It was read as more than it is: codes and places mean something else in a name.
        clean = words
    clean = _NEIGHBOURS.sub(placeholder(PiiType.PERSON), _without(clean, names))
    return text if clean == words else clean


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
