"""Settles which of several findings at one place stands."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.domain.speech import PiiMention, PiiType
from services.understanding.personal_data.subjects import TYPES, Subject

# Of findings at one place the one named first here stands, however long the others are.
_ORDER = (
    Subject.EMAIL, Subject.IBAN, Subject.CARD, Subject.SSN, Subject.ADDRESS, Subject.DOB,
    Subject.PHONE, Subject.CVV, Subject.EXPIRY, Subject.POLICY, Subject.BOOKING, Subject.ACCOUNT,
    Subject.PERSON,
)  # fmt: skip
_LONGEST_PLACEHOLDER = max(len(kind) for kind in PiiType) + len("[]")
_RANK = {subject: rank for rank, subject in enumerate(_ORDER)}


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something found in a text: what it is and where, in characters."""

    subject: Subject
    start: int
    end: int


def disjoint(text: str, candidates: Iterable[Candidate]) -> tuple[PiiMention, ...]:
    """Return mentions without overlaps, ordered; overlapping findings become one.

    The joined mention covers all of them, so nothing found is ever left uncovered, and takes the
    type of the most telling one. Placeholders of an earlier redaction are left alone.
    """
    ordered = sorted((c for c in candidates if c.end > c.start), key=lambda c: (c.start, -c.end))
    groups: list[list[Candidate]] = []
    reach = -1
    for candidate in ordered:
        if _inside_placeholder(text, candidate):
            continue
        if groups and candidate.start < reach:
            groups[-1].append(candidate)
        else:
            groups.append([candidate])
        reach = max(reach, candidate.end) if len(groups[-1]) > 1 else candidate.end
    return tuple(_joined(group) for group in groups)


def _joined(group: list[Candidate]) -> PiiMention:
    strongest = min(group, key=lambda c: (_RANK[c.subject], -(c.end - c.start)))
    return PiiMention(
        type=_type_of(strongest.subject),
        start_char=min(c.start for c in group),
        end_char=max(c.end for c in group),
    )


def _type_of(subject: Subject) -> PiiType:
    return TYPES[subject]


def _inside_placeholder(text: str, candidate: Candidate) -> bool:
    reach = candidate.start - _LONGEST_PLACEHOLDER
    opened = text.rfind("[", max(0, reach), candidate.start + 1)
    return (
        opened >= 0
        and text.find("]", opened, opened + _LONGEST_PLACEHOLDER) >= candidate.end - 1
        and text[opened + 1 : candidate.end].strip("]").isupper()
    )
