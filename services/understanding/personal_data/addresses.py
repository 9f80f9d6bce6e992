"""Finds street addresses and postcodes, written and spoken."""

import re
from functools import cache

from services.understanding.personal_data.word_lists import places

_UNIT = (
    r"one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|"
    r"sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|"
    r"hundred|thousand|oh|zero|double"
)
_NUMBER = rf"(?:\d+[A-Za-z]?|(?:{_UNIT})(?:[ -](?:and )?(?:{_UNIT})){{0,7}})"
_SURE_STREETS = (
    r"street|st|road|rd|lane|ln|avenue|ave|boulevard|blvd|terrace|crescent|highway|parkway|mews|"
    r"\w+(?:strasse|straße|straat|weg|gasse|platz)"
)
_STREETS = (
    rf"{_SURE_STREETS}|drive|dr|court|ct|close|way|place|pl|gardens?|grove|hill|row|square|park|"
    r"circle|trail|walk|view|loop|rise|green|quay|wharf|heights|broadway|gate|side|dockside|"
    r"parade|promenade|alley|passage|esplanade|embankment|villas|cottages|estate|circus|fields|"
    r"hollow|knoll|landing|meadows?|orchard|pike|plaza|ridge|springs|stables|vale|vista|yard|"
    r"approach|brae|cove|croft|dell|glade|paddock|trace|wynd|crossing|turnpike|expressway|causeway|rue"
)
_PLAIN_WORD = (
    r"(?!(?:minutes?|hours?|days?|weeks?|months?|years?|miles?|of|the|in|to|and|a|an|is|was|people|"
    r"times?|or|way|by|for|on|at|per|more|other|only|percent|dollars?|pounds?|from|lane|bed|"
    r"bedroom|car|cars|inch|litre|blocks?|streets?|roads?|houses?|doors?)\b)[a-z][a-z'’]*"
)
_NAME = r"(?:[A-Z][\w'’]*(?:-[A-Za-z][\w'’]*)?\.?|\d+(?:st|nd|rd|th))"
_FLAT = (
    rf"(?:(?:flat|apartment|apt\.?|unit|suite|room|number)\s+(?:#\s?)?"
    rf"(?:{_NUMBER}(?:\s?[A-Za-z]\b)?|[A-Z]\b))"
)
_UK_POSTCODE = r"[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}"
_ZIP = r"\d{5}(?:-\d{4})?"
_TOWN = r"[A-Z][\w'’]+(?:[ -][A-Z][\w'’]+){0,2}"
_LAST_LINE = rf"(?:,?\s+(?:{_UK_POSTCODE}|[A-Z]\d[A-Z]\s?\d[A-Z]\d|{_ZIP}(?:\s+{_TOWN})?)\b)?"
_AFTER = (
    r"(?:\s(?:NW|NE|SW|SE|North|South|East|West)\b)?"
    rf"(?:,?\s+{_FLAT})?"
    rf"(?:,\s+(?:in\s+)?(?!(?:I|And|But|So|My|The|It|We|Is|That)\b)(?!{_UK_POSTCODE}){_TOWN}){{0,2}}"
    r"(?:,?\s+[A-Z]{2}\b(?=,?\s+\d|\W*$))?"
    rf"{_LAST_LINE}"
)
_BUILDING = (
    rf"(?:(?:The\s+)?{_NAME}\s+(?:Barn|Cottage|Court|Croft|Farm|Forge|Grange|Hall|House|Lodge|Manor|"
    r"Mill|Rectory|Stables|Tower|Vicarage),\s+)"
)
_BEFORE = rf"{_BUILDING}?(?:(?i:{_FLAT})(?:,?\s+|-))?"
_CASED = re.compile(
    rf"{_BEFORE}\b(?i:{_NUMBER}),?\s+(?:{_NAME}\s+){{1,3}}(?i:{_STREETS})\b\.?{_AFTER}"
)
_CASED_ONE_WORD = re.compile(
    rf"{_BEFORE}\b\d+[A-Za-z]?,?\s+[A-Z]\w+(?:strasse|straße|straat|weg|gasse|platz)\b{_AFTER}"
)
_STREET_FIRST = re.compile(
    rf"\b[A-Z]\w+(?:strasse|straße|straat|weg|gasse|platz)\s+\d+[a-z]?\b{_AFTER}"
)
_UNIT_IN = re.compile(
    rf"\b(?i:{_FLAT}),?\s+(?:{_NAME}\s+){{1,3}}(?:Building|Center|Centre|Court|Estate|House|Mill|Park|"
    rf"Tower)\b{_AFTER}"
)
_STREET_WORD_FIRST = re.compile(
    r"\b\d+[a-z]?,?\s+(?i:rue|avenue|boulevard|place|allée|chemin|impasse|via|viale|piazza|calle|"
    rf"avenida|plaza|rua)\s+(?:(?:de|del|des|du|della|da|do|la|le|les|l'|d')\s*){{0,2}}"
    rf"(?:{_NAME}\s?){{1,3}}{_AFTER}"
)
_CASED_PLACE = re.compile(rf"{_BEFORE}\b(?:{_NAME}\s+){{1,3}}(?:(?i:{_STREETS}))\b\.?{_AFTER}")
_LOWER_SURE = re.compile(
    rf"(?:{_FLAT},?\s+)?\b{_NUMBER},?\s+(?:{_PLAIN_WORD}\s+){{1,3}}(?:{_SURE_STREETS})\b"
    rf"(?:,?\s+{_FLAT})?",
    re.IGNORECASE,
)
_LOWER_WITH_FLAT = re.compile(
    rf"\b{_NUMBER},?\s+(?:{_PLAIN_WORD}\s+){{1,2}}(?:{_STREETS}),?\s+{_FLAT}|"
    rf"\bflat\s+{_NUMBER}(?:\s?[a-z])?,?\s+(?:{_NUMBER}\s+)?(?:{_PLAIN_WORD}\s+){{1,2}}"
    rf"(?:{_STREETS})\b",
    re.IGNORECASE,
)
_LOWER_STREET = re.compile(
    rf"\b{_NUMBER},?\s+(?:{_PLAIN_WORD}\s+){{1,3}}(?:{_STREETS})\b", re.IGNORECASE
)
_LOWER_ASKED = re.compile(
    rf"(?:{_FLAT},?\s+)?\b{_NUMBER},?\s+(?:{_PLAIN_WORD}\s+){{1,3}}(?:{_STREETS})\b"
    rf"(?:,?\s+{_FLAT})?(?:,?\s+(?:in\s+)?{_PLAIN_WORD}(?=[\s,.]*$))?",
    re.IGNORECASE,
)
_FLAT_ALONE = re.compile(
    rf"\b(?:flat|apartment|apt\.?|unit|suite|house number)\s+(?:#\s?)?"
    rf"(?:{_NUMBER}(?:\s?[A-Za-z]\b)?|[A-Z]\b)",
    re.IGNORECASE,
)
_STREET_ALONE = re.compile(
    rf"(?<=\bon )(?:{_PLAIN_WORD}\s+){{1,2}}(?:{_SURE_STREETS})\b", re.IGNORECASE
)
_HOUSE = re.compile(
    rf"\b(?:{_NAME}\s+){{1,2}}(?:Cottage|House|Farm|Lodge|Barn|Court|Villa),\s+"
    rf"(?:{_NAME}\s+){{1,2}}(?i:{_STREETS})\b{_AFTER}"
)
_BOX = re.compile(rf"\b(?i:p\.?\s?o\.?\s+box)\s+(?i:{_NUMBER}){_AFTER}")
_ZIP_PLUS_FOUR = re.compile(r"(?<![\w-])\d{5}-\d{4}(?![\w-])")
_CANADIAN = re.compile(r"\b[ABCEGHJ-NPRSTVXY]\d[A-Z] ?\d[A-Z]\d\b")
_BROKEN_POSTCODE = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?[,-] ?\d[A-Z]{2}\b")
_STATE_ZIP = re.compile(r"\b[A-Z]{2}\s+\d{5}(?:-\d{4})?\b")
_PLZ = re.compile(r"\b\d{5}\s+[A-ZÄÖÜ][a-zäöüß]{3,}\b")
_STREET_NAME = re.compile(
    rf"\b(?:(?:{_NAME}\s+){{1,3}}(?i:{_STREETS})|(?:{_PLAIN_WORD}\s+){{1,2}}(?:{_SURE_STREETS}))\b"
)
_TRAILING = re.compile(r"[\s,.]+$")


def find_addresses(text: str, *, asked: bool) -> list[tuple[int, int]]:
    """Return (start, end) of addresses; ``asked`` widens what counts as one."""
    patterns = [
        _CASED,
        _CASED_ONE_WORD,
        _UNIT_IN,
        _STREET_WORD_FIRST,
        _LOWER_SURE,
        _LOWER_WITH_FLAT,
        _BOX,
        _STATE_ZIP,
    ]
    if asked:
        patterns += [_LOWER_ASKED, _CASED_PLACE, _STREET_FIRST, _ZIP_PLUS_FOUR, _CANADIAN, _PLZ]
        patterns += [_FLAT_ALONE, _STREET_ALONE, _HOUSE, _BROKEN_POSTCODE]
    found = []
    for pattern in patterns:
        for match in pattern.finditer(text):
            trimmed = _TRAILING.sub("", match.group())
            end = match.start() + len(trimmed)
            found.append((match.start(), _with_places(text, end)))
    if not asked:
        # "twelve north shore drive chicago": a town after it says that "drive" is a street.
        for match in _LOWER_STREET.finditer(text):
            end = _with_places(text, match.end())
            if end > match.end():
                found.append((match.start(), end))
    return found


def streets_in(text: str) -> set[str]:
    """Return the names of streets in a text as they stand there, without numbers and towns."""
    return {match.group() for match in _STREET_NAME.finditer(text)}


def find_places(text: str) -> list[tuple[int, int]]:
    """Return (start, end) of known towns and states, neighbours joined."""
    return [(m.start(), m.end()) for m in _places().finditer(text)]


def _with_places(text: str, end: int) -> int:
    """Return where an address ends when the towns and states after it are taken in."""
    following = _after_address().match(text, end)
    return following.end() if following else end


@cache
def _either() -> str:
    return "|".join(sorted(map(re.escape, places()), key=len, reverse=True)).replace("\\ ", r"[ -]")


@cache
def _places() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{_either()})\b(?:,? (?:{_either()})\b)*", re.IGNORECASE)


@cache
def _after_address() -> re.Pattern[str]:
    return re.compile(
        rf"(?:,?\s+(?:in\s+)?(?:{_either()})\b)+(?:,?\s+[A-Z]{{2}}\b)?(?:,?\s+\d{{5}}(?:-\d{{4}})?\b)?",
        re.IGNORECASE,
    )
