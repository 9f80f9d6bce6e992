"""Known participants: signatures go out with the meeting, people come back by name."""

import json

import pytest

from emulators.azure_speech.websocket import CONVERSATION_PATH, MEETING_PATH
from emulators.azure_speech.websocket_script import Behaviour, Ending, Line
from services.domain.calls import ProcessingOptions
from services.domain.errors import ProviderRejected
from services.domain.live import Final, SpeakerTold
from services.domain.running import RunContext
from services.domain.voices import VoiceSignature
from services.providers.live import LiveFormat
from tests.unit.providers.azure_speech.streams import (
    CALL,
    OPTIONS,
    call,
    emulator_of,
    nobody_waits,
    provider_of,
    said,
    sound_of,
    texts,
)

SIGNATURE = json.dumps({"Version": 0, "Tag": "a-tag", "Data": "c2VjcmV0"})
ANNA = VoiceSignature(voice_id="v-anna", name="Anna", language="en-US", signature=SIGNATURE)
LINES = tuple(
    Line(
        text=c.text,
        start_ms=c.start_ms,
        end_ms=c.end_ms,
        speaker="v-anna" if c.speaker == "Guest-1" else "Guest-1",
    )
    for c in CALL
)
WITH_PARTICIPANTS = ProcessingOptions(
    language="en", provider_options=(*OPTIONS.provider_options, ("participants", "yes"))
)


def test_a_participant_is_known_and_others_are_guests(capfd):
    recording = call()
    with emulator_of(recording, lines=LINES) as emulator:
        provider = provider_of(emulator, ANNA)
        transcript = provider.transcribe(recording, WITH_PARTICIPANTS, RunContext())
        (seen,) = emulator.connections
    assert seen.path == MEETING_PATH
    (start,) = (e for e in seen.events if e["name"] == "start")
    (attendee,) = start["meeting"]["attendees"]
    assert (attendee["id"], attendee["preferredLanguage"]) == ("v-anna", "en-US")
    assert json.loads(attendee["voice"]) == json.loads(SIGNATURE)
    assert texts(transcript) == said(LINES)
    assert [(s.id, s.label, s.voice_id) for s in transcript.speakers] == [
        ("s1", "Anna", "v-anna"),
        ("s2", "Speaker 2", None),
    ]
    assert transcript.stages["speakers"] == "azure voice signatures"
    # Standard output is for transcripts.
    assert capfd.readouterr().out == ""


def test_participants_stay_known_after_a_break():
    recording = call()
    broken = Behaviour(ending=Ending.DROP, at_ms=12_000)
    with emulator_of(recording, broken, Behaviour(), lines=LINES) as emulator:
        provider = provider_of(emulator, ANNA)
        transcript = provider.transcribe(
            recording, WITH_PARTICIPANTS, RunContext(), sleep=nobody_waits
        )
        assert len(emulator.connections) == 2
    assert texts(transcript) == said(LINES)
    assert [u.speaker for u in transcript.utterances] == ["s1", "s2"] * 3 + ["s1"]


def test_a_live_call_with_a_participant():
    recording, events = call(), []
    with emulator_of(recording, lines=LINES) as emulator:
        provider = provider_of(emulator, ANNA)
        session = provider.open_live(LiveFormat(), WITH_PARTICIPANTS, events.append)
        session.send(sound_of(recording))
        session.finish()
        assert emulator.connections[0].path == MEETING_PATH
    told = [e.speaker for e in events if isinstance(e, SpeakerTold)]
    assert [(s.label, s.voice_id) for s in told] == [("Anna", "v-anna"), ("Speaker 2", None)]
    assert len([e for e in events if isinstance(e, Final)]) == len(LINES)


@pytest.mark.parametrize(
    ("separate", "options", "voices"),
    [
        (False, OPTIONS, [ANNA]),
        (False, WITH_PARTICIPANTS, []),
        (True, WITH_PARTICIPANTS, [ANNA]),
    ],
    ids=["not-asked-for", "nobody-known", "a-channel-for-each"],
)
def test_otherwise_it_is_a_conversation(separate, options, voices):
    recording = call(separate=separate)
    with emulator_of(recording) as emulator:
        provider_of(emulator, *voices).transcribe(recording, options, RunContext())
        (seen,) = emulator.connections
    assert seen.path == CONVERSATION_PATH
    assert not seen.events


def test_a_signature_is_not_shown():
    assert "c2VjcmV0" not in repr(ANNA)


def test_a_signature_that_can_not_be_read_is_told_before_anything_is_sent():
    broken = VoiceSignature(voice_id="v", name="Anna", language="en-US", signature="not json")
    with emulator_of(call()) as emulator:
        with pytest.raises(ProviderRejected, match="signature"):
            provider_of(emulator, broken).transcribe(call(), WITH_PARTICIPANTS, RunContext())
        assert not emulator.connections
