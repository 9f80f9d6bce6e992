"""The structural summary: what it takes from a call, and where it stays silent."""

from dataclasses import replace

from services.domain.speech import Speaker, SpeakerRole, Transcript, Utterance
from services.understanding.sentences import has_content, sentences_of, without_opening
from services.understanding.summary import summarise

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
    assert [s.utterances for s in summary.promises] == [("u3",), ("u4",)]
    assert [s.text for s in summary.action_items] == [
        "Agent: You'll see the credit on your next statement.",
        "Agent: I'll send a confirmation by Friday.",
        "Customer: I'll check my e-mail then.",
    ]
    assert summary.outcome is not None
    assert summary.outcome.text == "I've removed the second charge."
    assert summary.resolved is True


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
