"""Marked texts and the counting of what was found in them."""

from pathlib import Path

import pytest

from bench.scoring.marked_texts import read_marked
from bench.scoring.mentions import MentionCounts
from services.domain.speech import PiiMention, PiiType


def mention(kind: PiiType, start: int, end: int) -> PiiMention:
    return PiiMention(type=kind, start_char=start, end_char=end)


def test_marks_are_taken_out_and_say_where_they_stood(tmp_path: Path) -> None:
    file = tmp_path / "texts.txt"
    file.write_text(
        "# a comment\n\nspoken, es | Llame al <PHONE:seis uno> o <PHONE:seis dos>.\n"
        "split | Your name? // C: <PERSON:Dana>. // Thanks.\n"
    )
    spoken, split = read_marked(file)
    assert (spoken.form, spoken.language) == ("spoken", "es")
    (line,) = spoken.utterances
    assert line.text == "Llame al seis uno o seis dos."
    assert [line.text[m.start_char : m.end_char] for m in spoken.truth[0]] == [
        "seis uno",
        "seis dos",
    ]
    assert [u.speaker for u in split.utterances] == ["agent", "customer", "agent"]
    assert [len(own) for own in split.truth] == [0, 1, 0]
    assert split.language == "en"


def test_a_line_without_a_form_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "texts.txt"
    file.write_text("nothing said about its form\n")
    with pytest.raises(ValueError, match="No form"):
        read_marked(file)


def test_counting() -> None:
    counts = MentionCounts()
    text = "call 555-0126, code 814, Dana"
    truth = [
        mention(PiiType.PHONE, 5, 13),
        mention(PiiType.CVV, 20, 23),
        mention(PiiType.PERSON, 25, 29),
    ]
    found = [
        mention(PiiType.PHONE, 5, 13),  # all of it
        mention(PiiType.ACCOUNT, 20, 23),  # taken out, but as something else
        mention(PiiType.PERSON, 25, 27),  # only half
        mention(PiiType.PERSON, 0, 4),  # nothing personal
    ]
    counts.add(text, "written", truth, found)
    counts.add_harmless([])
    counts.add_harmless(found[:2])
    assert counts.recall() == pytest.approx(1 / 3)
    assert counts.coverage() == pytest.approx(2 / 3)
    assert counts.coverage(kind=PiiType.CVV) == 1
    assert counts.recall(kind=PiiType.CVV) == 0
    assert counts.recall(form="written") == pytest.approx(1 / 3)
    assert counts.recall(kind=PiiType.IBAN) is None
    assert counts.precision == pytest.approx(3 / 6)
    assert (counts.harmless, counts.touched) == (2, 1)


def test_marks_between_covered_characters_dont_matter() -> None:
    counts = MentionCounts()
    parts = [mention(PiiType.ADDRESS, 0, 12), mention(PiiType.ADDRESS, 14, 19)]
    counts.add("24 Larch Rd., Leeds", "written", [mention(PiiType.ADDRESS, 0, 19)], parts)
    assert counts.recall() == 1
    assert MentionCounts().precision is None
