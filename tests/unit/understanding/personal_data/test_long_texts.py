"""Long texts: work grows with their length, and nothing is lost where they are cut."""

import time
from itertools import cycle, islice

import pytest

from services.understanding.personal_data.pieces import LONGEST, pieces_of
from services.understanding.redaction import Redactor

REDACTOR = Redactor()
SHORT, TIMES = 1_800, 8
MOST = 40.0
"""Work that grows with the square would be 64 times as much; a busy machine blurs the rest."""
FILLER = "We looked at it again and nothing else was wrong with that line at all. "
KINDS = {
    "number words": ["one", "two", "thirty", "four", "hundred", "double", "oh", "and", "nine"],
    "names": ["Maria", "Lopez", "John", "Smith", "Ingrid", "Vasquez", "Peter"],
    "digits": ["4", "1", "1", "12", "7700", "900", "5566"],
    "addresses of e-mail": ["at", "some", "dot", "com", "j", "dot", "doe", "at", "example", "dot"],
    "streets": [
        "twelve",
        "Rowan",
        "Road",
        "Mill",
        "Lane",
        "flat",
        "4",
        "High",
        "Street",
        "way",
        "hill",
    ],
    "prose": FILLER.split(),
    "subjects": [
        "my",
        "card",
        "number",
        "is",
        "account",
        "phone",
        "date",
        "of",
        "birth",
        "4111",
        "name",
    ],
    "letters": ["A", "b", "as", "in", "K", "bravo"],
    "dates": ["june", "the", "third", "of", "nineteen", "eighty", "march"],
    "distinct names": [f"Mr Xa{a}{b}vez" for a in "abcdefghijklmnopqrst" for b in "abcdefghijk"],
}


def _long(kind: str, characters: int) -> str:
    words = islice(cycle(KINDS[kind]), characters)
    return " ".join(words)[:characters]


def _work(text: str, *, runs: int) -> float:
    """Return the processor time of this thread, in seconds; the best of some runs."""
    taken = []
    for _ in range(runs):
        began = time.thread_time()
        REDACTOR.find_text(text)
        taken.append(time.thread_time() - began)
    return min(taken)


@pytest.mark.parametrize("kind", KINDS)
def test_work_grows_with_length(kind: str) -> None:
    REDACTOR.find_text("Hello, this is Dana.")
    short = _work(_long(kind, SHORT), runs=2)
    assert _work(_long(kind, SHORT * TIMES), runs=1) <= MOST * short


@pytest.mark.parametrize("length", [0, 1, LONGEST, LONGEST + 1, 2_000, 2_001, 9_999])
@pytest.mark.parametrize("filler", [FILLER, "x"])
def test_own_parts_make_up_the_text(length: int, filler: str) -> None:
    text = (filler * length)[:length]
    pieces = pieces_of(text)
    assert [p.own_start for p in pieces] == [0, *(p.own_end for p in pieces[:-1])]
    assert pieces[-1].own_end == len(text)
    assert all(p.start <= p.own_start <= p.own_end <= p.end for p in pieces)


@pytest.mark.parametrize("at", range(500, 900, 37))
def test_nothing_is_lost_where_a_text_is_cut(at: int) -> None:
    before = (FILLER * 20)[: at - at % len(FILLER)] + "Yes, " * ((at % len(FILLER)) // 5)
    said = (
        "My name is Marcus Hollander, the card is four one one one, one one one one, one one one "
        "one, one one one one, and I live at 14 Rowan Close, Ludlow, so mail m dot hollander at "
        "example dot com. "
    )
    redacted = REDACTOR.redact_text(before + said + FILLER * 20)
    assert "[PERSON]" in redacted
    assert "[CARD]" in redacted
    assert "[ADDRESS]" in redacted
    assert "[EMAIL]" in redacted
    for left in ("Hollander", "hollander", "four", "one one", "14", "Rowan", "Ludlow"):
        assert left not in redacted


def test_a_number_longer_than_a_piece_is_covered_whole() -> None:
    redacted = REDACTOR.redact_text("Go on. " + "four one seven " * 400 + "and that is all.")
    assert not any(digit in redacted for digit in ("four", "one ", "seven"))
