"""Reads what a recording's file name tells about the call, and hides what it must not tell."""

import re
from datetime import UTC, datetime, tzinfo
from pathlib import PurePosixPath

from services.domain.calls import CallDetails, Direction
from services.domain.intervals import union
from services.domain.placeholders import placeholder
from services.domain.speech import PiiType

_MARKS = ("AGENT", "CUSTOMER", "CUST", "QUEUE", "DIRECTION", "DIR", "DT")
_MARK = re.compile(rf"(?:^|_)({'|'.join(_MARKS)})_", re.IGNORECASE)
_WHEN = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2})[T_ ](?P<h>\d{2})[-:.]?(?P<m>\d{2})[-:.]?(?P<s>\d{2})"
    r"(?P<utc>Z|(?=[^\d+-]|$)|[+-]\d{2}:?\d{2})",
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_LONGEST = 120

CARD_DIGITS, PHONE_DIGITS = 13, 10
_EMAIL = re.compile(r"[^\W_][\w.+%-]*@[^\W_][\w-]*(?:\.[^\W_][\w-]*)+")
_IBAN = re.compile(
    r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:[ _-]?[A-Z0-9]{4}){2,7}(?:[ _-]?[A-Z0-9]{1,3})?"
    r"(?![A-Za-z0-9])"
)
_SSN = re.compile(r"\d{3}[ _.-]\d{2}[ _.-]\d{4}")
_NUMBER = re.compile(r"(?<!\d)\+?\d(?:[ ._()-]{0,2}\d){6,}(?!\d)")
_STAMP = re.compile(
    r"(?<!\d)20\d{2}(?P<dash>[-_.]?)(?:0[1-9]|1[0-2])(?P=dash)(?:0[1-9]|[12]\d|3[01])"
    r"(?:[T_ -]?(?:[01]\d|2[0-3])[-:._]?[0-5]\d(?:[-:._]?[0-5]\d)?)?(?!\d)"
)


def details_from_name(name: str, *, zone: tzinfo = UTC) -> CallDetails:
    """Return agent, customer, queue, direction and start as far as a file name carries them.

    Understands ``…_AGENT_Nora-Fields_CUST_C-1042_QUEUE_Billing_2026-11-12T09-30-00.ogg`` in any
    order of the marks (also CUSTOMER, DIR, DT). A time without a zone is read as being in
    ``zone``; ``started_at`` is in UTC. What isn't there stays None.
    """
    stem = PurePosixPath(name.replace("\\", "/")).name
    stem = stem.rsplit(".", 1)[0] if "." in stem else stem
    started_at, stem = _take_start(stem, zone)
    values = _marked_values(stem)
    return CallDetails(
        agent_name=as_name(values.get("AGENT")),
        queue=as_words(values.get("QUEUE")),
        customer_ref=values.get("CUST") or values.get("CUSTOMER"),
        direction=as_direction(values.get("DIR") or values.get("DIRECTION")),
        started_at=started_at,
    )


def without_numbers(name: str) -> str:
    """Return the name with e-mail addresses and long numbers replaced by placeholders.

    Dates and times of day from 2000 on stay, and so does the ending. This is what can be told
    without a language model; names of people take one, and what is said in the call.
    """
    ending = PurePosixPath(name).suffix
    stem = name.removesuffix(ending)
    stem = _EMAIL.sub(placeholder(PiiType.EMAIL), stem)
    stem = _IBAN.sub(placeholder(PiiType.IBAN), stem)
    pieces, at = [], 0
    for stamp in _STAMP.finditer(stem):
        pieces += [_NUMBER.sub(_hidden, stem[at : stamp.start()]), stamp.group()]
        at = stamp.end()
    return "".join([*pieces, _NUMBER.sub(_hidden, stem[at:]), ending])


def without_told(name: str) -> list[tuple[str, bool]]:
    """Return a name in pieces, each with whether it tells details of the call in the known form.

    Marks such as ``AGENT_`` with their values, dates, and the ending do.
    """
    ending = PurePosixPath(name).suffix
    stem = name.removesuffix(ending)
    told = [(m.start(), m.end()) for m in _STAMP.finditer(stem)]
    marks = list(_MARK.finditer(stem))
    for at, mark in enumerate(marks):
        end = marks[at + 1].start() if at + 1 < len(marks) else len(stem)
        value = stem[mark.end() : end].strip("_").split("_", 1)[0]
        told.append((mark.start(), stem.index(value, mark.end()) + len(value)))
    pieces, at = [], 0
    for start, end in union(told):
        pieces += [(stem[at:start], False), (stem[start:end], True)]
        at = end
    return [(text, is_told) for text, is_told in pieces if text] + [
        *([(stem[at:], False)] if stem[at:] else []),
        *([(ending, True)] if ending else []),
    ]


def _hidden(number: re.Match[str]) -> str:
    digits = sum(c.isdigit() for c in number.group())
    if digits >= CARD_DIGITS:
        return placeholder(PiiType.CARD)
    if _SSN.fullmatch(number.group()):
        return placeholder(PiiType.SSN)
    return placeholder(PiiType.PHONE if digits >= PHONE_DIGITS else PiiType.ACCOUNT)


def _marked_values(stem: str) -> dict[str, str]:
    marks = list(_MARK.finditer(stem))
    values: dict[str, str] = {}
    for at, mark in enumerate(marks):
        end = marks[at + 1].start() if at + 1 < len(marks) else len(stem)
        # A value is one piece: what follows the next underscore belongs to the name's own scheme.
        value = stem[mark.end() : end].strip("_").split("_", 1)[0].strip(" -")
        value = "".join(c for c in value if c.isprintable())[:_LONGEST]
        if value:
            values.setdefault(mark.group(1).upper(), value)
    return values


def _take_start(stem: str, zone: tzinfo) -> tuple[datetime | None, str]:
    found = _WHEN.search(stem)
    if found is None:
        return None, stem
    offset = "+00:00" if found["utc"] == "Z" else found["utc"]
    try:
        at = datetime.fromisoformat(
            f"{found['date']}T{found['h']}:{found['m']}:{found['s']}{offset}"
        )
        local = (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None, stem
    return local, f"{stem[: found.start()]}_{stem[found.end() :]}"


def as_words(value: str | None) -> str | None:
    """Return what a name writes with hyphens or plus signs for spaces; None for nothing."""
    if value is None:
        return None
    return " ".join(value.replace("-", " ").replace("+", " ").split()) or None


def as_name(value: str | None) -> str | None:
    """Return a person's name as it is written outside file names: NoraFields, Nora-Fields."""
    words = as_words(value)
    return _CAMEL.sub(" ", words) if words else None


def as_direction(value: str | None) -> Direction | None:
    """Return who placed the call: words that begin with in or out tell it."""
    start = (value or "").casefold()
    if start.startswith("in"):
        return Direction.INBOUND
    return Direction.OUTBOUND if start.startswith("out") else None
