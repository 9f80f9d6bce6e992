"""Answers of fast transcription as transcripts."""

import numpy as np
import pytest

from services.domain.speech import Span
from services.providers.azure_speech.phrases import transcript_of
from tests.unit.providers.azure_speech.sounds import recording_of

RECORDING = recording_of(np.zeros((160_000, 1), np.float32))  # 10 s
PAIR = recording_of(np.zeros((160_000, 2), np.float32), separate=True)


def phrase(text, start, length, words=None, **told):
    step = length // max(1, len(text.split()))
    spread = [(w, start + n * step, step) for n, w in enumerate(text.split())]
    return {
        "text": text,
        "offsetMilliseconds": start,
        "durationMilliseconds": length,
        "words": [
            {"text": w, "offsetMilliseconds": s, "durationMilliseconds": d}
            for w, s, d in (spread if words is None else words)
        ],
        **told,
    }


def read(*phrases, recording=RECORDING, language="en", one_voice=False):
    return transcript_of({"phrases": phrases}, recording, language, one_voice=one_voice)


def test_voices_are_numbered_as_they_are_first_heard():
    r"""
    0    1    2    3    4
    |-7--|         |-7--|
         |-2--|
    """
    made = read(
        phrase("Yes?", 1_000, 1_000, speaker=2),
        phrase("Hello.", 0, 1_000, speaker=7),
        phrase("Bye.", 3_000, 1_000, speaker=7),
    )
    assert [(u.id, u.speaker, u.text) for u in made.utterances] == [
        ("u1", "s1", "Hello."),
        ("u2", "s2", "Yes?"),
        ("u3", "s1", "Bye."),
    ]
    assert made.spans == (
        Span(speaker="s1", start_ms=0, end_ms=1_000),
        Span(speaker="s2", start_ms=1_000, end_ms=2_000),
        Span(speaker="s1", start_ms=3_000, end_ms=4_000),
    )


def test_what_is_given_to_nobody_stays_so():
    made = read(phrase("Hello.", 0, 900, speaker=1), phrase("Hm.", 2_000, 500))
    assert [u.speaker for u in made.utterances] == ["s1", None]
    assert {s.speaker for s in made.spans} == {"s1"}


def test_a_silent_channel_has_no_speaker():
    made = read(phrase("Hello.", 0, 900, channel=1), recording=PAIR)
    assert [(s.id, s.label, s.channel) for s in made.speakers] == [("s2", "Speaker 2", 1)]
    assert made.utterances[0].channel == 1


def test_only_what_was_asked_for_tells_who_speaks():
    """The service may tell a channel where all were mixed, and a speaker where nobody asked."""
    mixed = (
        phrase("Hello.", 0, 900, speaker=1, channel=0),
        phrase("Yes?", 1_000, 900, speaker=0, channel=0),
    )
    assert [(u.speaker, u.channel) for u in read(*mixed).utterances] == [("s1", None), ("s2", None)]
    alone = read(*mixed, one_voice=True)
    assert [(u.speaker, u.channel) for u in alone.utterances] == [("s1", None)] * 2
    apart = phrase("Hello.", 0, 900, speaker=5, channel=1)
    assert [u.speaker for u in read(apart, recording=PAIR).utterances] == ["s2"]


def test_confidence_is_passed_on_or_absent():
    made = read(
        phrase("One.", 0, 500, speaker=1, confidence=0.87654),
        phrase("Two.", 1_000, 500, speaker=1),
        phrase("Three.", 2_000, 500, speaker=1, confidence=1.2),
    )
    assert [u.confidence for u in made.utterances] == [0.877, None, 1.0]
    assert {w.confidence for u in made.utterances for w in u.words} == {None}


def test_spans_follow_the_words_inside_a_phrase():
    words = [("Well,", 0, 400), ("now.", 3_000, 500)]
    made = read(phrase("Well, now.", 0, 4_000, words, speaker=1))
    assert [(s.start_ms, s.end_ms) for s in made.spans] == [(0, 400), (3_000, 3_500)]


@pytest.mark.parametrize("words", [[], [("Other", 0, 400), ("words.", 500, 400)]])
def test_words_that_do_not_make_up_the_text_are_left_out(words):
    made = read(phrase("These words.", 0, 4_000, words, speaker=1))
    assert made.utterances[0].words == ()
    assert [(s.start_ms, s.end_ms) for s in made.spans] == [(0, 4_000)]


def test_languages_without_blanks_keep_their_words():
    words = [("您好", 0, 400), ("。", 400, 100)]
    made = read(phrase("您好。", 0, 500, words, speaker=1, locale="zh-CN"), language=None)
    assert [w.text for w in made.utterances[0].words] == ["您好", "。"]
    assert made.language == "zh"


def test_nothing_lies_outside_of_the_recording():
    late = [("Good", 9_800, 150), ("bye.", 9_950, 400)]
    made = read(
        phrase("Good bye.", 9_800, 600, late, speaker=1),
        phrase("Echo.", 12_000, 500, speaker=1),
        phrase("   ", 1_000, 500, speaker=1),
    )
    [line] = made.utterances
    assert (line.start_ms, line.end_ms) == (9_800, 10_000)
    assert [w.end_ms for w in line.words] == [9_950, 10_000]
    assert made.spans[-1].end_ms <= 10_000


def test_words_out_of_order_are_put_in_order():
    words = [("One", 500, 300), ("two.", 300, 300)]
    [line] = read(phrase("One two.", 500, 600, words, speaker=1)).utterances
    assert [(w.start_ms, w.end_ms) for w in line.words] == [(500, 800), (500, 600)]


def test_silence_has_neither_lines_nor_speakers():
    made = read(language=None)
    assert (made.utterances, made.speakers, made.spans, made.language) == ((), (), (), None)
    assert made.stages == {"recognition": "azure fast transcription"}


@pytest.mark.parametrize(
    "answer", [{}, {"phrases": [{"text": "x"}]}, {"phrases": None}, {"phrases": ["x"]}]
)
def test_another_form_is_refused(answer):
    with pytest.raises((KeyError, TypeError, ValueError, AttributeError)):
        transcript_of(answer, RECORDING, None, one_voice=False)
