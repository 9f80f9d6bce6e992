"""Better words of lines, and whether they are better."""

import pytest

from services.domain.speech import Utterance, Word
from services.engine.live.rewording import HANDICAP, Rewording, is_likelier, together


def said(text: str, confidence: float | None, start_ms: int = 0) -> tuple[Word, ...]:
    """Words of 100 ms each."""
    return tuple(
        Word(
            text=word,
            start_ms=start_ms + at * 100,
            end_ms=start_ms + at * 100 + 100,
            confidence=confidence,
        )
        for at, word in enumerate(text.split())
    )


def line(text: str, confidence: float | None, start_ms: int = 0) -> Utterance:
    words = said(text, confidence, start_ms)
    return Utterance(
        id=f"at{start_ms}",
        speaker=None,
        start_ms=start_ms,
        end_ms=words[-1].end_ms,
        text=text,
        words=words,
    )


def reworded(
    before: str, was: float | None, after: str, now: float | None, start_ms: int = 0
) -> Rewording:
    return Rewording(lines=(line(before, was, start_ms),), words=said(after, now, start_ms))


@pytest.mark.parametrize(
    ("was", "now", "is_better"),
    [
        (0.8, 0.9, True),
        (0.8, 0.8 - HANDICAP + 0.01, True),
        (0.8, 0.8 - HANDICAP - 0.01, False),
        (None, 0.1, True),
        (0.9, None, True),
    ],
)
def test_the_surer_words_are_taken(was: float | None, now: float | None, is_better: bool) -> None:
    assert (
        is_likelier([reworded("it costs for dollars", was, "it costs four dollars", now)])
        is is_better
    )


@pytest.mark.parametrize(
    ("after", "is_better"),
    [
        ("we have a c-pap here", True),
        ("we have a C-Pap. here", True),
        ("we have a cpap machine here", True),
        ("we have a see pap here", False),
    ],
)
def test_unsure_words_are_taken_for_the_vocabulary(after: str, is_better: bool) -> None:
    one = reworded("we have a sea pap here", 0.9, after, 0.5)
    assert is_likelier([one], ["CPAP", "Harbor Energy"]) is is_better


@pytest.mark.parametrize(
    ("before", "after", "is_better"),
    [
        ("somebody hit me from behind at a red light", "I am", False),
        ("I will walk you through", "I will walk you", False),
        ("the number is six one seven five", "the number is 6175.", True),
        ("it is 6175", "it is six one seven five", True),
        ("and , well", "and well", True),
    ],
)
def test_words_that_were_left_out_are_not_taken_away(
    before: str, after: str, is_better: bool
) -> None:
    """However sure the second model is of what it has heard."""
    assert is_likelier([reworded(before, 0.8, after, 0.99)]) is is_better


def test_a_term_of_the_vocabulary_is_not_worth_a_whole_sentence() -> None:
    one = reworded("so the sea pap is on its way to you today", 0.9, "the CPAP", 0.5)
    assert not is_likelier([one], ["CPAP"])


def test_a_term_that_the_caption_has_too_proves_nothing() -> None:
    one = reworded("this is harbor energy hello", 0.9, "this was Harbor Energy. hollow", 0.5)
    assert not is_likelier([one], ["Harbor Energy"])


def test_lines_without_a_pause_between_them_stand_or_fall_together() -> None:
    """The word at the cut was in both captions; in the better words the second line has it.

    |-- so I --||-- will --|        |-- bye --|
    """
    first = reworded("so I", 0.6, "so", 0.9, 0)
    second = reworded("will", 0.9, "I will", 0.75, 200)
    far = reworded("bye", 0.9, "buy", 0.4, 2_000)
    groups = together([far, second, first])
    assert groups == [[first, second], [far]]
    assert [is_likelier(group) for group in groups] == [True, False]
    assert not is_likelier([first])
    assert not is_likelier([second])


def test_words_go_to_the_line_in_which_they_lie() -> None:
    """The last word lies behind both lines."""
    lines = (line("one two", 0.5, 0), line("three", 0.5, 200))
    one = Rewording(lines=lines, words=said("a b c d", 0.9))
    assert [(owner.id, [w.text for w in words]) for owner, words in one.by_line()] == [
        ("at0", ["a", "b"]),
        ("at200", ["c", "d"]),
    ]
    assert (one.start_ms, one.end_ms) == (0, 300)
