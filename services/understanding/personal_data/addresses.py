"""Finds street addresses and postcodes, written and spoken."""

import re

_UNIT = (
    r"one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|"
    r"sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|"
    r"hundred|thousand|oh|zero|double"
)
_NUMBER = rf"(?:\d+[A-Za-z]?|(?:{_UNIT})(?:[ -](?:and )?(?:{_UNIT}))*)"
_SURE_STREETS = (
    r"street|st|road|rd|lane|ln|avenue|ave|boulevard|blvd|terrace|crescent|highway|parkway|mews"
)
_STREETS = (
    rf"{_SURE_STREETS}|drive|dr|court|ct|close|way|place|pl|gardens?|grove|hill|row|square|park|"
    r"circle|trail|walk|view|loop|rise|green|quay|wharf|heights|broadway"
)
_PLAIN_WORD = (
    r"(?!(?:minutes?|hours?|days?|weeks?|of|the|in|to|and|a|an|is|was|people|times?|or|way|by|"
    r"for|on|at|per|more|other|only|percent|dollars?|pounds?)\b)[a-z][a-z'’]+"
)
_NAME = r"(?:[A-Z][\w'’]+|\d+(?:st|nd|rd|th))"
_FLAT = (
    rf"(?:(?:flat|apartment|apt\.?|unit|suite|room|number)\s+(?:{_NUMBER}(?:\s?[A-Z]\b)?|[A-Z]\b))"
)
_AFTER = (
    rf"(?:,?\s+{_FLAT})?"
    r"(?:,\s+(?:in\s+)?[A-Z][\w'’]+(?:\s[A-Z][\w'’]+){0,2}){0,2}"
    r"(?:,?\s+[A-Z]{2}\b)?"
    r"(?:,?\s+(?:\d{5}(?:-\d{4})?|[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2})\b)?"
)
_CASED = re.compile(
    rf"(?:(?i:{_FLAT}),?\s+)?\b(?i:{_NUMBER}),?\s+(?:{_NAME}\s+){{1,3}}(?i:{_STREETS})\b\.?{_AFTER}"
)
_CASED_PLACE = re.compile(
    rf"(?:(?i:{_FLAT}),?\s+)?\b(?:{_NAME}\s+){{1,3}}(?:(?i:{_STREETS}))\b\.?{_AFTER}"
)
_LOWER_SURE = re.compile(
    rf"(?:{_FLAT},?\s+)?\b{_NUMBER},?\s+(?:{_PLAIN_WORD}\s+){{1,2}}(?:{_SURE_STREETS})\b"
    rf"(?:,?\s+{_FLAT})?",
    re.IGNORECASE,
)
_LOWER_WITH_FLAT = re.compile(
    rf"\b{_NUMBER},?\s+(?:{_PLAIN_WORD}\s+){{1,2}}(?:{_STREETS}),?\s+{_FLAT}", re.IGNORECASE
)
_LOWER_ASKED = re.compile(
    rf"(?:{_FLAT},?\s+)?\b{_NUMBER},?\s+(?:{_PLAIN_WORD}\s+){{1,3}}(?:{_STREETS})\b"
    rf"(?:,?\s+{_FLAT})?(?:,?\s+(?:in\s+)?{_PLAIN_WORD}(?=[\s,.]*$))?",
    re.IGNORECASE,
)
_BOX = re.compile(rf"\bp\.?\s?o\.?\s+box\s+{_NUMBER}", re.IGNORECASE)
_TRAILING = re.compile(r"[\s,.]+$")


def find_addresses(text: str, *, asked: bool) -> list[tuple[int, int]]:
    """Return (start, end) of addresses; ``asked`` widens what counts as one."""
    patterns = [_CASED, _LOWER_SURE, _LOWER_WITH_FLAT, _BOX]
    if asked:
        patterns += [_LOWER_ASKED, _CASED_PLACE]
    found = []
    for pattern in patterns:
        for match in pattern.finditer(text):
            trimmed = _TRAILING.sub("", match.group())
            found.append((match.start(), match.start() + len(trimmed)))
    return found
