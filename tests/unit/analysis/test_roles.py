"""Who is the agent: from evidence, the same when channels are swapped, or unknown."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from services.analysis.roles import assign_roles
from services.domain.calls import CallDetails, Direction
from services.domain.speech import Speaker, SpeakerRole, Transcript, Utterance

CORPUS = Path(__file__).parents[4] / "shared" / "corpus" / "synthetic"


def _call(*lines: tuple[str, str], channels: bool = True) -> Transcript:
    ids = sorted({speaker for speaker, _ in lines})
    return Transcript(
        id="t",
        provider="p",
        duration_ms=len(lines) * 1_000,
        speakers=tuple(
            Speaker(id=i, label=i, channel=n if channels else None) for n, i in enumerate(ids)
        ),
        utterances=tuple(
            Utterance(id=f"u{n}", speaker=s, start_ms=n * 1_000, end_ms=n * 1_000 + 900, text=text)
            for n, (s, text) in enumerate(lines)
        ),
        spans=(),
    )


def _roles(transcript: Transcript, details: CallDetails | None = None) -> dict[str, str]:
    return {s.id: s.role.value for s in assign_roles(transcript, details).speakers}


BILLING = (
    ("a", "Thank you for calling Bluefern, this is Dana. How can I help you today?"),
    ("b", "Hi, I'm calling about my bill, I was charged twice."),
    ("a", "I'm sorry about that. Could I have your account number?"),
    ("b", "It's four one two nine."),
)


def test_agent_and_customer_with_confidence() -> None:
    assigned = assign_roles(_call(*BILLING))
    assert [s.role for s in assigned.speakers] == [SpeakerRole.AGENT, SpeakerRole.CUSTOMER]
    assert all(0.9 < (s.role_confidence or 0) < 1 for s in assigned.speakers)


def test_swapping_the_channels_swaps_nothing_else() -> None:
    swapped = [("b" if s == "a" else "a", text) for s, text in BILLING]
    assert _roles(_call(*swapped)) == {"b": "agent", "a": "customer"}


def test_the_customer_may_speak_first() -> None:
    lines = (("b", "Hello?"), *BILLING)
    assert _roles(_call(*lines)) == {"a": "agent", "b": "customer"}


def test_speaking_first_on_the_first_channel_is_not_enough() -> None:
    lines = (("a", "Hello."), ("b", "Hello there."), ("a", "It is a fine day."), ("b", "It is."))
    details = CallDetails(direction=Direction.INBOUND)
    assert _roles(_call(*lines), details) == {"a": "unknown", "b": "unknown"}


def test_two_colleagues_are_nobodys_customer() -> None:
    lines = (
        ("a", "Did you finish the slides for Monday?"),
        ("b", "Nearly, the last chart is missing."),
        ("a", "Which one?"),
        ("b", "The one with the forecast."),
    )
    assert _roles(_call(*lines)) == {"a": "unknown", "b": "unknown"}


def test_the_known_agent_name_helps() -> None:
    lines = (("a", "Hello, Priya here."), ("b", "This is Nora, good morning."), ("a", "Morning."))
    assert _roles(_call(*lines), CallDetails(agent_name="Nora Fields"))["b"] == "agent"


def test_a_third_voice_is_customer_or_unknown() -> None:
    lines = (*BILLING, ("c", "Yes."), ("c", "I'm calling about it too, I was charged."))
    assert _roles(_call(*lines)) == {"a": "agent", "b": "customer", "c": "customer"}
    quiet = (*BILLING, ("c", "Yes."))
    assert _roles(_call(*quiet))["c"] == "unknown"


def test_roles_that_a_provider_gave_stay() -> None:
    call = _call(*BILLING)
    given = replace(
        call,
        speakers=(
            replace(call.speakers[0], role=SpeakerRole.CUSTOMER, role_confidence=0.7),
            call.speakers[1],
        ),
    )
    assert assign_roles(given) == given


def test_other_languages_greet_too() -> None:
    lines = (
        ("a", "Gracias por llamar, ¿en qué puedo ayudarle?"),
        ("b", "Buenas, tengo un problema con la factura."),
    )
    assert _roles(_call(*lines)) == {"a": "agent", "b": "customer"}


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the development corpus is not on this machine")
@pytest.mark.parametrize("bare", [False, True], ids=["written", "as recognised"])
@pytest.mark.parametrize("swapped", [False, True], ids=["agent left", "agent right"])
def test_no_wrong_role_on_the_development_calls(swapped: bool, bare: bool) -> None:
    ids = {"agent": "b", "customer": "a"} if swapped else {"agent": "a", "customer": "b"}
    abstained = 0
    for path in sorted(CORPUS.glob("dev*.json")):
        truth = json.loads(path.read_text())
        lines = [
            (ids[u["speaker"]], re.sub(r"[^\w' ]", "", u["text"].lower()) if bare else u["text"])
            for u in truth["utterances"]
        ]
        roles = _roles(_call(*lines))
        assert roles[ids["agent"]] != "customer"
        assert roles[ids["customer"]] != "agent"
        abstained += roles[ids["agent"]] == "unknown"
    assert abstained <= 1


RAIN = (("a", "It is raining here too."), ("b", "We had some sun in the morning."))


def _recognised(confidence: float, *lines: tuple[str, str]) -> Transcript:
    call = _call(*lines, channels=False)
    known, other = call.speakers
    return replace(
        call, speakers=(replace(known, voice_id="v", voice_confidence=confidence), other)
    )


@pytest.mark.parametrize(("role", "other"), [("agent", "customer"), ("customer", "agent")])
def test_the_usual_role_of_a_recognised_voice_decides_where_words_do_not(role, other) -> None:
    assert _roles(_call(*RAIN, channels=False)) == {"a": "unknown", "b": "unknown"}
    assigned = assign_roles(_recognised(0.97, *RAIN), None, {"v": SpeakerRole(role)})
    assert [s.role for s in assigned.speakers] == [role, other]


def test_an_unsure_recognition_alone_decides_nothing() -> None:
    assigned = assign_roles(_recognised(0.5, *RAIN), None, {"v": SpeakerRole.AGENT})
    assert {s.role for s in assigned.speakers} == {SpeakerRole.UNKNOWN}


@pytest.mark.parametrize("known", [{}, {"v": SpeakerRole.UNKNOWN}, {"other": SpeakerRole.AGENT}])
def test_voices_without_a_usual_role_change_nothing(known) -> None:
    assigned = assign_roles(_recognised(0.97, *RAIN), None, known)
    assert {s.role for s in assigned.speakers} == {SpeakerRole.UNKNOWN}


def test_clear_words_outweigh_a_known_voice() -> None:
    """An agent who calls as a customer is one."""
    swapped = [("b" if s == "a" else "a", text) for s, text in BILLING]
    assigned = assign_roles(_recognised(0.97, *swapped), None, {"v": SpeakerRole.AGENT})
    assert assigned.role_of("a") is not SpeakerRole.AGENT
