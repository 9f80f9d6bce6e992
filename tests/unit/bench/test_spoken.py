"""When true words have been said, as far as the truth tells."""

from bench.scoring.spoken import bare_words, spoken_words
from bench.scoring.truth import Truth
from services.domain.speech import Span, Utterance


def said(text, start_ms, end_ms):
    return Utterance(id="u1", speaker="s1", start_ms=start_ms, end_ms=end_ms, text=text)


def ends(truth):
    return [word.end_ms for word in spoken_words(truth)]


def test_words_are_bare():
    assert bare_words('"Well," he said – it\'s forty-two!') == [
        "well",
        "he",
        "said",
        "it's",
        "forty-two",
    ]


def test_letters_share_the_time_of_the_utterance():
    # five letters and a breath take as long as the other five and theirs
    assert ends(Truth(utterances=(said("hello there", 1_000, 3_000),))) == [
        2_000,
        3_000,
    ]


def test_pauses_take_no_letters():
    spans = (
        Span(speaker="s1", start_ms=0, end_ms=500),
        Span(speaker="s2", start_ms=500, end_ms=2_000),
        Span(speaker="s1", start_ms=2_500, end_ms=3_000),
    )
    assert ends(Truth(utterances=(said("hello there", 0, 3_000),), spans=spans)) == [500, 3_000]


def test_nothing_said_has_no_words():
    assert spoken_words(Truth()) == []
