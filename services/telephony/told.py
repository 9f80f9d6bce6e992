"""Reads what a telephone service sent, whose spelling of names and whose fields vary.

Names are compared without case. A field of another type than asked for counts as absent.
"""

import json
import math
from collections.abc import Mapping
from typing import Any

# Longer texts are no names, ids or lines of a call.
MOST_TEXT_CHARS = 64 * 1024


class Unreadable(ValueError):
    """What was sent is not what it should be. Never carries its text."""


class Told:
    """One JSON object, its fields by names without case."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        """Take an object as it was parsed; of names that differ in case only the first counts."""
        self._sent = fields
        self._fields: dict[str, Any] = {}
        for name, value in fields.items():
            self._fields.setdefault(name.casefold(), value)

    def text(self, *names: str) -> str | None:
        """Return the first of these fields that says something, without space around it."""
        for value in self._values(names):
            if isinstance(value, str) and len(value) <= MOST_TEXT_CHARS:
                cleaned = _clean(value)
                if cleaned:
                    return cleaned
        return None

    def number(self, *names: str) -> float | None:
        """Return the first of these fields that holds a finite number; digits in a text do."""
        for value in self._values(names):
            number = _number(value)
            if number is not None:
                return number
        return None

    def whole(self, *names: str) -> int | None:
        """Return the first of these fields that holds a whole number; digits in a text do."""
        for value in self._values(names):
            if isinstance(value, bool):
                continue
            if isinstance(value, int):
                return value
            if isinstance(value, float) and math.isfinite(value):
                return int(value)
            if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
                return int(value)
        return None

    def flag(self, *names: str) -> bool | None:
        """Return the first of these fields that is true or false."""
        return next((v for v in self._values(names) if isinstance(v, bool)), None)

    def child(self, *names: str) -> "Told | None":
        """Return the first of these fields that holds an object."""
        return next((Told(v) for v in self._values(names) if isinstance(v, dict)), None)

    def children(self, *names: str) -> "tuple[Told, ...]":
        """Return the objects in the first of these fields that holds a list."""
        found = next((v for v in self._values(names) if isinstance(v, list)), [])
        return tuple(Told(one) for one in found if isinstance(one, dict))

    def texts(self, *names: str) -> tuple[str, ...]:
        """Return the texts in the first of these fields that holds a list."""
        found = next((v for v in self._values(names) if isinstance(v, list)), [])
        return tuple(_clean(one) for one in found if isinstance(one, str) and one.strip())

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Return all fields that hold a text, by their names as they were sent."""
        texts = ((name, value) for name, value in self._sent.items() if isinstance(value, str))
        return tuple((_clean(name), _clean(value)) for name, value in texts)

    def _values(self, names: tuple[str, ...]) -> list[Any]:
        found = (self._fields.get(name.casefold()) for name in names)
        return [value for value in found if value is not None]


def read_object(sent: str | bytes) -> Told:
    """Return the JSON object that was sent. Raises Unreadable."""
    parsed = _parsed(sent)
    if not isinstance(parsed, dict):
        raise Unreadable
    return Told(parsed)


def read_objects(sent: str | bytes) -> tuple[Told, ...]:
    """Return the JSON objects of a list, or the one object that was sent. Raises Unreadable."""
    parsed = _parsed(sent)
    if isinstance(parsed, dict):
        return (Told(parsed),)
    if not isinstance(parsed, list) or not all(isinstance(one, dict) for one in parsed):
        raise Unreadable
    return tuple(Told(one) for one in parsed)


def _parsed(sent: str | bytes) -> Any:
    try:
        return json.loads(sent, parse_constant=_refuse)
    except (ValueError, RecursionError):
        # The error's text repeats what was sent.
        raise Unreadable from None


def _clean(text: str) -> str:
    """Return a text without what no database and no page takes: control and half characters."""
    if text.isprintable():
        return text.strip()
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _refuse(_name: str) -> Any:
    raise Unreadable


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
