"""Finds until when something is to happen, in the words of the call: "by Friday"."""

import re

_NUMBER = (
    r"(?:\d+|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fourteen|fifteen|"
    r"twenty|thirty|forty|sixty|ninety|a couple of|a few|half an)"
)
_UNIT = r"(?:(?:business|working|calendar) )?(?:minutes?|hours?|days?|weeks?|months?)"
_SPAN = rf"{_NUMBER}(?:(?: to | or |-){_NUMBER})? {_UNIT}"
_WEEKDAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_MONTH = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december)"
)
_PART = r"(?: (?:morning|afternoon|evening|night))?"
_CLOCK = (
    r"(?:noon|midnight|half past \w+|quarter (?:past|to) \w+|\d{1,2}(?::\d\d)?(?: ?[ap]\.?m\.?)?|"
    r"one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
)
_HOURS = (
    rf"(?:,? (?:between {_CLOCK} and {_CLOCK}|from {_CLOCK} to {_CLOCK}|"
    rf"(?:before|by|at|after|around|until) {_CLOCK}))?"
)
_DATE = (
    rf"(?:the )?(?:\d{{1,2}}(?:st|nd|rd|th)?|first|second|third|[a-z]+th|twenty[- ]\w+|thirty[- ]"
    rf"first)(?: of)? {_MONTH}|{_MONTH} (?:the )?[a-z0-9]+|the (?:first|second|third|[a-z]+th)\b"
)
_END_OF = r"(?:the )?end of (?:the |this |next |today'?s? ?)?(?:business|day|week|month|year)"
_DAY = (
    rf"(?:(?:this|next|coming) )?{_WEEKDAY}{_PART}|tomorrow{_PART}|today|tonight|"
    rf"this (?:morning|afternoon|evening|week|month)|next (?:week|month|year)|(?:{_DATE})"
)
_LIMIT = re.compile(
    rf"\b(?:(?:by|before|until|till|no later than) (?:{_END_OF}|{_DAY}|{_CLOCK}\b){_HOURS}"
    rf"|within (?:the )?(?:next )?(?:{_SPAN}|hour|week|month|day)"
    rf"|in (?:about |around |the next )?{_SPAN}"
    rf"|(?:as of|from|effective|on|for) (?:the )?(?:{_DAY}){_HOURS}"
    rf"|(?:up to )?{_NUMBER}(?: to {_NUMBER})? (?:business|working) days"
    rf"|the (?:day|evening|night) before|{_END_OF}|(?:{_DAY}){_HOURS})",
    re.IGNORECASE,
)
# "Since Friday" is over, and so is "last Tuesday".
_PAST = re.compile(r"\b(?:since|last|ago|yesterday|every|previous)\s*$", re.IGNORECASE)


def time_limit(sentence: str) -> str | None:
    """Return the first words of a sentence that say until when or at what time, or None."""
    for found in _LIMIT.finditer(sentence):
        before = sentence[: found.start()]
        after = sentence[found.end() :]
        if not _PAST.search(before) and not re.match(r"\s+ago\b", after, re.IGNORECASE):
            return found[0].strip(" ,")
    return None
