"""Money, percentages, quantities and durations, written and spoken."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from services.analysis.entities.found import Found, found
from services.analysis.entities.tokens import Number, Token, number_at, word_at
from services.domain.topics import EntityKind

_SIGNS = {"$": "USD", "£": "GBP", "€": "EUR", "¥": "JPY"}
_WHOLE = {
    "dollar": "USD", "dollars": "USD", "buck": "USD", "bucks": "USD", "pound": "GBP",
    "pounds": "GBP", "quid": "GBP", "euro": "EUR", "euros": "EUR",
}  # fmt: skip
_HUNDREDTH = {"cent": None, "cents": None, "pence": "GBP", "penny": "GBP", "p": "GBP"}
_RHYTHM = frozenset({"month", "week", "year", "day", "night", "each", "person", "seat", "user"})
_PRICED = frozenset({
    "cost", "costs", "charge", "charged", "charging", "paid", "pay", "paying", "owe", "total",
    "only",
})  # fmt: skip
_DURATIONS = {
    "second": "PT{}S", "minute": "PT{}M", "hour": "PT{}H", "day": "P{}D", "night": "P{}D",
    "week": "P{}W", "month": "P{}M", "year": "P{}Y",
}  # fmt: skip
_BETWEEN_NUMBER_AND_UNIT = frozenset({"more", "full", "whole", "business", "working", "calendar"})
_QUANTITIES = frozenset({
    "gig", "gigs", "gigabyte", "gigabytes", "megabit", "megabits", "megabyte", "megabytes", "mbps",
    "milligram", "milligrams", "mg", "gram", "grams", "kilo", "kilos", "kg", "litre", "litres",
    "liter", "liters", "mile", "miles", "kilometre", "kilometres", "kilometers", "km", "metre",
    "metres", "meters", "feet", "inch", "inches", "units", "seat", "seats", "licences", "licenses",
    "pills", "tablets", "boxes", "tickets", "rooms", "guests", "passengers", "points",
})  # fmt: skip
_USUAL_HUNDREDTHS = frozenset({49, 50, 95, 99})
"""After a single digit these are hundredths (nine ninety nine), others not (one eighty nine)."""
MOST_MINOR = 10**14


def amounts_in(tokens: Sequence[Token]) -> list[Found]:
    """Return money; "forty nine ninety nine" only where the words around speak of a price."""
    entities = []
    at = 0
    while at < len(tokens):
        entity, at = _amount_at(tokens, at)
        if entity is not None:
            entities.append(entity)
    return entities


def _amount_at(tokens: Sequence[Token], at: int) -> tuple[Found | None, int]:
    sign = _SIGNS.get(tokens[at].text)
    number = number_at(tokens, at + 1 if sign else at)
    if number is None:
        return None, at + 1
    first, value, last = at, number.value, number.last
    unit = word_at(tokens, last)
    if sign is None and unit in _HUNDREDTH:
        return _money(tokens, first, last + 1, value / 100, _HUNDREDTH[unit]), last + 1
    currency = sign
    if unit in _WHOLE and word_at(tokens, last + 1) != "of":
        currency = sign or _WHOLE[unit]
        last += 1
    if currency is not None:
        small, last = _hundredths(tokens, last)
        return _money(tokens, first, last, value + small, currency), last
    price = _bare_price(tokens, number)
    if price is None:
        return None, number.last
    return _money(tokens, first, price.last, price.value, None), price.last


def _hundredths(tokens: Sequence[Token], at: int) -> tuple[Decimal, int]:
    """Return what follows whole money: "fifty", "and twenty cents"; 0 when nothing does."""
    joined = word_at(tokens, at) == "and"
    number = number_at(tokens, at + 1 if joined else at)
    if number is None or not number.plain or not 0 < number.value < 100:
        return Decimal(0), at
    named = word_at(tokens, number.last) in _HUNDREDTH
    spoken = not tokens[number.first].is_digits and number.value >= 10
    following = word_at(tokens, number.last)
    if named:
        return number.value / 100, number.last + 1
    if spoken and not joined and following not in {"a", "per", *_WHOLE, *_RHYTHM}:
        return number.value / 100, number.last
    if spoken and not joined and following in {"a", "per"}:
        return number.value / 100, number.last
    return Decimal(0), at


def _bare_price(tokens: Sequence[Token], number: Number) -> Number | None:
    """Return a price without a currency: a pair of two-digit numbers, or x.yy, in its context."""
    last, value = number.last, number.value
    pair = number_at(tokens, last)
    written = tokens[number.first].is_digits
    if pair is not None and number.plain and pair.plain and not written:
        if not (10 <= pair.value < 100 and value > 0) or tokens[pair.first].is_digits:
            return None
        if pair.value % 10 == 0 and pair.value > 90:
            return None
        if value < 10 and int(pair.value) not in _USUAL_HUNDREDTHS:
            value, last = 100 * value + pair.value, pair.last
        else:
            value, last = value + pair.value / 100, pair.last
    elif not (written and tokens[number.first].text[-3:-2] == "."):
        return None
    following, after = word_at(tokens, last), word_at(tokens, last + 1)
    rhythmic = following in {"each", "monthly"} or (
        following in {"a", "per", "every"} and after in _RHYTHM
    )
    before = {word_at(tokens, number.first - 1), word_at(tokens, number.first - 2)}
    return Number(value, number.first, last) if rhythmic or before & _PRICED else None


def _money(
    tokens: Sequence[Token], first: int, last: int, value: Decimal, currency: str | None
) -> Found | None:
    minor = int((value * 100).to_integral_value())
    if minor > MOST_MINOR:
        return None
    written = f"{Decimal(minor) / 100:.2f}"
    entity = found(EntityKind.AMOUNT, f"{written} {currency or ''}".strip(), tokens, first, last)
    return replace(entity, amount_minor=minor, currency=currency)


def measures_in(tokens: Sequence[Token]) -> list[Found]:
    """Return percentages, quantities and durations."""
    entities: list[Found] = []
    at = 0
    while at < len(tokens):
        entity, at = _measure_at(tokens, at)
        if entity is not None:
            entities.append(entity)
    return entities


def _measure_at(tokens: Sequence[Token], at: int) -> tuple[Found | None, int]:
    number = _vague_number(tokens, at) or number_at(tokens, at)
    if number is None:
        return None, at + 1
    lower = None
    if word_at(tokens, number.last) in {"to", "or"}:
        upper = number_at(tokens, number.last + 1)
        if upper is not None and upper.value > number.value:
            lower, number = number.value, upper
    unit_at = number.last
    if word_at(tokens, unit_at) in _BETWEEN_NUMBER_AND_UNIT or word_at(tokens, unit_at) == "-":
        unit_at += 1
    unit = word_at(tokens, unit_at)
    value, last = number.value, unit_at + 1
    if unit in {"%", "percent"} or (unit == "per" and word_at(tokens, last) == "cent"):
        last += unit == "per"
        return found(EntityKind.PERCENTAGE, f"{_short(value)} %", tokens, at, last), last
    if (base := unit.removesuffix("s")) in _DURATIONS:
        if word_at(tokens, last) == "and" and word_at(tokens, last + 1) == "a":
            half = word_at(tokens, last + 2) == "half"
            value, last = value + Decimal("0.5") * half, last + 3 * half
        if base == "second" and value == 1:
            return None, last  # what people say instead of "wait"
        form = _duration(value, base)
        form = form if lower is None else f"{_duration(lower, base)}-{form}"
        return found(EntityKind.DURATION, form, tokens, at, last), last
    if unit in _QUANTITIES and lower is None:
        return found(EntityKind.QUANTITY, f"{_short(value)} {unit}", tokens, at, last), last
    return None, number.last


def _duration(value: Decimal, unit: str) -> str:
    """Return a duration as ISO 8601 writes it; parts of hours in minutes."""
    if unit == "hour" and value % 1:
        value, unit = value * 60, "minute"
    return _DURATIONS[unit].format(_short(value))


def _vague_number(tokens: Sequence[Token], at: int) -> Number | None:
    """Return "a couple of", "half an", "an hour"'s one as a number before its unit."""
    words = [word_at(tokens, at + n) for n in range(3)]
    if words[:2] == ["half", "an"]:
        return Number(Decimal("0.5"), at, at + 2)
    if words == ["a", "couple", "of"]:
        return Number(Decimal(2), at, at + 3)
    if words[:2] == ["an", "hour"]:
        return Number(Decimal(1), at, at + 1)
    return None


def _short(value: Decimal) -> str:
    """Return a number without needless zeros."""
    return f"{value.normalize():f}"
