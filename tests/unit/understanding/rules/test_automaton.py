"""All phrases at once find what each of them means, told here word by word from its meaning."""

import random
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from services.domain.errors import BadRule
from services.domain.speech import SpeakerRole, Utterance
from services.understanding.rules.automaton import Automaton
from services.understanding.rules.evaluate import evaluate
from services.understanding.rules.folding import folded, places_of
from services.understanding.rules.patterns import (
    Choice,
    Exactly,
    Gap,
    InOrder,
    Like,
    Part,
    parsed,
)
from services.understanding.rules.ready_made import ready_made_rules
from services.understanding.rules.spoken import Passage
from tests.unit.understanding.rules.written_calls import dialogues

WORDS = (
    "cancel",
    "cancelled",
    "my",
    "account",
    "not",
    "two",
    "48",
    "oh",
    "double",
    "I'm",
    "é",
    "um",
)
SIGNS = ("", "", "", ",", ".", "?")
PIECES = (
    "cancel", "c*l", "*", "(my|my account|account*)", "(cancel|(my|i) ~1 account)", "~1", "~3",
    "my?", "(*)?", "#", "#2", "#3+", "i am", "not", "é", "48",
)  # fmt: skip
TEXTS = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(SIGNS)), max_size=16).map(
    lambda said: " ".join(word + sign for word, sign in said)
)


def is_phrase(text: str) -> bool:
    try:
        parsed(text)
    except BadRule:
        return False
    return True


PHRASES = st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map(" ".join).filter(is_phrase)


def passage(text: str) -> Passage:
    line = Utterance(id="u", speaker="C", start_ms=0, end_ms=9_000, text=text)
    return Passage.of([line], {"C": SpeakerRole.CUSTOMER})


def ends(part: Part, said: Passage, at: int, start: int) -> set[int]:
    """All places behind a part of a phrase, taken from its meaning one after the other."""
    if isinstance(part, InOrder):
        reached = {at}
        for one in part.parts:
            reached = {end for place in reached for end in ends(one, said, place, start)}
        return reached
    if isinstance(part, Choice):
        return {end for option in part.options for end in ends(option, said, at, start)}
    if isinstance(part, Gap):
        taken = {at}
        while at < len(said.texts) and len(taken) <= part.most and between(said, at, start):
            at += 1
            taken.add(at)
        return taken
    if at >= len(said.texts):
        return set()
    if isinstance(part, Exactly):
        return {at + 1} if said.texts[at] == part.word else set()
    if isinstance(part, Like):
        form = ".*".join(map(re.escape, part.parts))
        return {at + 1} if re.fullmatch(form, said.texts[at]) else set()
    end, digits = said.numbers.get(at, (0, 0))
    fits = digits >= part.least and (part.most is None or digits <= part.most)
    return {end} if fits else set()


def between(said: Passage, at: int, start: int) -> bool:
    """Whether a word stands between two others of its sentence, behind a phrase's first."""
    return at > start and said.marks[at] != "." and said.marks[at - 1] != "."


def by_meaning(text: str, said: Passage) -> dict[int, int]:
    found = ((at, ends(parsed(text).said, said, at, at)) for at in range(len(said.texts)))
    return {at: max(behind) for at, behind in found if behind}


@given(phrases=st.lists(PHRASES, min_size=1, max_size=8), texts=st.lists(TEXTS, max_size=4))
@settings(max_examples=200, deadline=None)
def test_all_at_once_find_what_each_means(phrases: list[str], texts: list[str]) -> None:
    together = [parsed(phrase).said for phrase in phrases]
    # One of them forgets what it has learned with every text.
    for automaton in (Automaton(together), Automaton(together, most_remembered=1)):
        for said in map(passage, texts):
            found = automaton.found(said)
            for number, phrase in enumerate(phrases):
                assert found.get(number, {}) == by_meaning(phrase, said), phrase


def test_what_is_remembered_is_bounded_whatever_is_read() -> None:
    chance = random.Random(4)
    automaton = Automaton(
        [parsed("(a|b*) ~6 (b|c) ~6 d*").said, parsed("# ~3 a").said], most_remembered=500
    )
    most = once = 0
    for _ in range(300):
        said = passage(
            " ".join(f"{chance.choice('abcde')}{chance.randrange(99)}" for _ in range(9))
        )
        before = automaton.remembered
        automaton.found(said)
        once = max(once, automaton.remembered - before)
        most = max(most, automaton.remembered)
    assert 500 < most <= 500 + once


def test_no_match_starts_with_a_word_in_between() -> None:
    assert Automaton([parsed("my? ~2 account").said]).found(passage("so to my account")) == {
        0: {2: 4, 3: 4}
    }


def test_rules_together_find_what_each_finds_alone() -> None:
    calls = [call.facts for name in ("before_tuning.txt", "for_tuning.txt")
             for call in dialogues(name)]  # fmt: skip
    rules = ready_made_rules()
    together = [{c.rule_id: c for c in evaluate(rules, facts)} for facts in calls]
    assert sum(map(len, together)) > 100
    for rule in rules:
        for facts, found in zip(calls, together, strict=True):
            assert evaluate([rule], facts) == tuple(c for c in [found.get(rule.id)] if c)


@given(
    text=st.one_of(
        TEXTS,
        st.lists(
            st.sampled_from(
                ["I'm", "'s", "um", "um's", "forty", "eight", "two", "can't", "ok", "İ", "the", "."]
            ),
            max_size=7,
        ).map(" ".join),
        st.text(max_size=30),
    )
)
@settings(max_examples=300, deadline=None)
def test_places_of_words_are_those_they_were_folded_from(text: str) -> None:
    words = folded(text)
    places = [(word.start_char, word.end_char) for word in words]
    assert places_of(text, [word.text for word in words]) == places
