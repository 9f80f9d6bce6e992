"""Tells numbers that count, date, price or name a thing from numbers that belong to a person."""

import re
from collections.abc import Sequence
from itertools import pairwise

from services.understanding.personal_data.codes import Code
from services.understanding.personal_data.tokens import Token, just_before

_UNITS = frozenset({
    "%", "am", "bit", "buck", "bucks", "business", "c", "callers", "cent", "cents", "customers",
    "day", "days", "degrees", "dollar", "dollars", "euro", "euros", "eur", "f", "feet", "foot",
    "gb", "gbp", "gig", "gigabyte", "gigabytes", "gigs", "grams", "grand", "guests", "heures",
    "horas", "hour", "hours", "inch", "inches", "jahre", "jours", "k", "kg", "kilometers", "kilos",
    "km", "lb", "lbs", "litres", "mb", "mbps", "megabit", "megabits", "megabyte", "megabytes",
    "meters", "metres", "mg", "mile", "miles", "milligrams", "millimetres", "minute", "minuten",
    "minutes", "minutos", "ml", "mm", "month", "months", "mph", "night", "nights", "o'clock",
    "orders", "p", "square", "sq", "pence", "people", "percent", "percentage", "pm", "points",
    "pound", "pounds", "prozent", "quid", "quarter", "reasons", "rpm", "stunden", "tage", "texts",
    "things", "time", "times", "uhr", "units", "usd", "volts", "watt", "watts", "week", "weeks",
    "working", "year", "years", "yards", "días", "meses", "años",
})  # fmt: skip
_EACH = frozenset({"a", "an", "each", "every", "per"})
_RATES = frozenset({
    "day", "head", "hour", "item", "month", "night", "person", "piece", "quarter", "share", "unit",
    "week", "year",
})  # fmt: skip
_CURRENCY = frozenset("$£€¥")
_NAMES_A_THING = frozenset({
    "bus", "channel", "chapter", "clause", "error", "exit", "flight", "galaxy", "gate", "highway",
    "interstate", "iphone", "junction", "level", "line", "lot", "mark", "model", "motorway",
    "page", "paragraph", "part", "pixel", "platform", "playstation", "rule", "season", "section",
    "series", "size", "stage", "step", "study", "terminal", "thinkpad", "train", "version",
    "windows", "xbox",
})  # fmt: skip
_BETWEEN_NAME_AND_NUMBER = frozenset({
    "code", "number", "no", "message", "is", ":", "#", "the", "a", "of", "page", "on", ".", "-",
})  # fmt: skip
_PRODUCT_CODES = frozenset({"barcode", "ean", "isbn", "sku", "upc"})
_PERSONAL_DIGITS = 10
"""So many digits are no page or flight, whatever word stands before."""
MODEL_DIGITS = 5
_FLIGHT = re.compile(
    r"\b(?:flight|error)(?: (?:code|number|no\.?))?(?: is|'s)? (?:[a-z] ){0,3}$", re.IGNORECASE
)
_PRICED = re.compile(
    r"\b(?:charged?|paid|pay|paying|costs?|refund(?:ed)?|credit(?:ed)?|total(?:s|led|ed)?|price|"
    r"priced|billed|fee|balance|deposit|spent|owe[sd]?|worth|save[sd]?|quoted|between|"
    r"another|amount|limit|temperature|population)\W+"
    r"(?:(?:me|you|us|him|her|them|was|is|of|by|about|around|only|just|a|the|comes|came|to|up|at|"
    r"for|over|under|nearly|almost|exactly|roughly|it|from)\W+){0,4}$|\bamount\b.{0,20}$",
    re.IGNORECASE,
)
_DATED = re.compile(
    r"\b(?:in|since|from|until|till|by|of|before|after|year|around|during|back in|early|late|"
    r"summer|spring|autumn|fall|winter|january|february|march|april|may|june|july|august|"
    r"september|october|november|december|christmas|easter)(?: the)?(?: year)?,? ?$",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"(?:(?:0?[1-9]|[12]\d|3[01])[/.-](?:0?[1-9]|[12]\d|3[01])[/.-](?:(?:19|20)?\d\d)"
    r"|(?:19|20)\d\d[/.-](?:0?[1-9]|1[0-2])[/.-](?:0?[1-9]|[12]\d|3[01]))"
)
_ABOUT_FLIGHTS = re.compile(r"\b(?:flight|flying|fly|gate|terminal)\b", re.IGNORECASE)
_TESTING = re.compile(
    r"\b(?:test(?:ing)?|check|mic|count(?:ed|ing|down)?|dialled)\b", re.IGNORECASE
)
_SHORTEST_COUNT = 3


def is_quantity(code: Code, tokens: Sequence[Token], *, awaited: bool = False) -> bool:
    """Whether a code counts something: money, time, percent.

    ``awaited`` says that it is where a recogniser may have put the sign of a currency by mistake.
    """
    if code.letters or (code.digits >= 7 and not code.scaled):
        return False
    before = tokens[code.first - 1].text if code.first else ""
    following = [t.lower for t in tokens[code.last + 1 : code.last + 4]]
    if before in _CURRENCY and not awaited and not _is_broken_up(code, tokens):
        return True
    if following and following[0] in _UNITS:
        return True
    if len(following) > 1 and following[0] in _EACH and following[1] in _RATES:
        return True
    if _is_clock(code, tokens):
        return True
    if following[:3] in (["a", ".", "m"], ["p", ".", "m"]):
        return True
    return (
        bool(following)
        and following[0] in {"point", "and"}
        and bool(set(following) & {"half", "point", "cents", "pence"})
    )


def is_price(code: Code, text: str, start: int) -> bool:
    """Whether what stands before a short number says that it is money."""
    return not code.letters and code.digits <= 6 and bool(_PRICED.search(just_before(text, start)))


def is_year(code: Code, text: str, start: int) -> bool:
    """Whether a number is a year: "since 2016", "in nineteen ninety eight"."""
    looks = code.digits == 4 and not code.letters and code.characters[:2] in {"19", "20"}
    return looks and bool(_DATED.search(just_before(text, start)))


def _is_between(token: Token) -> bool:
    short_capitals = token.text.isupper() and token.is_word and len(token.text) <= 4
    return token.lower in _BETWEEN_NAME_AND_NUMBER or (
        short_capitals and token.lower not in (_PRODUCT_CODES)
    )


def is_date(text: str, start: int, end: int) -> bool:
    """Whether digits are written as a date: 04/11/2025, 2026-03-14."""
    return _DATE.fullmatch(text, start, end) is not None


def is_round(code: Code, tokens: Sequence[Token]) -> bool:
    """Whether a number is written as one numeral and round, as quantities are: 1200, 45000."""
    written = code.first == code.last and tokens[code.first].text.isdigit()
    return written and code.digits <= 6 and code.characters.endswith("00")


def names_a_thing(code: Code, tokens: Sequence[Token], text: str) -> bool:
    """Whether a number belongs to a thing or a place in a text: flight 287, error 404, page 12."""
    at = code.first - 1
    while at >= 0 and _is_between(tokens[at]):
        at -= 1
    if at >= 0 and tokens[at].lower in _PRODUCT_CODES:
        return True
    if code.digits >= _PERSONAL_DIGITS:
        return False
    if _ABOUT_FLIGHTS.search(text) and code.digits <= 4 and code.letters <= 3:
        return True
    if at >= 0 and tokens[at].lower in _NAMES_A_THING and code.first - at <= 4:
        return True
    return bool(_FLIGHT.search(just_before(text, tokens[code.first].start)))


def names_a_model(code: Code, tokens: Sequence[Token], text: str) -> bool:
    """Whether a number is written right behind letters, as in RTX4090, or is a year long ago."""
    start = tokens[code.first].start
    if start and text[start - 1].isalpha() and tokens[code.first].text.isdigit():
        return True
    written = code.first == code.last and code.digits == 4 and tokens[code.first].text.isdigit()
    return written and bool(_DATED.search(just_before(text, start)))


def is_counting(code: Code, text: str) -> bool:
    """Whether somebody counts or tests a microphone: "one two three four", "one two one two"."""
    digits = code.characters
    if code.letters or len(digits) < _SHORTEST_COUNT:
        return False
    steps = {int(b) - int(a) for a, b in pairwise(digits)}
    if digits.endswith("10") or digits.startswith("10"):
        bare = digits.removesuffix("10").removeprefix("10")
        steps = {int(b) - int(a) for a, b in pairwise(bare)} or {0}
    return steps in ({1}, {-1}) or (bool(_TESTING.search(text)) and set(digits) <= set("123"))


def _is_clock(code: Code, tokens: Sequence[Token]) -> bool:
    """Whether a number is one half of a time such as 6:15."""
    last = tokens[code.last]
    following = tokens[code.last + 1] if code.last + 1 < len(tokens) else None
    if following is not None and following.text == ":" and following.start == last.end:
        return len(last.text) <= 2 and last.text.isdigit()
    before = tokens[code.first - 1] if code.first else None
    first = tokens[code.first]
    return (
        before is not None
        and before.text == ":"
        and before.end == first.start
        and code.first >= 2
        and tokens[code.first - 2].text.isdigit()
    )


def _is_broken_up(code: Code, tokens: Sequence[Token]) -> bool:
    """Whether a number is written in groups as no amount is.

    Recognisers write "$739-286" when somebody reads digits out.
    """
    inside = [t.text for t in tokens[code.first : code.last + 1]]
    return "-" in inside or sum(text.isdigit() for text in inside) > 1 + sum(
        text in {",", "."} for text in inside
    )
