"""Entities in lines as people say them; each example marks what has to be found, and nothing else.

Below a line stands its ruler: a letter under every character of an entity (A amount, D date,
T time, L length of time, P percentage, Q quantity, G product).
"""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.analysis.edits import apply_edits
from services.analysis.entities.finding import EntityContext, entities_of, line_entities
from services.analysis.entities.products import terms_pattern
from services.domain.edits import CallEdits, TextCorrection
from services.domain.placeholders import placeholders_in
from services.domain.speech import PiiMention, PiiType, Utterance
from services.domain.topics import EntityKind
from tests import builders

LETTERS = {
    EntityKind.AMOUNT: "A",
    EntityKind.DATE: "D",
    EntityKind.TIME: "T",
    EntityKind.DURATION: "L",
    EntityKind.PERCENTAGE: "P",
    EntityKind.QUANTITY: "Q",
    EntityKind.PRODUCT: "G",
}
A_THURSDAY = date(2026, 11, 12)
RULERS = """
it went up to a hundred and thirty one dollars this month
              AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA DDDDDDDDDD
I pay forty nine ninety nine a month and now £12.50 more
      AAAAAAAAAAAAAAAAAAAAAA                 AAAAAA
the engineer comes on Thursday between eight and twelve
                      DDDDDDDD TTTTTTTTTTTTTTTTTTTTTTTT
I can take forty percent off for the next six months
           PPPPPPPPPPPPP                  LLLLLLLLLL
it has been like that for two weeks since the third of May
                          LLLLLLLLL       DDDDDDDDDDDDDDDD
the lisinopril, ten milligrams, ready at half past eight
                QQQQQQQQQQQQQQ           TTTTTTTTTTTTTTT
you billed my travel pass twice, on 2026-11-03 and again
              GGGGGGGGGGG           DDDDDDDDDD
three to five business days, or tomorrow at 10 a.m. sharp
LLLLLLLLLLLLLLLLLLLLLLLLLLL     DDDDDDDD    TTTTTT
I may march on, the second one was right, one second please

call five five five zero one four two or come to the second floor

"""


def line(text: str, **changes) -> Utterance:
    """A line without word times."""
    return Utterance(id="u", speaker="s", start_ms=1_000, end_ms=9_000, text=text, **changes)


def drawn(text: str) -> str:
    """The ruler of what is found."""
    ruler = [" "] * len(text)
    for entity in line_entities(line(text), A_THURSDAY):
        places = slice(entity.start_char, entity.end_char)
        ruler[places] = LETTERS[entity.kind] * (entity.end_char - entity.start_char)
    return "".join(ruler).rstrip()


PAIRS = RULERS.strip("\n").split("\n")


@pytest.mark.parametrize(("text", "ruler"), list(zip(PAIRS[::2], [*PAIRS[1::2], ""], strict=False)))
def test_found_where_the_ruler_says(text, ruler):
    """All of it, and nothing beside it."""
    assert drawn(text) == ruler


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("twelve pounds fifty", "12.50 GBP"),
        ("three dollars and twenty cents", "3.20 USD"),
        ("$1,200.50", "1200.50 USD"),
        ("fifty pence", "0.50 GBP"),
        ("nine ninety nine a month", "9.99"),
        ("one eighty nine a night", "189.00"),
        ("two thousand five hundred euros", "2500.00 EUR"),
        ("next Tuesday", "2026-11-17"),
        ("next Thursday", "2026-11-19"),
        ("last Thursday", "2026-11-05"),
        ("in two weeks", "2026-11-26"),
        ("three days ago", "2026-11-09"),
        ("the day after tomorrow", "2026-11-14"),
        ("December the third", "2026-12-03"),
        ("the second of January", "2027-01-02"),
        ("Thursday", "thursday"),
        ("half past eight in the evening", "20:30"),
        ("quarter to nine", "8:45"),
        ("12:15 am", "00:15"),
        ("half an hour", "PT30M"),
        ("one and a half percent", None),
        ("1.5 percent", "1.5 %"),
    ],
)
def test_values(text, value):
    """What means the same has the same value; what can't be resolved keeps its words."""
    values = [e.value for e in line_entities(line(text), A_THURSDAY)]
    assert (values == [value]) if value else ("1.5 %" not in values)


def test_relative_dates_need_the_day_of_the_call():
    """Without it they keep their words."""
    assert [e.value for e in line_entities(line("in two weeks"))] == ["in two weeks"]


def test_amounts_count_in_minor_units():
    """A currency only where one was told."""
    told, untold = line_entities(line("it was £12.50, I pay nineteen ninety nine a month"))
    assert (told.amount_minor, told.currency) == (1_250, "GBP")
    assert (untold.amount_minor, untold.currency) == (1_999, None)


def test_own_words_are_products_wherever_they_stand():
    """The organisation's vocabulary wins over what callers call theirs."""
    found = line_entities(line("the SkyBox is broken"), terms=terms_pattern(["Skybox", "sky"]))
    assert [(e.kind, e.value) for e in found] == [(EntityKind.PRODUCT, "skybox")]


def test_times_are_those_of_its_words():
    """Not of the whole line."""
    spoken = builders.utterance(1, "s2", 10_000, "you took twelve pounds fifty from me")
    (entity,) = line_entities(spoken)
    #        you    took   twelve pounds fifty
    # 10_000 10_400 10_800 11_200 11_600 … 11_950
    assert (entity.start_ms, entity.end_ms) == (10_800, 11_950)


def test_personal_data_is_passed_over():
    """A date of birth is no date, whether it is marked or taken out already."""
    text = "born on the third of May 1970, paid 12 dollars"
    at = text.index("the third")
    marked = PiiMention(type=PiiType.DOB, start_char=at, end_char=text.index(", paid"))
    assert [e.text for e in line_entities(line(text, pii=(marked,)))] == ["12 dollars"]
    assert line_entities(line("born on [DOB] and [PHONE]")) == []


def test_other_languages_have_none():
    """Better nothing than numbers read in the wrong language."""
    spoken = builders.transcript(builders.utterance(1, "s2", 0, "12 euros a month"))
    assert entities_of(spoken, EntityContext())
    assert entities_of(replace(spoken, language="de-DE"), EntityContext()) == ()


def test_a_corrected_line_is_read_again():
    """What is corrected away is gone from the entities, what is typed in is there."""
    spoken = builders.transcript(
        builders.utterance(1, "s1", 0, "that is 40 dollars"),
        builders.utterance(2, "s2", 5_000, "and 50 dollars"),
    )
    spoken = replace(spoken, entities=entities_of(spoken, EntityContext()))
    wrong = spoken.utterances[0]
    typed = TextCorrection(
        utterance_id="u1", start_ms=wrong.start_ms, end_ms=wrong.end_ms, text="that is 14 dollars"
    )
    shown = apply_edits(spoken, CallEdits(corrections=(typed,)))
    assert [e.value for e in shown.entities] == ["14.00 USD", "50.00 USD"]


PIECES = st.sampled_from(
    [
        "twelve",
        "fifty",
        "ninety",
        "nine",
        "hundred",
        "thousand",
        "and",
        "a",
        "the",
        "of",
        "May",
        "third",
        "next",
        "Tuesday",
        "in",
        "two",
        "weeks",
        "at",
        "half",
        "past",
        "to",
        "between",
        "pounds",
        "dollars",
        "£",
        "$",
        "%",
        "percent",
        "12.50",
        "1,200",
        "8:30",
        ".",
        ",",
        "-",
        "point",
        "cents",
        "ago",
        "pm",
        "my",
        "travel",
        "pass",
        "[PHONE]",
        "[DOB]",
        "[CARD]",
        "million",
        "grand",
        "99999999999999999999",
        "2026-13-45",
        "è",
        "日",
    ]
)


@given(st.lists(PIECES, max_size=14), st.sampled_from([" ", ""]), st.booleans())
def test_ranges_lie_in_the_text_and_touch_nothing(pieces, between, dated):
    """Inside the text, apart from each other, and never on a placeholder."""
    text = between.join(pieces)
    found = line_entities(line(text), A_THURSDAY if dated else None)
    taken = [(m.start_char, m.end_char) for m in placeholders_in(text)]
    for entity in found:
        assert 0 <= entity.start_char < entity.end_char <= len(text)
        assert entity.text == text[entity.start_char : entity.end_char]
        assert all(entity.end_char <= s or e <= entity.start_char for s, e in taken)
        taken.append((entity.start_char, entity.end_char))
