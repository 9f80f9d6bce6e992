"""Who is the agent: from evidence, the same when channels are swapped, or unknown."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from services.analysis.roles import assign_roles, told_roles
from services.domain.calls import CallDetails, Direction
from services.domain.speech import Speaker, SpeakerRole, Transcript, Utterance
from services.engine.speakers.matching import ACCEPT_FROM, confidence_of
from tests.unit.analysis.role_dialogues import (
    SETS,
    Dialogue,
    as_transcript,
    bare,
    count,
    read_dialogues,
    verdict,
    verdicts,
)

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
            replace(call.speakers[1], role=SpeakerRole.CUSTOMER, role_confidence=0.9),
        ),
    )
    assert assign_roles(given) == given


def test_other_languages_greet_too() -> None:
    lines = (
        ("a", "Gracias por llamar, ¿en qué puedo ayudarle?"),
        ("b", "Buenas, tengo un problema con la factura."),
    )
    assert _roles(_call(*lines)) == {"a": "agent", "b": "customer"}


DIALOGUES = [d for half in SETS for d in read_dialogues(half)]
FORMS = pytest.mark.parametrize("form", [str, bare], ids=["written", "as recognised"])


@pytest.mark.parametrize("as_recognised", [False, True], ids=["written", "as recognised"])
@pytest.mark.parametrize(
    ("half", "fewest_right"), [("tuned", 24), ("held_out", 20), ("afterwards", 5)]
)
def test_no_dialogue_gets_a_wrong_role(half: str, fewest_right: int, as_recognised: bool) -> None:
    wrong = [d.name for d, v in verdicts(half, as_recognised=as_recognised) if v == "wrong"]
    assert wrong == []
    assert count(half, as_recognised=as_recognised)["right"] >= fewest_right


@FORMS
@pytest.mark.parametrize("dialogue", DIALOGUES, ids=lambda d: d.name)
def test_roles_follow_the_voice_when_channels_or_ids_are_exchanged(
    dialogue: Dialogue, form: Callable[[str], str]
) -> None:
    lines = [(side, form(text)) for side, text in dialogue.lines]
    exchanged = {"left": "right", "right": "left"}
    usual = _roles(as_transcript(lines))
    other_channels = _roles(as_transcript(lines, channels=("right", "left")))
    assert other_channels == usual
    for channels in (("left", "right"), ("right", "left")):
        call = as_transcript([(exchanged[s], text) for s, text in lines], channels=channels)
        assert _roles(call) == {exchanged[s]: role for s, role in usual.items()}


@FORMS
@pytest.mark.parametrize("at", [2, 4])
def test_a_call_that_starts_later_gets_no_wrong_role(at: int, form: Callable[[str], str]) -> None:
    for dialogue in DIALOGUES:
        lines = [(side, form(text)) for side, text in dialogue.lines[at:]]
        assert dialogue.agent is None or verdict(dialogue, as_transcript(lines)) != "wrong"


def test_a_word_to_a_relative_beside_the_telephone_costs_no_clear_roles() -> None:
    aside = (("b", "Okay, mum, I'm on the phone."), ("a", "Is there anything else I can do?"))
    assert _roles(_call(*BILLING, *aside)) == {"a": "agent", "b": "customer"}
    assert set(_roles(_call(*BILLING[2:], *aside[:1])).values()) == {"unknown"}


def test_quoting_an_agent_makes_nobody_one() -> None:
    lines = (
        ("a", "Yes?"),
        ("b", "He said how can I help you today, is there anything else I can do for you."),
        ("a", "Did he now."),
    )
    assert _roles(_call(*lines)) == {"a": "unknown", "b": "unknown"}


def test_who_asks_for_details_and_is_told_them_is_the_agent() -> None:
    lines = (
        ("a", "And your postcode?"),
        ("b", "L S six, three Q A."),
        ("a", "And the date of birth?"),
        ("b", "Third of May, nineteen eighty."),
    )
    assert _roles(_call(*lines)) == {"a": "agent", "b": "customer"}


def test_a_customer_who_asks_for_a_case_number_is_no_agent() -> None:
    lines = (
        ("a", "Can you give me the case number?"),
        ("b", "It's nine nine one two."),
        ("a", "And the ticket reference, what's that?"),
        ("b", "Four four one."),
    )
    assert _roles(_call(*lines)) == {"a": "unknown", "b": "unknown"}


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


def test_the_least_sure_recognition_there_is_decides_where_words_do_not() -> None:
    least = confidence_of(ACCEPT_FROM)
    assigned = assign_roles(_recognised(least, *RAIN), None, {"v": SpeakerRole.AGENT})
    assert [s.role for s in assigned.speakers] == [SpeakerRole.AGENT, SpeakerRole.CUSTOMER]


@pytest.mark.parametrize("sides", [("a", "b"), ("b", "a")], ids=["as they are", "exchanged"])
@pytest.mark.parametrize("channels", [None, (0, 1), (1, 0)])
def test_roles_by_voice_follow_it_when_channels_or_ids_are_exchanged(sides, channels) -> None:
    agent, customer = sides
    call = _call((agent, RAIN[0][1]), (customer, RAIN[1][1]), channels=False)
    speakers = tuple(
        replace(
            speaker,
            channel=channels and channels[at],
            voice_id="v" if speaker.id == agent else None,
            voice_confidence=0.9 if speaker.id == agent else None,
        )
        for at, speaker in enumerate(call.speakers)
    )
    assigned = assign_roles(replace(call, speakers=speakers), None, {"v": SpeakerRole.AGENT})
    assert assigned.role_of(agent) is SpeakerRole.AGENT
    assert assigned.role_of(customer) is SpeakerRole.CUSTOMER


def test_two_known_agents_are_colleagues() -> None:
    call = _recognised(0.97, *RAIN)
    both = tuple(replace(s, voice_id="v", voice_confidence=0.97) for s in call.speakers)
    assigned = assign_roles(replace(call, speakers=both), None, {"v": SpeakerRole.AGENT})
    assert {s.role for s in assigned.speakers} == {SpeakerRole.UNKNOWN}


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


def test_what_a_telephone_service_tells_of_channels_goes_before_all_evidence() -> None:
    call = _call(
        ("s1", "Thank you for calling Harbor Energy, how can I help you?"),
        ("s2", "I have a problem with my bill."),
    )
    told = told_roles(call, (SpeakerRole.CUSTOMER, SpeakerRole.AGENT))
    assert [(s.role, s.role_confidence) for s in assign_roles(told).speakers] == [
        (SpeakerRole.CUSTOMER, 1.0),
        (SpeakerRole.AGENT, 1.0),
    ]


def test_roles_are_told_of_known_channels_only() -> None:
    call = _call(("s1", "Hello."), ("s2", "Hello."))
    half = told_roles(call, (SpeakerRole.UNKNOWN, SpeakerRole.AGENT))
    assert [s.role for s in half.speakers] == [SpeakerRole.UNKNOWN, SpeakerRole.AGENT]
    mixed = _call(("s1", "Hello."), ("s2", "Hello."), channels=False)
    assert told_roles(mixed, (SpeakerRole.CUSTOMER, SpeakerRole.AGENT)) == mixed
    alone = told_roles(mixed, (SpeakerRole.CUSTOMER,))
    assert {s.role for s in alone.speakers} == {SpeakerRole.CUSTOMER}
    named = replace(call.speakers[0], role=SpeakerRole.AGENT, role_confidence=0.9)
    known = replace(call, speakers=(named, call.speakers[1]))
    assert told_roles(known, (SpeakerRole.CUSTOMER,)) == known


@pytest.mark.parametrize("given", [SpeakerRole.AGENT, SpeakerRole.CUSTOMER])
def test_a_role_that_was_given_leaves_the_other_one_to_the_other_of_two(given) -> None:
    call = _recognised(0.0, *RAIN)
    bare = [replace(s, voice_id=None, voice_confidence=None) for s in call.speakers]
    first, second = replace(bare[0], role=given, role_confidence=0.9), bare[1]
    assigned = assign_roles(replace(call, speakers=(first, second)))
    assert assigned.speakers[0] == first
    assert {s.role for s in assigned.speakers} == {SpeakerRole.AGENT, SpeakerRole.CUSTOMER}
    assert assigned.speakers[1].role_confidence == 0.9
    third = replace(second, id="c")
    more = assign_roles(replace(call, speakers=(first, second, third)))
    assert [s.role for s in more.speakers[1:]] == [SpeakerRole.UNKNOWN, SpeakerRole.UNKNOWN]
