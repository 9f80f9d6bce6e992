"""Which words spoke for a sentiment."""

import time

import pytest

from services.domain.speech import SentimentLabel
from services.understanding import sentiment, sentiment_elsewhere, valence
from services.understanding.sentiment import STAGE, SentimentModel
from services.understanding.sentiment_reasons import LONGEST_REASON, MOST_REASONS, reasons
from services.understanding.wordings import placed_wordings, wordings
from tests.unit.understanding.sentiment_cases import POLITE_COMPLAINTS, RELIEFS

NEGATIVE, POSITIVE = SentimentLabel.NEGATIVE, SentimentLabel.POSITIVE


@pytest.mark.parametrize(
    ("text", "label", "words"),
    [
        ("I'm fed up, this is the third time.", NEGATIVE, ["fed up", "third time"]),
        ("That was rude.", NEGATIVE, ["rude"]),
        ("What a relief, I was so worried!", POSITIVE, ["relief"]),
        ("I can't complain, it was lovely.", POSITIVE, ["can't complain"]),
    ],
)
def test_the_words_that_stand_out_are_named(
    text: str, label: SentimentLabel, words: list[str]
) -> None:
    found = " | ".join(reasons(text, label, STAGE))
    assert all(word in found for word in words), found


def test_reasons_are_short_pieces_of_the_text_in_its_order() -> None:
    for text in (*POLITE_COMPLAINTS, *RELIEFS):
        for label in SentimentLabel:
            found = reasons(text, label, STAGE)
            assert len(found) <= MOST_REASONS
            assert all(0 < len(piece) <= LONGEST_REASON for piece in found)
            places = [text.index(piece) for piece in found]
            assert places == sorted(places)


def test_what_speaks_for_one_label_does_not_speak_for_the_opposite() -> None:
    text = "This is a disgrace and I'm furious."
    assert reasons(text, NEGATIVE, STAGE)
    assert not reasons(text, POSITIVE, STAGE)


def test_no_placeholder_is_ever_a_reason() -> None:
    text = "[PERSON] is useless, [PHONE] never works, call [PHONE] again and again."
    for label in SentimentLabel:
        assert not any("[" in piece or "P" in piece for piece in reasons(text, label, STAGE))


@pytest.mark.parametrize("text", ["", "?!", "[PHONE]", "   "])
def test_a_text_without_words_has_no_reasons(text: str) -> None:
    assert reasons(text, NEGATIVE, STAGE) == []


def test_nothing_is_claimed_for_models_that_are_not_ours() -> None:
    assert reasons("This is a disgrace.", NEGATIVE, "azure") == []


def test_elsewhere_the_line_speaks_as_a_whole() -> None:
    assert reasons("Esto es una vergüenza.", NEGATIVE, sentiment_elsewhere.STAGE) == []


def test_reasons_follow_the_head() -> None:
    """Taking the reasons out of a text makes its label less likely."""
    model = SentimentModel()
    weaker = 0
    texts = [t for t in POLITE_COMPLAINTS if reasons(t, NEGATIVE, STAGE)][:12]
    for text in texts:
        rest = text
        for piece in reasons(text, NEGATIVE, STAGE):
            rest = rest.replace(piece, "")
        whole, without = model.score([text, rest])
        weaker += without.score > whole.score
    assert weaker >= 0.8 * len(texts)


def test_a_hundred_lines_are_quickly_explained() -> None:
    lines = (POLITE_COMPLAINTS + RELIEFS)[:60]
    reasons(lines[0], NEGATIVE, STAGE)
    started = time.process_time()
    for text in lines:
        reasons(text, NEGATIVE, STAGE)
    assert time.process_time() - started < 0.1


def test_cues_are_where_they_are_said() -> None:
    text = "It’s not great, it’s terrible!"
    found = {text[c.start_char : c.end_char] for c in valence.cues(text)}
    assert {"not", "great", "terrible", "!"} <= found


def test_placed_wordings_are_the_wordings() -> None:
    for text in ("It isn't, no!", "so so", "4 o'clock, room 12b", "the lads' van, it’s late"):
        assert {w for w, _, _ in placed_wordings(text)} == set(wordings(text))
    assert placed_wordings("...") == []
    assert sentiment.load_head().vocabulary
