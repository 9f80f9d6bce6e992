"""Words written as their owners want them, in text and words alike."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.analysis.spelling import respelled
from services.domain.speech import PiiMention, PiiType, Word
from tests.builders import transcript, utterance

SPELLING = (
    ("acme tell", "AcmeTel"),
    ("acme", "Acme Inc."),
    ("see pap", "CPAP"),
    ("see pap mask", "CPAP Mask"),
    ("colour", "color"),
    ("can", "kan"),
    ("o'riley", "O'Reilly"),
    ("c plus plus", "C++"),
    ("iphone", "iPhone"),
    ("東京電力", "TEPCO"),
)


def respell(text, spelling=SPELLING):
    return respelled(transcript(utterance(1, "s1", 1_000, text)), spelling).utterances[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I have acme tell.", "I have AcmeTel."),
        ("ACME TELL is here", "AcmeTel is here"),
        ("Acme Tell's bill", "AcmeTel's bill"),
        ("the acme-tell bill", "the AcmeTel bill"),
        ("from acme.", "from Acme Inc."),
        ("from acme, yes", "from Acme Inc., yes"),
        ("a see pap mask, a see pap", "a CPAP Mask, a CPAP"),
        ("Colour matters. Colour! the Colour", "Color matters. Color! the color"),
        ("colour matters", "color matters"),
        ("Iphone or iphone", "iPhone or iPhone"),
        ("I can't. I can.", "I can't. I kan."),
        ("Mr O’Riley", "Mr O'Reilly"),
        ("in C plus plus.", "in C++."),
        ("scan a canoe, pre-can, can-do", "scan a canoe, pre-can, can-do"),
        ("acme, tell me", "Acme Inc., tell me"),
        ("これは東京電力です", "これはTEPCOです"),
        ("nothing of it", "nothing of it"),
    ],
)
def test_how_it_is_written(text, expected):
    now = respell(text)
    assert now.text == expected
    assert " ".join(w.text for w in now.words) == expected


def test_words_that_become_one_share_their_time():
    now = respell("at acme tell today")
    assert [(w.text, w.start_ms, w.end_ms) for w in now.words] == [
        ("at", 1_000, 1_350),
        ("AcmeTel", 1_400, 2_150),
        ("today", 2_200, 2_550),
    ]


def test_a_word_that_becomes_two_is_split():
    now = respell("at acme today")
    assert [(w.text, w.start_ms, w.end_ms) for w in now.words][1:3] == [
        ("Acme", 1_400, 1_575),
        ("Inc.", 1_575, 1_750),
    ]


def test_a_word_changed_for_one_keeps_its_confidence():
    line = utterance(1, "s1", 0, "colour")
    line = replace(line, words=tuple(replace(w, confidence=0.7) for w in line.words))
    [now] = respelled(transcript(line), SPELLING).utterances
    assert now.words == (Word(text="color", start_ms=0, end_ms=350, confidence=0.7),)


def test_what_was_written_is_not_looked_at_again():
    assert respell("a b", (("a", "b"), ("b", "a"))).text == "b a"


def test_words_written_otherwise_than_the_text_follow_it():
    line = replace(utterance(1, "s1", 0, "i have acme tell"), text="I have Acme Tell.")
    [now] = respelled(transcript(line), SPELLING).utterances
    assert now.text == "I have AcmeTel."
    assert [w.text for w in now.words] == ["i", "have", "AcmeTel"]


def test_an_utterance_without_words_is_written_too():
    line = replace(utterance(1, "s1", 0, "acme tell"), words=())
    [now] = respelled(transcript(line), SPELLING).utterances
    assert (now.text, now.words) == ("AcmeTel", ())


def test_nothing_else_changes():
    before = transcript()
    assert respelled(before, (("acme tell", "AcmeTel"),)) == before
    assert respelled(before, ()) is before


def test_marked_personal_data_keeps_its_place():
    mention = PiiMention(type=PiiType.PERSON, start_char=10, end_char=14)
    line = replace(utterance(1, "s1", 0, "acme tell Jane"), pii=(mention,))
    assert respelled(transcript(line), SPELLING).utterances == (line,)


TERMS = st.text(alphabet="ab'-.é ", min_size=1, max_size=6).filter(
    lambda t: any(c.isalnum() for c in t)
)
PAIRS = st.lists(st.tuples(TERMS, TERMS.map(lambda t: " ".join(t.split()))), max_size=4)
TEXTS = st.lists(
    st.text(alphabet="abé'-.,AB", min_size=1, max_size=4), min_size=1, max_size=10
).map(" ".join)


@given(TEXTS, PAIRS)
def test_text_and_words_go_on_saying_the_same(text, spelling):
    now = respell(text, spelling)
    assert " ".join(w.text for w in now.words) == now.text
    starts = [w.start_ms for w in now.words]
    assert starts == sorted(starts)
    assert all(1_000 <= w.start_ms <= w.end_ms <= now.end_ms for w in now.words)
