"""The phrase language: what patterns find, what they don't, and what is no pattern."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.domain.errors import BadRule
from services.domain.rules import Phrase, Place
from services.domain.speech import SpeakerRole
from services.understanding.rules.evaluate import phrases_of
from services.understanding.rules.folding import folded
from services.understanding.rules.matching import matcher
from services.understanding.rules.needs import PhraseNeeds
from services.understanding.rules.phrases import Speech
from services.understanding.rules.ready_made import ready_made_rules
from tests.unit.understanding.rules.said import facts, quoted


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("cancel", "Please CANCEL, now.", ["CANCEL"]),
        ("cancel", "It was cancelled.", []),
        ("cancel*", "It was cancelled.", ["cancelled"]),
        ("*tion", "A confirmation, a nation!", ["confirmation", "nation"]),
        ("c*l*n", "the cancellation", ["cancellation"]),
        ("speak ~2 (manager|supervisor)", "to speak to your manager", ["speak to your manager"]),
        ("speak ~2 (manager|supervisor)", "speak to the very same manager", []),
        ("speak ~2 manager", "I speak. The manager left.", []),
        ("thank you very? much", "thank you much, thank you very much", None),
        ("i am leaving", "I'm leaving", ["I'm leaving"]),
        ("i'm leaving", "i am leaving", ["i am leaving"]),
        ("do not", "I don’t know, I dont know", ["don’t", "dont"]),
        ("can not", "You cannot, you can't", ["cannot", "can't"]),
        ("48 hours", "within forty eight hours", ["forty eight hours"]),
        ("forty eight hours", "within 48 hours", ["48 hours"]),
        ("I want", "I, um, I want it", ["I want"]),
        ("e-mail", "by e mail", ["e mail"]),
        ("(call you|ring you) back", "I'll ring you back", ["ring you back"]),
        ("[CARD]", "It is [CARD], thanks", ["[CARD]"]),
        ("card", "It is [CARD], thanks", []),
        ("#16", "four two four two 4242 double four two two 4242", None),
        ("#13-19", "my number is five five five zero one four two", []),
        ("cancel* -(meeting|order)", "cancel my order. cancel it", ["cancel"]),
        ("-not happy", "I am not very happy. I am happy", ["happy"]),
        ("customer", "the customer's bill", ["customer's"]),
    ],
)  # fmt: skip
def test_a_pattern_finds_what_it_says(pattern: str, text: str, found: list[str] | None) -> None:
    hits = quoted(pattern, f"C: {text}")
    assert hits == found if found is not None else hits


@pytest.mark.parametrize(
    ("text", "negated"),
    [
        ("I don't want to cancel", True),
        ("I do not, um, want to cancel", True),
        ("I never said I'd cancel", True),
        ("I don't think I want to cancel", True),
        ("I'm not going to cancel it", True),
        ("No, I want to cancel", False),
        ("no i want to cancel", False),
        ("I'm not happy and want to cancel", False),
        ("It does not work. Cancel it", False),
        ("if you don't refund me I will cancel", False),
    ],
)
def test_negation_is_told_from_a_no_that_belongs_elsewhere(text: str, negated: bool) -> None:
    for pattern in ("cancel", "(want to|will) cancel", "i ~2 cancel"):
        if quoted(pattern, f"C: {text}"):
            assert bool(quoted(pattern, f"C: {text}", unless_negated=True)) is not negated, pattern


def test_a_phrase_goes_on_in_the_next_line_of_the_same_speaker() -> None:
    hits = quoted("speak to ~2 manager", "C: I want to speak", "C: to your manager")
    assert hits == ["speak / to your manager"]
    assert quoted("#16", "C: 4242 4242", "A: okay", "C: 4242 4242") == []
    backchannel = ("A: four two four two 4242", "B: yes", "A: 4242 4242")
    assert quoted("#16", *backchannel) == ["four two four two 4242 / 4242 4242"]
    assert quoted("speak to", "C: I want to speak", "A: to whom") == []


def test_who_says_it_matters_and_an_unknown_speaker_stands_in_for_a_missing_role() -> None:
    agent = SpeakerRole.AGENT
    assert quoted("hello", "C: hello", "A: hello there", said_by=agent) == ["hello"]
    assert quoted("hello", "C: hello", "X: hello there", said_by=agent) == ["hello"]
    assert quoted("hello", "A: yes", "X: hello there", said_by=agent) == []


def test_places_in_the_call() -> None:
    lines = ("A: hello", "A: one two three four five six seven eight", "C: hello again", "A: bye")
    assert len(quoted("hello", *lines)) == 2
    assert len(quoted("hello", *lines, within=Place(first_ms=2_000))) == 1
    assert len(quoted("bye", *lines, within=Place(last_ms=1_000))) == 1
    assert quoted("hello", *lines, within=Place(last_ms=1_000)) == []
    assert len(quoted("hello", *lines, within=Place(after=("seven eight",)))) == 1
    late = Place(after=("one two",), after_ms=1_000)
    assert quoted("hello", *lines, within=late) == []


def test_counting_matches_and_differing_phrases() -> None:
    lines = ("C: bill bill. the bill and the charge",)
    twice = Phrase(any_of=("bill", "charge*"), at_least=3)
    assert len(Speech(facts(*lines)).said(twice)) == 3
    assert not Speech(facts("C: bill, the bill, a bill")).said(
        Phrase(any_of=("bill", "charge*"), at_least=2, differing=True)
    )
    assert quoted("cancel", "C: cancel my flight", unless=("flight*",)) == []
    assert quoted("cancel", "C: cancel it. My flight was fine", unless=("flight*",)) == ["cancel"]


@pytest.mark.parametrize(
    "pattern",
    [
        "", "   ", "?", "a? b?", "~3", "a ~3", "~2 a", "a ~11 b", "a ~0 b", "(a|b", "a|b", "a)",
        "(a|)", "(((((a)))))", "[NAME", "[FOO]", "#0", "#100", "#9-3", "a -b c", "a {2}", "\\w+",
        "^a$", "um", "a" * 1_501, "a b " * 151, "(a -b)", "a ?? b",
    ],
)  # fmt: skip
def test_what_is_no_phrase_is_refused_in_one_sentence(pattern: str) -> None:
    with pytest.raises(BadRule) as refused:
        matcher(pattern)
    assert refused.value.detail
    assert refused.value.detail.endswith(".")
    assert len(refused.value.detail) < 120


def test_a_pattern_made_to_run_away_does_not() -> None:
    pattern = "(a|a a|a* a) ~10 " * 12 + "b"
    text = "a " * 3_000
    assert quoted(pattern, f"C: {text}") == []


WORDS = st.sampled_from(
    [
        *("cancel", "cancelled", "I", "I'm", "don't", "dont", "cannot", "want", "to", "my"),
        *("account", "forty", "eight", "48", "one's", "it's", "gonna", "speak", "manager"),
        *("e-mail", "o'clock", "ok", "alright", "café", "[CARD]", "customer's", "um", "no"),
        *("not", "never", "refund", "é"),
    ]
)
PUNCTUATION = st.sampled_from(["", "", "", ",", ".", "?", "…", "/"])
TEXTS = st.lists(st.tuples(WORDS, PUNCTUATION), min_size=1, max_size=14).map(
    lambda words: " ".join(word + mark for word, mark in words)
)
WRITTEN = [text for rule in ready_made_rules() for leaf in phrases_of(rule.condition)
           for text in leaf.any_of]  # fmt: skip


@st.composite
def patterns(draw: st.DrawFn) -> str:
    parts = []
    for _ in range(draw(st.integers(1, 3))):
        word = draw(WORDS.filter(lambda w: w != "um"))
        form = draw(st.sampled_from(["{}", "{}", "({}|refund)", "{} ~2", "my? {}", "*"]))
        parts.append(form.format(word))
    written = " ".join(parts)
    return written.removesuffix(" ~2")


@given(text=TEXTS, pattern=st.one_of(patterns(), st.sampled_from(WRITTEN)))
@settings(max_examples=300, deadline=None)
def test_words_in_which_a_phrase_is_said_are_those_that_it_needs(text: str, pattern: str) -> None:
    if quoted(pattern, f"C: {text}"):
        assert meets(text, pattern)


@pytest.mark.parametrize(
    ("text", "pattern", "met"),
    [
        ("my account, please close it", "close ~2 account", True),
        ("my account", "close ~2 account", False),
        ("leaving", "(cancel|leave) my account", False),
        ("leave my accounts", "(cancel|leave) my account*", True),
        ("résumé", "rés*", True),
        ("anything", "(*)", True),
    ],
)
def test_a_call_without_the_words_is_told_from_its_words(
    text: str, pattern: str, met: bool
) -> None:
    assert meets(text, pattern) is met


def meets(text: str, pattern: str) -> bool:
    phrase = Phrase(any_of=(pattern,))
    needs = PhraseNeeds([phrase])
    return needs.allowed(phrase, needs.met_by(word.text for word in folded(text)))


@given(text=TEXTS)
@settings(deadline=None)
def test_a_text_without_signs_of_the_language_finds_itself(text: str) -> None:
    plain = " ".join(word.text for word in folded(text) if not word.text.startswith("["))
    if plain:
        assert quoted(plain, f"C: {plain}")


@given(text=st.text(max_size=60))
@settings(deadline=None)
def test_any_text_is_a_pattern_or_refused_and_quotes_lie_inside_the_text(text: str) -> None:
    line = facts(f"C: {text} my account is closed")
    for said in Speech(line).said(Phrase(any_of=("*", "my account"))):
        for quote in said.quotes:
            assert quote.text
            assert 0 <= quote.start_char < quote.end_char <= len(quote.utterance.text)
            assert quote.start_ms < quote.end_ms
    try:
        matcher(text)
    except BadRule:
        return
