"""What holds for every text: order and bounds of mentions, and that redacting is final."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.personal_data import TEXTS
from bench.scoring.marked_texts import read_marked
from services.domain.placeholders import placeholders_in
from services.domain.speech import PiiType
from services.understanding.redaction import Redactor, with_placeholders

REDACTOR = Redactor()
DIGITS = frozenset(PiiType) - {PiiType.PERSON, PiiType.ADDRESS, PiiType.EMAIL}
KNOWN = [
    utterance.text
    for name in ("tuned", "held_out", "elsewhere")
    for text in read_marked(TEXTS / f"{name}.txt")
    for utterance in text.utterances
]
PIECES = [
    "my", "card", "number", "is", "four", "double", "oh", "one", "4111", "1111", "at", "dot",
    "com",
    "j", "K", "as in",
    "kilo", ",", ".", "?", "-", "Dana", "Mr.", "born", "the ninth of June",
    "1984", "24 Larch Road", "[PHONE]", "[CARD]", "hundred", "and", "sorry",
    "uh", "GB29", "🙂", "é",
    "account",
    "postcode", "SW1A 2AA", "+44", "(0)", "$", "@", "ß", "\n",
]  # fmt: skip
TEXT = st.one_of(
    st.sampled_from(KNOWN),
    st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join),
    st.lists(st.sampled_from(KNOWN), min_size=2, max_size=3).map(" ".join),
    st.text(max_size=60),
)
many = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


@given(text=TEXT, language=st.sampled_from(["en", "es", "fr", "de", "it", "pt", "fi"]))
@many
def test_mentions_are_in_order_apart_and_inside(text: str, language: str) -> None:
    after = 0
    for mention in REDACTOR.find_text(text, language):
        assert after <= mention.start_char < mention.end_char <= len(text)
        assert any(c.isalnum() for c in text[mention.start_char : mention.end_char])
        after = mention.end_char


@given(text=TEXT)
@many
def test_placeholders_survive_another_redaction(text: str) -> None:
    once = REDACTOR.redact_text(text)
    again = iter([m.type for m in placeholders_in(REDACTOR.redact_text(once))])
    assert all(kind in again for kind in [m.type for m in placeholders_in(once)])


@given(text=st.sampled_from(KNOWN))
@many
def test_redacting_twice_changes_nothing(text: str) -> None:
    once = REDACTOR.redact_text(text)
    assert REDACTOR.redact_text(once) == once


@given(text=st.sampled_from(KNOWN))
@many
def test_no_number_that_was_found_is_left(text: str) -> None:
    mentions = REDACTOR.find_text(text)
    redacted = with_placeholders(text, mentions).text
    for mention in mentions:
        said = text[mention.start_char : mention.end_char]
        if mention.type in DIGITS and len(said) > 3:
            assert said not in redacted


def test_texts_together_and_alone_are_read_alike() -> None:
    together = REDACTOR.find_texts(KNOWN[:200])
    assert together == [REDACTOR.find_text(text) for text in KNOWN[:200]]
