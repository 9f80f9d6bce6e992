"""Patterns by which people say what the names of their recordings tell.

``{agent}_{customer}_{date:%Y%m%d-%H%M%S}_{id}.wav`` holds for a whole name. A field reaches up to
where the text after it begins, so that a name can be read in one way only and in one go. A pattern
with ``/`` holds for as many of the folders above the file; one without an ending for names of any
ending.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import PurePosixPath

from services.analysis.file_names import as_direction, as_name, as_words
from services.domain.calls import CallDetails
from services.domain.errors import BadPattern
from services.ingest.told import MOST_CHARS, in_utc

FIELDS = ("agent", "customer", "queue", "direction", "date", "id", "any")
MOST_PATTERN_CHARS = 200

_PIECE = re.compile(r"\{([^{}]*)\}|([^{}]+)|([{}])")
# How many characters each part of a moment takes: names can be told apart by them.
_PARTS_OF_DATES = {
    "Y": r"[0-9]{4}",
    "y": r"[0-9]{2}",
    "m": r"[0-9]{2}",
    "d": r"[0-9]{2}",
    "j": r"[0-9]{3}",
    "H": r"[0-9]{2}",
    "I": r"[0-9]{2}",
    "M": r"[0-9]{2}",
    "S": r"[0-9]{2}",
    "f": r"[0-9]{6}",
    "b": r"[A-Za-z]{3}",
    "p": r"[AaPp][Mm]",
    "z": r"(?:Z|[+-][0-9]{2}:?[0-9]{2})",
}
_DAYS = ({"m", "d"}, {"b", "d"}, {"j"})


@dataclass(frozen=True, kw_only=True)
class NamePattern:
    """A pattern that has been checked; ``written`` is what the person wrote."""

    written: str
    matching: re.Pattern[str]
    date_format: str | None
    folders: int
    has_ending: bool

    @classmethod
    def read(cls, written: str) -> "NamePattern":
        """Read a pattern. Raises BadPattern, which says in a sentence what is amiss."""
        return _Reading(written).pattern()

    def details(self, path: str, zone: tzinfo = UTC) -> CallDetails | None:
        """Return what a path below the folder tells; None when it doesn't fit the pattern.

        Moments without a zone of their own are in ``zone``; those returned are in UTC.
        """
        parts = PurePosixPath(path).parts[-(self.folders + 1) :]
        name = "/".join(parts)
        if not self.has_ending:
            name = name.removesuffix(PurePosixPath(name).suffix)
        found = self.matching.fullmatch(name)
        if found is None:
            return None
        told = {word: text.strip() for word, text in found.groupdict().items()}
        direction = told.get("direction")
        started_at = self._moment(told.get("date"), zone)
        if (self.date_format and started_at is None) or (direction and not as_direction(direction)):
            return None
        return CallDetails(
            agent_name=as_name(_shown(told.get("agent"))),
            queue=as_words(_shown(told.get("queue"))),
            customer_ref=_shown(told.get("customer")),
            direction=as_direction(direction),
            started_at=started_at,
            external_ref=_shown(told.get("id")),
        )

    def _moment(self, text: str | None, zone: tzinfo) -> datetime | None:
        if text is None or self.date_format is None:
            return None
        try:
            return in_utc(datetime.strptime(text, self.date_format), zone)  # noqa: DTZ007
        except (ValueError, OverflowError):
            return None


class _Reading:
    """A pattern while it is read, piece by piece."""

    def __init__(self, written: str) -> None:
        if not written or len(written) > MOST_PATTERN_CHARS:
            raise BadPattern(f"It has 1 to {MOST_PATTERN_CHARS} characters.")
        self._written = written
        self._pieces = list(_PIECE.finditer(written))
        self._fields: set[str] = set()
        self._date_format: str | None = None

    def pattern(self) -> NamePattern:
        matching = "".join(self._piece(at) for at in range(len(self._pieces)))
        if not self._fields - {"any"}:
            raise BadPattern(f"It has no field; there are {_listed(FIELDS)}.")
        last = self._pieces[-1]
        return NamePattern(
            written=self._written,
            matching=re.compile(matching, re.IGNORECASE),
            date_format=self._date_format,
            folders=self._written.count("/"),
            has_ending="." in (last[2] or "") or self._ends_in_any_ending(),
        )

    def _ends_in_any_ending(self) -> bool:
        return self._written.endswith(".{any}")

    def _piece(self, at: int) -> str:
        piece = self._pieces[at]
        if piece[3] is not None:
            raise BadPattern(f"A bracket stands alone: {piece[3]}.")
        if piece[2] is not None:
            return re.escape(piece[2])
        name, colon, form = piece[1].partition(":")
        if name not in FIELDS:
            raise BadPattern(f"There is no field {{{name}}}; there are {_listed(FIELDS)}.")
        if name in self._fields and name != "any":
            raise BadPattern(f"The field {{{name}}} stands in it twice.")
        self._fields.add(name)
        if name == "date":
            return f"(?P<date>{self._date(form)})"
        if colon:
            raise BadPattern(f"Only {{date:…}} says how it is written, not {{{name}}}.")
        text = self._text_up_to(at)
        return text if name == "any" else f"(?P<{name}>{text})"

    def _text_up_to(self, at: int) -> str:
        """Return what a field takes: all up to where the text after it begins."""
        if at + 1 == len(self._pieces):
            return "[^/]+"
        after = self._pieces[at + 1][2]
        if after is None:
            raise BadPattern(
                f"Something has to stand between {self._pieces[at][0]} and what follows it."
            )
        return f"(?:(?!{re.escape(after)})[^/])+"

    def _date(self, form: str) -> str:
        if not form:
            raise BadPattern("Say how the date is written, as in {date:%Y%m%d-%H%M%S}.")
        self._date_format = form
        pieces = re.split(r"%(.)", form)
        parts = pieces[1::2]
        if "%" in "".join(pieces[::2]) or "/" in form:
            raise BadPattern("How the date is written can't be understood.")
        unknown = [part for part in parts if part not in _PARTS_OF_DATES]
        if unknown:
            known = _listed([f"%{part}" for part in _PARTS_OF_DATES])
            raise BadPattern(f"In a date there is no %{unknown[0]}; there are {known}.")
        if len(set(parts)) != len(parts):
            raise BadPattern("A part of the date stands in it twice.")
        has_day = any(needed <= set(parts) for needed in _DAYS)
        if not (has_day and {"Y", "y"} & set(parts)):
            raise BadPattern("The date has to tell year, month and day.")
        return "".join(
            _PARTS_OF_DATES[piece] if at % 2 else re.escape(piece)
            for at, piece in enumerate(pieces)
        )


def _shown(text: str | None) -> str | None:
    shown = "".join(c for c in text or "" if c.isprintable())[:MOST_CHARS].strip()
    return shown or None


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"
