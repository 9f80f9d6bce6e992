"""Hesitations out of text and words: which ones, and how the rest is mended."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.analysis.fillers import without_fillers
from services.domain.speech import PiiMention, PiiType, Transcript
from tests.builders import transcript, utterance


def said(text: str, language: str | None = "en") -> Transcript:
    return replace(transcript(utterance(1, "s1", 5_000, text)), language=language)


def left(text: str, language: str | None = "en") -> str | None:
    lines = without_fillers(said(text, language)).utterances
    return lines[0].text if lines else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Um, I just opened my bill.", "I just opened my bill."),
        ("um, i just opened it", "i just opened it"),
        ("Um. So I called.", "So I called."),
        ("That's fine. Um, so I went.", "That's fine. So I went."),
        ("I want that, um.", "I want that."),
        ("I think so, uh...", "I think so..."),
        ("So, um... what now?", "So... what now?"),
        ("Is it, um?", "Is it?"),
        ("Well, uh, er, I think so.", "Well, I think so."),
        ("I want um, the bill", "I want the bill"),
        ("it costs uh 40 dollars", "it costs 40 dollars"),
        ("Uhm, eBay is it.", "eBay is it."),
        ("I was, mhm, thinking.", "I was, thinking."),
        ("Hmm, let me see. Erm, yes.", "Let me see. Yes."),
        ("umm uhhh ummm hello", "hello"),
        # what isn't one
        ("I went to the ER yesterday.", "I went to the ER yesterday."),
        ("You know, I mean, it is like that.", "You know, I mean, it is like that."),
        ("The umbrella, her, and Uma.", "The umbrella, her, and Uma."),
        ("Ah, I see. Oh no.", "Ah, I see. Oh no."),
        # answers
        ("Uh-huh.", "Uh-huh."),
        ("Uh huh.", "Uh huh."),
        ("uh uh", "uh uh"),
        ("Mm-hmm.", "Mm-hmm."),
        ("Mhm, on Monday.", "Mhm, on Monday."),
        ("Hmm?", "Hmm?"),
        # nothing but hesitation
        ("Um.", None),
        ("Um, uh...", None),
        ("Hmm.", None),
    ],
)
def test_english(text, expected):
    assert left(text) == expected


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Äh, er kommt um acht Uhr, ähm, morgen.", "de", "Er kommt um acht Uhr, morgen."),
        ("Euh, je ne sais pas.", "fr", "Je ne sais pas."),
        ("Eh bien, um.", "fr", "Eh bien, um."),
        ("Ehm, non lo so.", "it", "Non lo so."),
        ("É um carro.", "pt", "É um carro."),
        ("Э, я не знаю.", "ru", "Я не знаю."),
        ("Ehm, yes.", None, "Yes."),
        ("Um, yes.", None, "Um, yes."),
        ("Um, yes.", "en-US", "Yes."),
    ],
)
def test_a_word_of_one_language_is_a_hesitation_in_another(text, language, expected):
    assert left(text, language) == expected


def test_times_and_spans_stay():
    before = said("Um, I just, uh, opened it.")
    after = without_fillers(before)
    [was], [now] = before.utterances, after.utterances
    assert (now.start_ms, now.end_ms) == (was.start_ms, was.end_ms)
    assert after.spans == before.spans
    kept = {(w.start_ms, w.end_ms) for w in now.words}
    assert kept < {(w.start_ms, w.end_ms) for w in was.words}
    assert [w.text for w in now.words] == ["I", "just,", "opened", "it."]


def test_a_listeners_hum_stays():
    line = replace(utterance(1, "s1", 0, "Hmm."), is_backchannel=True)
    assert without_fillers(transcript(line)).utterances == (line,)


def test_marked_personal_data_keeps_its_place():
    mention = PiiMention(type=PiiType.PERSON, start_char=4, end_char=8)
    line = replace(utterance(1, "s1", 0, "Um, Jane."), pii=(mention,))
    assert without_fillers(transcript(line)).utterances == (line,)


def test_words_without_marks_follow_the_text():
    """Some providers deliver bare words beside a written text."""
    line = utterance(1, "s1", 0, "um i want uh the bill")
    line = replace(line, text="Um, I want, uh, the bill.")
    [now] = without_fillers(transcript(line)).utterances
    assert now.text == "I want, the bill."
    assert [w.text for w in now.words] == ["i", "want", "the", "bill"]


def test_a_transcript_says_that_they_are_gone():
    assert without_fillers(said("hello")).without_fillers


PIECES = st.sampled_from(
    ["um", "Um,", "uh", "uh...", "er.", "hmm", "mhm,", "I", "bill.", "so,", "What?", "eBay", "huh"]
)


@given(st.lists(PIECES, min_size=1, max_size=12))
def test_text_and_words_go_on_saying_the_same(pieces):
    before = said(" ".join(pieces))
    after = without_fillers(before)
    for now in after.utterances:
        assert " ".join(w.text for w in now.words) == now.text
        assert now.text
        starts = [w.start_ms for w in now.words]
        assert starts == sorted(starts)
        assert {w.start_ms for w in now.words} <= {w.start_ms for w in before.utterances[0].words}
    assert without_fillers(after).utterances == after.utterances
