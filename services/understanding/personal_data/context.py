"""What a number stands for: the words around it, and what was asked before it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from services.domain.speech import PiiType


class Subject(StrEnum):
    """What people ask each other for."""

    CARD = "card"
    EXPIRY = "expiry"
    CVV = "cvv"
    SSN = "ssn"
    PHONE = "phone"
    EMAIL = "email"
    IBAN = "iban"
    ACCOUNT = "account"
    POLICY = "policy"
    BOOKING = "booking"
    DOB = "dob"
    ADDRESS = "address"
    PERSON = "person"


TYPES = {
    Subject.CARD: PiiType.CARD,
    Subject.EXPIRY: PiiType.CARD,
    Subject.CVV: PiiType.CVV,
    Subject.SSN: PiiType.SSN,
    Subject.PHONE: PiiType.PHONE,
    Subject.EMAIL: PiiType.EMAIL,
    Subject.IBAN: PiiType.IBAN,
    Subject.ACCOUNT: PiiType.ACCOUNT,
    Subject.POLICY: PiiType.POLICY,
    Subject.BOOKING: PiiType.BOOKING,
    Subject.DOB: PiiType.DOB,
    Subject.ADDRESS: PiiType.ADDRESS,
    Subject.PERSON: PiiType.PERSON,
}

_SUBJECTS: tuple[tuple[Subject, str], ...] = (
    (Subject.EXPIRY, r"expir\w*|valid (?:thru|through|until|from)|good (?:thru|through)"),
    (Subject.CVV, r"cv[vc2]\d?|c v [vc]|security (?:code|number)|(?:three|3|four|4) digits? "
                  r"(?:code |number )?(?:on|from|at) the (?:back|front|reverse)|code on the back|"
                  r"back of (?:the|your|my) card|signature strip"),
    (Subject.CARD, r"(?:credit |debit |bank |gift )?card|long number|visa|master ?card|amex|"
                   r"american express|sixteen digit|16 digit"),
    (Subject.SSN, r"social(?: security)?(?: number)?|ssn|s s n|national insurance|ni number|"
                  r"tax (?:id|number|payer)\w*|national id\w*"),
    (Subject.IBAN, r"iban|i ban"),
    (Subject.EMAIL, r"e-? ?mail(?: address)?"),
    (Subject.DOB, r"date of birth|birth ?date|birthday|dob|d o b|born"),
    (Subject.POLICY, r"policy(?: (?:number|reference|id|code))?"),
    (Subject.BOOKING, r"(?:booking|reservation|confirmation|itinerary)(?: (?:code|number|"
                      r"reference|id))?|record locator|p ?n ?r|"
                      r"ticket number"),
    (Subject.PHONE, r"(?:tele)?phone|mobile|cell ?(?:phone|number)?|landline|contact number|"
                    r"best number|call ?back number|(?:call|ring|reach|text|contact|phone) "
                    r"(?:you|me|him|her|them|us)(?: back)?(?: at| on)?|"
                    r"(?:his|her|their) number|which number|whatsapp|voicemail"),
    (Subject.ADDRESS, r"(?<!email )(?<!mail )address|post ?code|postal code|zip(?: code)?|"
                      r"where (?:do|are) you liv\w*|live (?:at|on|in)|deliver (?:it )?to|"
                      r"ship (?:it )?to"),
    (Subject.ACCOUNT, r"account(?: number)?|acct|customer (?:number|id)|member(?:ship)?"
                      r"(?: number| id)?|reference(?: number| code)?|case number|sort code|"
                      r"routing(?: number)?|pin(?: number| code)?|passcode|pass ?word|"
                      r"(?:order|claim|tracking|serial|prescription|invoice|ticket|passport|"
                      r"driver'?s? licen[sc]e|licen[sc]e(?: plate)?|medical record|patient|"
                      r"employee|meter|contract|student|user) (?:number|id|no)|passport|"
                      r"licen[sc]e (?:number|plate)|verification code|one.time code|passcode"),
)  # fmt: skip
_SUBJECT = re.compile(
    "|".join(rf"(?P<{subject.value}>\b(?:{pattern})\b)" for subject, pattern in _SUBJECTS),
    re.IGNORECASE,
)
_ASKS_NAME = re.compile(
    r"\b(?:(?:your|the|full|first|last|sur|caller'?s?|account holder'?s?|passenger'?s?) ?name"
    r"|who (?:am i|do i have|i'm) (?:speaking|talking|the pleasure)|who's (?:speaking|calling)"
    r"|speaking (?:to|with)\?|spell (?:that|it|your)|who is (?:this|calling)|name on the)",
    re.IGNORECASE,
)
_REQUEST = re.compile(
    r"\?|\b(?:what|may i|can i|could i|can you|could you|would you|please|i(?:'ll| will)? need|"
    r"confirm|verify|tell me|give me|give us|have you got|do you have|let me (?:have|get|take)|"
    r"and the|and your|read|just the|go ahead|provide|enter|which)\b",
    re.IGNORECASE,
)
_STATES = re.compile(r"\b(?:is|it's|it is|number|are|'s|was|as follows|be)\b|:", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Something that was asked for and how many utterances may still answer it."""

    subject: Subject
    left: int


LASTS = 4
"""Utterances (of anybody) in which an answer to a question is looked for."""


def subjects_in(text: str) -> list[tuple[Subject, int, int]]:
    """Return the subjects a text names with their places, in order."""
    return [(Subject(str(m.lastgroup)), m.start(), m.end()) for m in _SUBJECT.finditer(text)]


def nearest_subject(text: str, start: int, end: int, *, reach: int = 70) -> Subject | None:
    """Return the subject named closest before a place, else shortly after it, else None."""
    before = [s for s in subjects_in(text[:start]) if start - s[2] <= reach]
    if before:
        return before[-1][0]
    after = subjects_in(text[end : end + reach // 3])
    return after[0][0] if after else None


def asked_by(text: str) -> list[Subject]:
    """Return what an utterance asks for; a statement asks for nothing."""
    if not _REQUEST.search(text):
        return []
    asked = [subject for subject, _, _ in subjects_in(text)]
    if _ASKS_NAME.search(text):
        asked.append(Subject.PERSON)
    return asked


def announced_by(text: str) -> list[Subject]:
    """Return what an utterance announces without finishing it ("my account number is …")."""
    found = subjects_in(text)
    if not found:
        return []
    subject, _, end = found[-1]
    rest = text[end:].strip(" ,.…-um")
    unfinished = len(rest) <= 12 and bool(_STATES.search(text[end:]) or not rest)
    return [subject] if unfinished else []


def still_open(asked: Iterable[Asked]) -> list[Asked]:
    """Let one utterance pass: what nobody answered in time is forgotten."""
    return [Asked(subject=a.subject, left=a.left - 1) for a in asked if a.left > 1]
