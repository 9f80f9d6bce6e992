"""What a number stands for: the words around it, and what was asked before it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from services.understanding.personal_data.subjects import Subject, spoken_of

_ASKS_NAME = re.compile(
    r"\b(?:(?:your|the|full|first|last|middle|maiden|sur|caller'?s?|account holder'?s?|"
    r"passenger'?s?|patient'?s?|guest'?s?|card ?holder'?s?) ?name"
    r"|who (?:am i|do i have|i'm) (?:speaking|talking|the pleasure)|who's (?:speaking|calling)"
    r"|speaking (?:to|with)\?|spell(?:ed|t)?\b|who is (?:this|calling)|whose name|name on the)",
    re.IGNORECASE,
)
_REQUEST = re.compile(
    r"\?|\b(?:what|when|where|who|whose|how|may i|can i|could i|can you|could you|would you|please|"
    r"(?:i|we)(?:'ll| will)?(?: just| also)? need|confirm|verify|tell me|"
    r"give me|give us|have you got|do you have|"
    r"let me (?:have|get|take)|and the|verification|and your|read|just the|go ahead|"
    r"provide|enter|which|"
    r"cuál|dígame|puede|podría|por favor|quel|quelle|pouvez|votre|s'il|welche|wie|können|bitte|"
    r"ihre|nennen)\b",
    re.IGNORECASE,
)
_TELLING = (Subject.BOOKING, Subject.POLICY)
_HOW_MUCH = re.compile(r"\bhow (?:many|much|long|old|often|soon|far)\b", re.IGNORECASE)
_STATES = re.compile(
    r"\b(?:is|it's|it is|number|are|'s|was|as follows|be|es|son|est|ist|lautet)\b|:", re.IGNORECASE
)
_BARE = re.compile(r"[\W_]*(?:(?:and|your|the|my|so|okay|ok|now|lastly|then)\W+)*$", re.IGNORECASE)
_NO_CARD = re.compile(
    r"\b(?:warrant(?:y|ies)|guarantee|contract|offers?|subscription|trial|voucher|points|miles|"
    r"promotion|discount|coupon|lease|licen[sc]e|passport|membership|policy|insurance|ticket|"
    r"session|link|password|code expires?|plan|deal|quote)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Something that was asked for and how many utterances may still answer it."""

    subject: Subject
    left: int


LASTS = 4
"""Utterances (of anybody) in which an answer to a question is looked for."""
_ACKNOWLEDGES = re.compile(
    r"\W*(?:(?:okay|ok|yes|yeah|yep|mhm|mm|uh huh|uh-huh|right|go on|go ahead|sure|hang on|no rush|"
    r"got it|perfect|alright|all right|one (?:moment|second|sec)|just a (?:moment|second|sec)|"
    r"please|thanks|thank you|great|lovely|hold on|let me see|take your time|no problem|a|"
    r"and(?: the)?)\W*)+",
    re.IGNORECASE,
)

Named = tuple[Subject, int, int]


@lru_cache(maxsize=4)
def subjects_in(text: str, language: str = "en") -> tuple[Named, ...]:
    """Return the subjects a text names with their places, in order.

    The last few answers are kept: every number in a text asks again.
    """
    found = [
        (Subject(str(m.lastgroup)), m.start(), m.end()) for m in _pattern(language).finditer(text)
    ]
    if any(s is Subject.EXPIRY for s, _, _ in found) and _NO_CARD.search(text):
        found = [named for named in found if named[0] is not Subject.EXPIRY]
    return tuple(found)


def nearest_subject(
    text: str, start: int, end: int, *, reach: int = 70, language: str = "en"
) -> Subject | None:
    """Return the subject named closest before a place, else shortly after it, else None."""
    named = subjects_in(text, language)
    before = [s for s, _, stop in named if stop <= start and start - stop <= reach]
    if before:
        later = {s for s, at, _ in named if at >= end}
        # "Reference XYZ419 is my booking": the more telling word counts.
        told = next((s for s in _TELLING if s in later), None)
        return told if before[-1] is Subject.ACCOUNT and told else before[-1]
    return next((s for s, at, _ in named if end <= at and at - end <= reach // 3), None)


def asked_by(text: str, language: str = "en") -> list[Subject]:
    """Return what an utterance asks for; a statement asks for nothing."""
    if not _REQUEST.search(text) or _HOW_MUCH.search(text):
        return []
    asked = [subject for subject, _, _ in subjects_in(text, language)]
    if _ASKS_NAME.search(text):
        asked.append(Subject.PERSON)
    return asked


def announced_by(text: str, language: str = "en") -> list[Subject]:
    """Return what an utterance announces without finishing it ("my account number is …").

    An utterance that is nothing but the name of a subject announces it too: "Expiry date".
    """
    found = subjects_in(text, language)
    if not found:
        return [Subject.PERSON] if _names_name(text) else []
    subject, start, end = found[-1]
    if _BARE.match(text[:start]) and not text[end:].strip(" ,.…"):
        return [subject]
    rest = text[end:].strip(" ,.…-um")
    unfinished = len(rest) <= 12 and bool(_STATES.search(text[end:]) or not rest)
    return [subject] if unfinished else []


def is_acknowledgement(text: str) -> bool:
    """Whether an utterance says no more than "okay" or "hang on", so that a question stays open."""
    return _ACKNOWLEDGES.fullmatch(text) is not None


def still_open(asked: Iterable[Asked]) -> list[Asked]:
    """Let one utterance pass: what nobody answered in time is forgotten."""
    return [Asked(subject=a.subject, left=a.left - 1) for a in asked if a.left > 1]


def _names_name(text: str) -> bool:
    return len(text) <= 30 and bool(re.search(r"\bname\W*$", text, re.IGNORECASE))


@cache
def _pattern(language: str) -> re.Pattern[str]:
    return re.compile(
        "|".join(
            rf"(?P<{subject.value}>\b(?:{pattern})\b)" for subject, pattern in spoken_of(language)
        ),
        re.IGNORECASE,
    )
