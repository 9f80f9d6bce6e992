"""Finds dates as people say and write them, to be read as dates of birth where asked for."""

import re

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_ORDINAL = (
    r"(?:\d{1,2}(?:st|nd|rd|th)|(?:twenty|thirty)[ -](?:first|second|third|fourth|fifth|sixth|"
    r"seventh|eighth|ninth)|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|"
    r"eleventh|twelfth|thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|"
    r"nineteenth|twentieth|thirtieth)"
)
_UNIT = r"(?:one|two|three|four|five|six|seven|eight|nine)"
_TENS = r"(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)"
_TEEN = r"(?:ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen)"
_SMALL = rf"(?:\d{{1,2}}|{_TENS}(?:[ -]{_UNIT})?|{_TEEN}|(?:oh|o|zero)[ -]?{_UNIT}|{_UNIT})"
_YEAR = (
    rf"(?:(?:19|20)\d{{2}}|['’]?\d{{2}}|nineteen[ -](?:hundred(?: and)? )?{_SMALL}|"
    rf"two thousand(?: and)?(?: {_SMALL})?|twenty[ -]{_SMALL}|{_TENS}(?:[ -]{_UNIT})?|"
    rf"(?:oh|o|zero)[ -]{_UNIT}|{_TEEN})"
)
_LONG_YEAR = (
    rf"(?:(?:19|20)\d{{2}}|nineteen[ -](?:hundred(?: and)? )?{_SMALL}|"
    rf"two thousand(?: and)?(?: {_SMALL})?|twenty[ -]{_SMALL})"
)
_GAP = r"(?:,? +(?:(?:um|uh|er),? )?)"
_DATE = re.compile(
    r"\b(?:the )?(?:"
    rf"\d{{1,4}}[/.-]\d{{1,2}}[/.-]\d{{2,4}}"
    rf"|(?:{_ORDINAL}|{_SMALL})(?:{_GAP}(?:of )?(?:the )?(?:(?:um|uh|er),? )?){_MONTH}\b"
    rf"(?:,?{_GAP}?(?:of )?{_YEAR})?"
    rf"|{_MONTH}\b{_GAP}(?:the )?(?:{_ORDINAL}|{_SMALL})(?:{_GAP}(?:of )?{_YEAR})?"
    rf"|{_MONTH}\b{_GAP}(?:of )?{_LONG_YEAR}"
    rf"|{_ORDINAL}{_GAP}of the {_ORDINAL}(?:{_GAP}{_YEAR})?"
    rf"|{_ORDINAL}{_GAP}{_ORDINAL}{_GAP}{_YEAR}"
    rf"|{_SMALL}{_GAP}(?:slash )?{_SMALL}{_GAP}(?:slash )?{_YEAR}"
    r")\b",
    re.IGNORECASE,
)
_MONTH_AND_YEAR = re.compile(
    rf"(?:{_MONTH}|\d{{1,2}}){_GAP}?[/-]?(?:of )?(?:{_LONG_YEAR}|\d\d|{_TENS}(?:[ -]{_UNIT})?)",
    re.IGNORECASE,
)
_MONTHS_ELSEWHERE = (
    "enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre|"
    "janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre|"
    "januar|februar|märz|april|juni|juli|august|september|oktober|november|dezember|"
    "gennaio|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|dicembre|"
    "janeiro|fevereiro|março|maio|junho|julho|setembro|outubro|novembro|dezembro"
)
_ELSEWHERE = re.compile(
    r"\b(?:\d{1,4}[/.-]\d{1,2}[/.-]\d{2,4}"
    rf"|(?:\d{{1,2}}(?:er|\.|º)?|[^\W\d_]+(?:(?: et | y |-)[^\W\d_]+)?) (?:de )?"
    rf"(?:{_MONTHS_ELSEWHERE})\b"
    r"(?: (?:de(?:l)? )?(?:\d{4}|(?:mil|neunzehn|zwei|deux|dix|dos)[^\W\d_]*"
    r"(?:[ -][^\W\d_]+){0,5}))?"
    r")",
    re.IGNORECASE,
)
_WITH_BIRTH_YEAR = re.compile(
    rf"(?:19[2-9]\d|200\d|nineteen[ -](?:{_TENS}|hundred)|two thousand)", re.IGNORECASE
)


def find_dates(text: str, language: str = "en") -> list[tuple[int, int]]:
    """Return (start, end) of dates with at least two of day, month and year."""
    pattern = _DATE if language == "en" else _ELSEWHERE
    return [(m.start(), m.end()) for m in pattern.finditer(text)]


def has_birth_year(date: str) -> bool:
    """Whether a date names a year in which a grown caller can be born."""
    return bool(_WITH_BIRTH_YEAR.search(date))


def has_day(date: str) -> bool:
    """Whether a date names a day, as the end of a card's validity never does."""
    return _MONTH_AND_YEAR.fullmatch(date) is None
