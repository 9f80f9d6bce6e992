"""The structural summary: what it takes from a call, and where it stays silent."""

import re
from dataclasses import replace

import pytest

from services.domain.speech import Speaker, SpeakerRole, Transcript, Utterance
from services.understanding.sentences import has_content, sentences_of, without_opening
from services.understanding.summary import summarise
from services.understanding.time_limits import time_limit
from tests.unit.understanding.summary_scoring import Score, read_dialogues

BILLING = (
    ("a", "Thank you for calling Bluefern, this is Dana. How can I help you today?"),
    ("c", "Yeah, hi. I'm calling because I was charged twice for the travel pass."),
    ("a", "I'm sorry about that. Let me check."),
    ("a", "Okay, I've removed the second charge. You'll see the credit on your next statement."),
    ("a", "I'll send a confirmation by Friday."),
    ("c", "Great, thank you so much. I'll check my e-mail then."),
    ("c", "You've been very helpful, that's everything."),
    ("a", "You're welcome, have a nice day."),
)


def _scored(name: str) -> Score:
    score = Score()
    for dialogue in read_dialogues(name):
        score.add(dialogue, summarise(dialogue.transcript))
    return score


def _call(lines: tuple[tuple[str, str], ...], *, roles: bool = True) -> Transcript:
    return Transcript(
        id="t",
        provider="p",
        duration_ms=len(lines) * 1_000,
        speakers=(
            Speaker(id="a", label="A", role=SpeakerRole.AGENT if roles else SpeakerRole.UNKNOWN),
            Speaker(id="c", label="C", role=SpeakerRole.CUSTOMER if roles else SpeakerRole.UNKNOWN),
        ),
        utterances=tuple(
            Utterance(
                id=f"u{n}", speaker=who, start_ms=n * 1_000, end_ms=n * 1_000 + 900, text=text
            )
            for n, (who, text) in enumerate(lines)
        ),
        spans=(),
        language="en",
    )


def test_reason_actions_promises_and_outcome_with_their_utterances() -> None:
    summary = summarise(_call(BILLING))
    assert summary.reason is not None
    assert summary.reason.text == "I'm calling because I was charged twice for the travel pass."
    assert summary.reason.utterances == ("u1",)
    assert [s.text for s in summary.actions] == ["I've removed the second charge."]
    assert [(s.text, s.utterances, s.who, s.due) for s in summary.promises] == [
        ("You'll see the credit on your next statement.", ("u3",), SpeakerRole.AGENT, None),
        ("I'll send a confirmation by Friday.", ("u4",), SpeakerRole.AGENT, "by Friday"),
    ]
    assert [(s.text, s.who) for s in summary.action_items] == [
        ("I'll check my e-mail then.", SpeakerRole.CUSTOMER)
    ]
    assert summary.outcome is not None
    assert summary.outcome.text == "I've removed the second charge."
    assert summary.resolved is True
    assert summary.evidence == ("u3", "u6")


def test_greetings_are_never_statements() -> None:
    summary = summarise(_call(BILLING))
    said = [
        s.text
        for s in (summary.reason, summary.outcome, *summary.actions, *summary.next_steps)
        if s is not None
    ]
    assert not any("Thank you for calling" in text or "nice day" in text for text in said)


def test_an_angry_end_is_not_resolved() -> None:
    lines = (
        *BILLING[:2],
        ("a", "I'm afraid we can't refund this fee."),
        ("c", "That is unacceptable, I'm cancelling my contract."),
    )
    summary = summarise(_call(lines))
    assert summary.resolved is False
    assert summary.outcome is not None
    assert summary.outcome.text == "I'm afraid we can't refund this fee."


def test_no_judgement_without_a_sign() -> None:
    assert summarise(_call(BILLING[:4])).resolved is None


def test_without_roles_only_a_clear_reason_is_given() -> None:
    summary = summarise(_call(BILLING, roles=False))
    assert summary.reason is not None
    assert not summary.actions
    assert summary.resolved is None


def test_small_talk_and_other_languages_give_nothing() -> None:
    empty = summarise(_call((("a", "Hello."), ("c", "Hello there."))))
    assert empty.reason is None
    assert empty.outcome is None
    assert summarise(replace(_call(BILLING), language="es")).reason is None


def test_sentences() -> None:
    assert sentences_of("Hi. I'm Mr. Brown. It's 5 p.m. now! Why?") == [
        "Hi.", "I'm Mr. Brown.", "It's 5 p.m. now!", "Why?",
    ]  # fmt: skip
    assert without_opening("Um, yeah, hi. the bill is wrong") == "The bill is wrong"
    assert not has_content("Thank you for calling Bluefern Mobile.")
    assert has_content("The bill is twice what it was.")


SCORED = {name: _scored(name) for name in ("seen", "fresh", "unseen", "last")}


@pytest.mark.parametrize("name", ["seen", "fresh"])
def test_dialogues_it_was_tuned_on(name: str) -> None:
    score = SCORED[name]
    assert score.calls >= 12
    assert score.reasons == score.calls, score.notes
    assert score.right == score.calls, score.notes
    assert score.precision("P") == 1.0
    assert score.recall("P") >= 0.8
    assert score.precision("D") >= 0.85


def test_dialogues_it_was_never_tuned_on() -> None:
    score = SCORED["unseen"]
    assert score.calls >= 13
    assert score.reasons >= 12, score.notes
    assert (score.wrong, score.overbold) == (0, 0), score.notes
    assert score.right >= 12, score.notes
    for mark in "PDT":
        assert score.precision(mark) >= 0.9, score.notes
        assert score.recall(mark) >= 0.9, score.notes


def test_in_unfamiliar_words_it_is_silent_rather_than_wrong() -> None:
    score = SCORED["last"]
    assert score.calls == 8
    assert score.reasons == score.calls, score.notes
    assert (score.wrong, score.overbold) == (0, 0), score.notes
    assert score.precision("P") == 1.0


def test_each_sentence_stands_in_one_list_only() -> None:
    for name in SCORED:
        for dialogue in read_dialogues(name):
            summary = summarise(dialogue.transcript)
            lists = (summary.promises, summary.action_items, summary.next_steps)
            said = [s.text for statements in lists for s in statements]
            assert len(said) == len(set(said)), dialogue.title


def test_without_punctuation_and_capitals_verdicts_are_not_wrong() -> None:
    for name in SCORED:
        for dialogue in read_dialogues(name):
            bare = replace(
                dialogue,
                lines=tuple((w, re.sub(r"[,.!?]", "", t).lower()) for w, t in dialogue.lines),
            )
            found = summarise(bare.transcript).resolved
            assert found in (dialogue.resolved, None), dialogue.title


@pytest.mark.parametrize(
    ("sentence", "due"),
    [
        ("I'll send it by Friday.", "by Friday"),
        ("You'll get it within three to five business days.", "within three to five business days"),
        ("He'll be there tomorrow between 8 and 12.", "tomorrow between 8 and 12"),
        ("I'll call you back within the hour either way.", "within the hour"),
        ("The driver comes on Wednesday, between two and five.",
         "on Wednesday, between two and five"),
        ("We will send a reminder the day before.", "the day before"),
        ("It's cancelled as of the thirtieth.", "as of the thirtieth"),
        ("I'll ring you tomorrow before noon.", "tomorrow before noon"),
        ("You will get it in 14 days.", "in 14 days"),
        ("It's paid at the end of the month.", "the end of the month"),
        ("I'll do it next week.", "next week"),
        ("It has been broken since Monday.", None),
        ("I called last Tuesday.", None),
        ("I ordered it three weeks ago.", None),
        ("I'll put one in the bag.", None),
        ("You may pay with a card.", None),
        ("That is the month I meant.", None),
        ("You will hear from us by the 3rd of May.", "by the 3rd of May"),
    ],
)  # fmt: skip
def test_time_limits(sentence: str, due: str | None) -> None:
    assert time_limit(sentence) == due


def test_a_sentence_is_cut_where_another_act_begins() -> None:
    said = "I've opened the claim, an adjuster named Ann will call you, and you can upload photos."
    assert sentences_of(said) == [
        "I've opened the claim",
        "an adjuster named Ann will call you",
        "and you can upload photos.",
    ]
    condition = "If it fails again, I'll send you a new one."
    assert sentences_of(condition) == [condition]
    assert sentences_of("Not yet, no. We'll know tonight.") == [
        "Not yet, no.",
        "We'll know tonight.",
    ]


def test_hesitation_is_left_out_of_statements() -> None:
    assert without_opening("So, um, my bill is, uh, wrong.") == "My bill is wrong."
