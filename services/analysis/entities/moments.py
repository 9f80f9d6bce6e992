"""Dates and times of day, written and spoken; relative ones are resolved against a day."""

import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta

from services.analysis.entities.found import Found, found
from services.analysis.entities.tokens import Token, number_at, ordinal_at, word_at
from services.domain.topics import EntityKind

_MONTHS = {
    name: number
    for number, name in enumerate(
        [
            "january",
            "february",
            "march",
            "april",
            "may",
            "june",
            "july",
            "august",
            "september",
            "october",
            "november",
            "december",
        ],
        start=1,
    )
}
_WEEKDAYS = {
    name: number
    for number, name in enumerate(
        ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    )
}
_DAYS = {"today": 0, "tonight": 0, "tomorrow": 1, "yesterday": -1}
_SPANS = {"day": 1, "days": 1, "week": 7, "weeks": 7}
_FORWARD = frozenset({"next", "this", "coming", "by", "until"})
_DAY_PARTS = {"morning": "am", "afternoon": "pm", "evening": "pm", "night": "pm"}
_NOT_A_TIME = frozenset({
    "%", "percent", "dollars", "pounds", "euros", "quid", "bucks", "cents", "pence", "hundred",
    "days", "weeks", "months", "years", "hours", "minutes", "people", "times", "point", "miles",
    "seats", "megabits", "gigs", "per", "£", "$", "€", ".",
})  # fmt: skip
_ISO = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")

Reader = Callable[[Sequence[Token], int, date | None], Found | None]


def dates_in(text: str, tokens: Sequence[Token], today: date | None) -> list[Found]:
    """Return dates; what ``today`` (None: not known) can't resolve keeps its words as value."""
    entities = [
        Found(kind=EntityKind.DATE, value=day.isoformat(), start=m.start(), end=m.end())
        for m in _ISO.finditer(text)
        if (day := _day(*map(int, m.groups()))) is not None
    ]
    readers: tuple[Reader, ...] = (_month_day, _relative, _weekday)
    for at in range(len(tokens)):
        entity = next(filter(None, (read(tokens, at, today) for read in readers)), None)
        if entity is None or any(entity.start < e.end for e in entities):
            continue
        if not _is_manners(text, entity):
            entities.append(entity)
    return entities


def _is_manners(text: str, entity: Found) -> bool:
    """Whether it is the "today" of "how can I help you today?"."""
    said = text[entity.start : entity.end].lower()
    return said == "today" and text[entity.end : entity.end + 1] == "?"


def _date(tokens: Sequence[Token], first: int, last: int, day: date | None) -> Found:
    words = " ".join(t.lower for t in tokens[first:last])
    return found(EntityKind.DATE, day.isoformat() if day else words, tokens, first, last)


def _month_day(tokens: Sequence[Token], at: int, today: date | None) -> Found | None:
    """Read "the third of May", "May (the) third", "3 May", "May 3 2026"."""
    begin = at + 1 if word_at(tokens, at) == "the" else at
    month = _MONTHS.get(word_at(tokens, begin))
    if month is not None and begin == at:
        day_at = at + 2 if word_at(tokens, at + 1) == "the" else at + 1
        number = ordinal_at(tokens, day_at) or number_at(tokens, day_at)
    else:
        number = ordinal_at(tokens, begin) or number_at(tokens, begin)
        if number is None:
            return None
        month_at = number.last + (word_at(tokens, number.last) == "of")
        month = _MONTHS.get(word_at(tokens, month_at))
        if month is None:
            return None
        begin = month_at
    if number is None or not 1 <= number.value <= 31 or number.value % 1:
        return None
    last = max(number.last, begin + 1)
    year = _year(tokens, last)
    if year is not None:
        last += 1 + (word_at(tokens, last) == ",")
    day = _day(year or 0, month, int(number.value)) if year else None
    if day is None and today is not None:
        day = _nearest(today, month, int(number.value))
    return _date(tokens, at, last, day)


def _year(tokens: Sequence[Token], at: int) -> int | None:
    word = word_at(tokens, at + 1 if word_at(tokens, at) == "," else at)
    return int(word) if len(word) == 4 and word.isdigit() and 1900 <= int(word) < 2100 else None


def _nearest(today: date, month: int, day: int) -> date | None:
    """Return the day of that name nearest to today: a call speaks of weeks, seldom of years."""
    near = [_day(today.year + n, month, day) for n in (-1, 0, 1)]
    return min((d for d in near if d), key=lambda d: abs(d - today), default=None)


def _relative(tokens: Sequence[Token], at: int, today: date | None) -> Found | None:
    word, following = word_at(tokens, at), word_at(tokens, at + 1)
    if word in _DAYS:
        return _date(tokens, at, at + 1, _shifted(today, _DAYS[word]))
    if word == "the" and following == "day" and word_at(tokens, at + 3) in _DAYS:
        step = {"after": 1, "before": -1}.get(word_at(tokens, at + 2))
        if step is not None:
            shift = _DAYS[word_at(tokens, at + 3)] + step
            return _date(tokens, at, at + 4, _shifted(today, shift))
    if word in {"next", "last", "this"} and following in {"week", "month", "year", "weekend"}:
        return _date(tokens, at, at + 2, None)
    number = number_at(tokens, at + 1 if word == "in" else at)
    if number is None:
        return None
    span = _SPANS.get(word_at(tokens, number.last))
    ago = word_at(tokens, number.last + 1) == "ago"
    if span is None or not (ago or word == "in") or number.value > 3_650:
        return None
    shift = int(number.value) * span * (-1 if ago else 1)
    return _date(tokens, at, number.last + 1 + ago, _shifted(today, shift))


def _weekday(tokens: Sequence[Token], at: int, today: date | None) -> Found | None:
    """Read a weekday: after "next", "this", "by" the next such day, after "last" the one before."""
    lead = word_at(tokens, at)
    begin = at + 1 if lead in _FORWARD | {"last", "on"} else at
    weekday = _WEEKDAYS.get(word_at(tokens, begin))
    if weekday is None:
        return None
    day = None
    if today is not None and lead in _FORWARD:
        day = today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)
    elif today is not None and lead == "last":
        day = today - timedelta(days=(today.weekday() - weekday - 1) % 7 + 1)
    first = at if lead in {"next", "this", "last"} else begin
    return _date(tokens, first, begin + 1, day)


def _shifted(today: date | None, days: int) -> date | None:
    return today + timedelta(days=days) if today is not None else None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def times_in(tokens: Sequence[Token]) -> list[Found]:
    """Return times of day and windows; without morning or evening told, hours are as said."""
    entities: list[Found] = []
    at = 0
    while at < len(tokens):
        entity, at = _window_at(tokens, at) or _time_at(tokens, at) or (None, at + 1)
        if entity is not None:
            entities.append(entity)
    return entities


def _window_at(tokens: Sequence[Token], at: int) -> tuple[Found, int] | None:
    joint = {"between": "and", "from": "to"}.get(word_at(tokens, at))
    first = joint and _clock_at(tokens, at + 1)
    if not first or word_at(tokens, first[2]) not in {joint, "until"}:
        return None
    second = _clock_at(tokens, first[2] + 1)
    if second is None or word_at(tokens, second[2]) in _NOT_A_TIME - {"."}:
        return None
    value = f"{first[0]}-{second[0]}"
    return found(EntityKind.TIME, value, tokens, at, second[2]), second[2]


def _time_at(tokens: Sequence[Token], at: int) -> tuple[Found, int] | None:
    word = word_at(tokens, at)
    if word in {"noon", "midnight"}:
        value = "12:00" if word == "noon" else "00:00"
        return found(EntityKind.TIME, value, tokens, at, at + 1), at + 1
    clock = _clock_at(tokens, at)
    if clock is None:
        return None
    value, sure, last = clock
    after = word_at(tokens, last)
    if not sure and (word_at(tokens, at - 1) != "at" or after in _NOT_A_TIME - {"."}):
        return None
    return found(EntityKind.TIME, value, tokens, at, last), last


def _clock_at(tokens: Sequence[Token], at: int) -> tuple[str, bool, int] | None:
    """Return a time's value, whether its words alone show that it is one, and the place after."""
    past = _past_at(tokens, at)
    if past is not None:
        hour, minute, last, sure = past
    else:
        number = number_at(tokens, at)
        if number is None or not number.plain or number.value % 1 or not 1 <= number.value <= 23:
            return None
        hour, minute, last, sure = int(number.value), 0, number.last, False
        if word_at(tokens, last) == ":" and _two_digits(tokens, last + 1):
            minute, last, sure = int(tokens[last + 1].text), last + 2, True
        elif not tokens[at].is_digits:
            tail = number_at(tokens, last)
            if tail is not None and tail.plain and 10 <= tail.value < 60 and tail.value % 1 == 0:
                minute, last = int(tail.value), tail.last
    if minute > 59:
        return None
    half, last = _half_of_day(tokens, last)
    if half == "pm" and hour < 12:
        hour += 12
    elif half == "am" and hour == 12:
        hour = 0
    written = f"{hour:02}:{minute:02}" if half or hour > 12 else f"{hour}:{minute:02}"
    return written, sure or half is not None, last


def _past_at(tokens: Sequence[Token], at: int) -> tuple[int, int, int, bool] | None:
    """Read "half past eight", "quarter to nine", "ten past eight"."""
    begin = at + (word_at(tokens, at) == "a")
    named = {"half": 30, "quarter": 15}.get(word_at(tokens, begin))
    number = number_at(tokens, at) if named is None else None
    after = begin + 1 if named else (number.last if number else at)
    joint = word_at(tokens, after)
    if joint not in {"past", "to"} or (named is None and number is None):
        return None
    minutes = named or int(number.value if number else 0)
    hour = number_at(tokens, after + 1)
    told = hour is not None and hour.plain and 1 <= hour.value <= 12
    if hour is None or not told or (joint == "to" and named is None) or minutes > 59:
        return None
    whole = int(hour.value)
    if joint == "to":
        return (whole - 1) or 12, 60 - minutes, hour.last, True
    return whole, minutes, hour.last, True


def _two_digits(tokens: Sequence[Token], at: int) -> bool:
    return len(word_at(tokens, at)) == 2 and word_at(tokens, at).isdigit()


def _half_of_day(tokens: Sequence[Token], at: int) -> tuple[str | None, int]:
    words = [word_at(tokens, at + n) for n in range(4)]
    if words[0] in {"o'clock", "o’clock"}:
        half, last = _half_of_day(tokens, at + 1)
        return half, max(last, at + 1)
    if words[0] in {"am", "pm"}:
        return words[0], at + 1
    if words[:3] in (["a", ".", "m"], ["p", ".", "m"]):
        return words[0] + "m", at + 3
    if words[:2] == ["in", "the"] and words[2] in _DAY_PARTS:
        return _DAY_PARTS[words[2]], at + 3
    if words[0] == "at" and words[1] == "night":
        return "pm", at + 2
    return None, at
