"""Runs of digits and letters as they are said."""

import pytest

from services.understanding.personal_data.codes import find_codes
from services.understanding.personal_data.tokens import tokenise


def spelled(text: str, language: str = "en") -> list[str]:
    return [code.characters for code in find_codes(tokenise(text), language)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("four double one triple oh", ["411000"]),
        ("four one, uh, one, no sorry, two", ["4112"]),
        ("nine hundred, four sixty one", ["900461"]),
        ("forty-two oh six", ["4206"]),
        ("K as in kilo, seven, M for mother, zed", ["K7MZ"]),
        ("tango kilo four", ["TK4"]),
        ("s w one a two a a", ["SW1A2AA"]),
        ("n o v a k", ["NOVAK"]),
        ("oh seven seven o", ["0770"]),
        ("one two three and then four five six", ["123456"]),
        ("two and a half", ["2"]),
        ("one eighty nine a night", ["189"]),
        ("the hotel in november", []),
        ("no, wait, then", []),
    ],
)
def test_english(text: str, expected: list[str]) -> None:
    assert spelled(text) == expected


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("es", "cuatro uno, treinta y dos, veintidós, doble cero", ["41322200"]),
        ("fr", "quatre-vingt-dix-neuf, zéro un, soixante et onze, vingt et un", ["99017121"]),
        ("fr", "zéro six soixante dix huit", ["0678"]),
        ("de", "null eins, zwo, fünfundzwanzig, einunddreißig", ["0122531"]),
        ("it", "tre quattro ventuno", ["3421"]),
        ("pt", "meia dois vinte e um", ["6221"]),
        ("fi", "four one", ["41"]),
    ],
)
def test_other_languages(language: str, text: str, expected: list[str]) -> None:
    assert spelled(text, language) == expected


def test_what_names_a_code_is_no_part_of_it() -> None:
    tokens = tokenise("c v c two five one")
    (code,) = find_codes(tokens, named={0, 1, 2})
    assert (code.first, code.characters) == (3, "251")
