"""Roles while a call goes on: guessed as early as words tell, and not back and forth."""

from dataclasses import replace

import pytest

from services.domain.calls import CallDetails
from services.domain.speech import Speaker, SpeakerRole, Transcript
from services.live.known import role_guess
from services.live.known.role_guess import RoleGuess
from tests.unit.live.rulers import said

S1, S2 = Speaker(id="s1", label="Speaker 1"), Speaker(id="s2", label="Speaker 2")
AGENT = "Thank you for calling Harbor Energy how can I help you"
CUSTOMER = "I have a problem my last bill is much higher than before"


def call(*said_by):
    lines = tuple(
        replace(said(speaker, 5 * n, 5 * n + 3, text), id=f"u{n}")
        for n, (speaker, text) in enumerate(said_by)
    )
    return Transcript(
        id="t", provider="hand", duration_ms=60_000, speakers=(S1, S2), utterances=lines, spans=()
    )


def test_roles_are_told_as_soon_as_words_tell_them():
    guess = RoleGuess(CallDetails(agent_name="Nora Fields"))
    assert not guess.look(call(("s1", "hello there"), ("s2", "hello")))
    told = guess.look(call(("s1", AGENT), ("s2", CUSTOMER)))
    assert [(s.id, s.role, s.label) for s in told] == [
        ("s1", SpeakerRole.AGENT, "Nora Fields"),
        ("s2", SpeakerRole.CUSTOMER, "Customer"),
    ]


def test_the_same_lines_are_not_read_twice(monkeypatch):
    guess, lines = RoleGuess(CallDetails()), call(("s1", AGENT), ("s2", CUSTOMER))
    guess.look(lines)
    monkeypatch.setattr(role_guess, "assign_roles", None)
    assert guess.look(lines) == ()


def test_a_speaker_who_is_told_again_keeps_the_guess():
    guess = RoleGuess(CallDetails())
    guess.look(call(("s1", AGENT), ("s2", CUSTOMER)))
    assert guess.as_guessed(replace(S1, channel=0)).role is SpeakerRole.AGENT
    known = replace(S1, role=SpeakerRole.CUSTOMER, role_confidence=1.0)
    assert guess.as_guessed(known) is known, "what the provider knows counts more"
    named = replace(S1, label="Ada", voice_id="v1")
    assert guess.as_guessed(named).label == "Ada"


@pytest.fixture
def found(monkeypatch):
    """What reading the lines finds, by the test's word."""
    now = {}

    def assigned(transcript, details):
        speakers = tuple(
            replace(s, role=now[s.id][0], role_confidence=now[s.id][1]) if s.id in now else s
            for s in transcript.speakers
        )
        return replace(transcript, speakers=speakers)

    monkeypatch.setattr(role_guess, "assign_roles", assigned)

    def set_to(agent, customer, sure):
        now.clear()
        if agent:
            now[agent] = (SpeakerRole.AGENT, sure)
            now[customer] = (SpeakerRole.CUSTOMER, sure)

    return set_to


def test_a_guess_does_not_flip_back_and_forth(found):
    guess, changes = RoleGuess(CallDetails()), []
    for number in range(12):
        found(*(("s1", "s2") if number % 2 else ("s2", "s1")), 0.97)
        changes.append(guess.look(call(*[("s1", f"line {number}")])))
    assert [bool(told) for told in changes] == [True, *[False] * 11]


def test_a_guess_is_exchanged_for_one_that_is_sure_twice_running(found):
    guess = RoleGuess(CallDetails())
    found("s1", "s2", 0.9)
    assert guess.look(call(("s1", "one")))
    found("s2", "s1", 0.90)
    assert not guess.look(call(("s1", "two")))
    assert not guess.look(call(("s1", "three")))
    found("s2", "s1", 0.96)
    assert not guess.look(call(("s1", "four")))
    assert {s.id: s.role for s in guess.look(call(("s1", "five")))} == {
        "s1": SpeakerRole.CUSTOMER,
        "s2": SpeakerRole.AGENT,
    }


def test_a_guess_is_not_given_up_for_none(found):
    guess = RoleGuess(CallDetails())
    found("s1", "s2", 0.9)
    guess.look(call(("s1", "one")))
    found(None, None, 0)
    assert not guess.look(call(("s1", "two")))
    assert guess.as_guessed(S1).role is SpeakerRole.AGENT


def test_told_roles_are_there_before_a_word_and_no_words_exchange_them():
    guess = RoleGuess(CallDetails(agent_name="Nora"), (SpeakerRole.CUSTOMER, SpeakerRole.AGENT))
    speakers = (replace(S1, channel=0), replace(S2, channel=1))
    opening = replace(call(), speakers=speakers)
    told = guess.look(opening)
    assert [(s.id, s.role, s.role_confidence, s.label) for s in told] == [
        ("s1", SpeakerRole.CUSTOMER, 1.0, "Customer"),
        ("s2", SpeakerRole.AGENT, 1.0, "Nora"),
    ]
    for _ in range(3):
        more = replace(call(("s1", AGENT), ("s2", CUSTOMER)), speakers=speakers)
        assert guess.look(more) == ()
    assert guess.as_guessed(speakers[0]).role is SpeakerRole.CUSTOMER
