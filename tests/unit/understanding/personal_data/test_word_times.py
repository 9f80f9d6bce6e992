"""A placeholder's word has the time of every word it stands for, since sound is silenced by it."""

from dataclasses import replace

import pytest

from bench.personal_data import TEXTS
from bench.scoring.marked_texts import MarkedText, read_marked
from services.domain.placeholders import placeholders_in
from services.domain.speech import PiiMention, PiiType, Transcript, Utterance, Word
from services.domain.word_places import word_places
from services.understanding.personal_data.words import redacted_words
from services.understanding.redaction import Redactor, with_placeholders

SPOKEN = [
    text
    for name in ("tuned", "held_out")
    for text in read_marked(TEXTS / f"{name}.txt")
    if text.form in {"spoken", "asr", "split"}
]


@pytest.fixture(scope="module")
def redactor() -> Redactor:
    return Redactor()


def timed(utterance: Utterance) -> Utterance:
    """Give every word a time: 250 ms, with pauses of 50 ms."""
    start = utterance.start_ms
    words = tuple(
        Word(text=text, start_ms=start + n * 300, end_ms=start + n * 300 + 250)
        for n, text in enumerate(utterance.text.split())
    )
    return replace(utterance, words=words, end_ms=words[-1].end_ms)


def transcript(text: MarkedText) -> Transcript:
    spread = [
        replace(u, start_ms=n * 60_000, end_ms=n * 60_000) for n, u in enumerate(text.utterances)
    ]
    return Transcript(
        id="t",
        provider="example",
        duration_ms=60_000 * len(spread),
        speakers=(),
        utterances=tuple(timed(u) for u in spread),
        spans=(),
        language="en",
    )


def said_at(utterance: Utterance, mention: PiiMention) -> tuple[int, int]:
    """Return the time of the words a mention touches."""
    places = word_places(utterance.words, utterance.text)
    assert places is not None
    touched = [
        word
        for word, (start, end) in zip(utterance.words, places, strict=True)
        if start < mention.end_char and mention.start_char < end
    ]
    return touched[0].start_ms, touched[-1].end_ms


def test_placeholders_cover_the_words_they_replace(redactor: Redactor) -> None:
    checked = 0
    for text in SPOKEN:
        before = transcript(text)
        after = redactor.redact(before)
        found = redactor.find(before.utterances, "en")
        for old, new, mentions in zip(before.utterances, after.utterances, found, strict=True):
            marks = [w for w in new.words for _ in placeholders_in(w.text)]
            assert len(marks) == len(mentions)
            for mention, mark in zip(mentions, marks, strict=True):
                start, end = said_at(old, mention)
                assert mark.start_ms <= start
                assert end <= mark.end_ms
                checked += 1
            assert [w.start_ms for w in new.words] == sorted(w.start_ms for w in new.words)
    assert checked > 250


def test_split_numbers_have_a_time_in_every_utterance(redactor: Redactor) -> None:
    text = next(t for t in SPOKEN if t.utterances[0].text == "What's the card number?")
    after = redactor.redact(transcript(text))
    pieces = [
        [(w.start_ms, w.end_ms) for w in u.words if "[CARD]" in w.text]
        for u in after.utterances
        if u.speaker == "customer"
    ]
    assert [len(times) for times in pieces] == [1, 1, 1, 1]


def test_words_that_dont_fit_the_text_are_covered_all_the_same() -> None:
    """Recognised as one word each, but written otherwise: the whole stretch counts."""
    text = "My number is 312-555-0142 as of today"
    start = text.index("312")
    mention = PiiMention(type=PiiType.PHONE, start_char=start, end_char=start + 12)
    spoken = ["My", "number", "is", "three", "one", "two", "555", "0142", "as", "of", "today"]
    words = [Word(text=w, start_ms=n * 300, end_ms=n * 300 + 250) for n, w in enumerate(spoken)]
    clean = with_placeholders(text, [mention]).text
    after = redacted_words(words, text, [mention], clean)
    (mark,) = [w for w in after if "[PHONE]" in w.text]
    assert [w.text for w in after] == clean.split()
    assert mark.start_ms <= 900
    assert mark.end_ms >= 7 * 300 + 250
    assert (after[0].start_ms, after[-1].end_ms) == (0, 10 * 300 + 250)
