"""Word errors of a call and of its speakers."""

import importlib

import pytest

from bench.libraries import LibraryMissing
from bench.scoring.words import (
    WordErrors,
    english,
    errors_by_speaker,
    errors_in,
    errors_of_call,
    joining_numbers,
)
from services.domain.speech import Utterance
from tests.builders import utterance

TRUE = (
    utterance(1, "agent", 0, "how can I help"),
    utterance(2, "customer", 3_000, "my bill is wrong"),
    utterance(3, "agent", 6_000, "I will look"),
)


def spoken_by(*speakers: str | None) -> tuple[Utterance, ...]:
    """The same texts, said by these."""
    return tuple(
        utterance(n, speaker, u.start_ms, u.text)
        for n, (u, speaker) in enumerate(zip(TRUE, speakers, strict=True))
    )


def same(text: str) -> str:
    return text


class TestWholeCall:
    def test_kinds_of_errors(self) -> None:
        found = errors_in("a b c d e", "z a x c e")
        assert found == WordErrors(words=5, substitutions=1, deletions=1, insertions=1)
        assert found.rate == pytest.approx(3 / 5)

    def test_order_is_of_time_whoever_speaks(self) -> None:
        heard = spoken_by("s1", "s1", "s1")
        assert errors_of_call(TRUE, reversed(heard), same).rate == 0.0

    def test_words_without_truth_have_no_rate(self) -> None:
        found = errors_in("", "one two")
        assert (found.insertions, found.rate) == (2, None)

    def test_nothing_heard_is_all_deleted(self) -> None:
        assert errors_in("one two", "").rate == 1.0


class TestBySpeaker:
    def test_names_do_not_matter(self) -> None:
        assert errors_by_speaker(TRUE, spoken_by("s2", "s1", "s2"), same).rate == 0.0

    def test_words_of_the_wrong_speaker_are_errors_twice(self) -> None:
        found = errors_by_speaker(TRUE, spoken_by("s2", "s1", "s1"), same)
        # "I will look" is missing from the agent's row and too much in the customer's
        assert (found.deletions, found.insertions) == (3, 3)
        assert found.words == 11

    def test_words_given_to_nobody_are_a_row_of_their_own(self) -> None:
        found = errors_by_speaker(TRUE, spoken_by("s2", "s1", None), same)
        assert (found.deletions, found.insertions) == (3, 3)

    def test_no_speaker_heard(self) -> None:
        found = errors_by_speaker(TRUE, (), same)
        assert (found.deletions, found.rate, found.files) == (11, 1.0, 1)


def test_english_normal_form() -> None:
    normalise = english()
    assert normalise("Um, I've paid twenty-one dollars for the Colour!") == normalise(
        "I have paid $21 for the color"
    )


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("617-555-0198", "six one seven, five five five, oh one nine eight"),
        ("617 555 0198", "six one seven, five five five, oh one nine eight"),
        ("at 11:30 in the morning", "at eleven thirty in the morning"),
    ],
)
def test_a_number_is_one_word_however_it_is_grouped(written: str, spoken: str) -> None:
    normalise = joining_numbers(english())
    assert normalise(written) == normalise(spoken)
    assert len(normalise(written).split()) == len(normalise(spoken).split())
    assert normalise("617-555-0199") != normalise(spoken)


def test_a_missing_library_ends_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", absent)
    with pytest.raises(LibraryMissing, match=r"requirements-dev\.txt"):
        english()
