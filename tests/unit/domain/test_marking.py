"""Where the words of a query stand in a line, in the line's own characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.errors import InvalidRequest
from services.domain.folding import folded_words, placed_words
from services.domain.marking import best_first, marks_in
from services.domain.searching import MOST_QUERY_CHARS, any_of, read_query


def marked(text: str, typed: str, then: str = "") -> list[str] | None:
    """The marked parts of a text, which its speaker follows up with ``then``."""
    marks = marks_in(text, [*folded_words(text), *folded_words(then)], read_query(typed))
    return None if marks is None else [text[start:end] for start, end in marks]


@pytest.mark.parametrize(
    ("text", "typed", "expected"),
    [
        ("I want a refund, a REFUND!", "refund", ["refund", "REFUND"]),
        ("Zürich – cafe\u0301 CAFÉ", "cafe zurich", ["Zürich", "cafe\u0301", "CAFÉ"]),
        ("I don’t", "dont", ["don’t"]),
        ("Straße, ½ und ﬁx", "strasse fix", ["Straße", "ﬁx"]),
        ("speak to a, to a", '"to a"', ["to a", "to a"]),
        ("to to to", '"to to"', ["to to to"]),
        ("cancel cancelled", "cancel*", ["cancel", "cancelled"]),
        ("a refund", "refund -please", ["refund"]),
        ("a refund please", "refund -please", None),
        ("a refund", "refund money", None),
    ],
)
def test_marks(text: str, typed: str, expected: list[str] | None) -> None:
    assert marked(text, typed) == expected


def test_what_the_speaker_says_next_counts_only_for_phrases_that_begin_in_the_line() -> None:
    assert marked("speak to a", '"to a manager"', "manager now") == ["to a"]
    assert marked("speak to a", "manager", "manager now") is None
    assert marked("speak to a", "speak -manager", "manager now") == ["speak"]


@given(st.text(alphabet="aÀé́ßﬁ’' -½Ωİn\u0300Z1_\n", max_size=30))
def test_placed_words_are_the_folded_words_and_stand_where_they_say(text: str) -> None:
    placed = placed_words(text)
    assert [word for word, _, _ in placed] == folded_words(text)
    for word, start, end in placed:
        # One character can stand for letters of two words ("½").
        assert word in "".join(folded_words(text[start:end]))


def test_the_best_lines_hold_rarer_words_more_often_in_fewer_words() -> None:
    lines = [
        ["a", "refund", "in", "a", "long", "line", "about", "nothing"],
        ["refund"],
        ["levy", "refund"],
        ["a", "levy", "a"],
        ["refund", "refund"],
        ["refund"],
    ]
    order = best_first(lines, any_of(["refund", "levy"]))
    assert order[0] == 2
    assert order[-1] == 0
    assert order.index(4) < order.index(1) < order.index(5)


@pytest.mark.parametrize("typed", ["x" * (MOST_QUERY_CHARS + 1), "a*", "refund b*"])
def test_what_cannot_be_looked_for_is_refused(typed: str) -> None:
    with pytest.raises(InvalidRequest):
        read_query(typed)
