"""The step of the pipeline that recognises known voices, and what it hands on."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from services import pipeline
from services.audio.recording import ChannelLayout, Recording
from services.domain.calls import CallDetails, ProcessingOptions
from services.domain.errors import Cancelled, WeightsMissing
from services.domain.findings import Finding, FindingKind
from services.domain.running import RunContext
from services.domain.speech import SpeakerRole
from services.domain.voices import EnrolledVoice, KnownVoice, VoiceQuality
from services.engine.speakers.matching import pack_print
from tests import builders
from tests.unit.providers.test_local import recording
from tests.unit.test_pipeline import Models

AXES = np.eye(256, dtype=np.float32)
NORA = EnrolledVoice(
    voice=KnownVoice(
        id="v1",
        org_id="local",
        name="Nora Fields",
        role=SpeakerRole.AGENT,
        created_at=datetime.now(UTC),
        speech_ms=40_000,
        quality=VoiceQuality.GOOD,
    ),
    voiceprint=pack_print(AXES[0]),
)


class Listener:
    """Hears the first speaker as Nora, others as nobody; notes channels and spans."""

    def __init__(self, fault=None):
        self.asked = []
        self.fault = fault

    def voiceprint(self, pcm, spans, channel):
        if self.fault:
            raise self.fault
        self.asked.append((channel, tuple(spans)))
        return AXES[len(self.asked) - 1]


def quiet(channels: int, *findings: Finding) -> Recording:
    silence = np.zeros((16_000, channels), np.float32)
    return recording(silence, ChannelLayout.MIXED, *findings)


def recognised(spoken, listener, *, known=(NORA,), channels=1, findings=(), context=None):
    source = quiet(channels, *findings)
    return pipeline.recognise_voices(source, spoken, known, listener, context or RunContext())


def test_a_known_voice_is_noted_at_its_speaker():
    spoken = builders.transcript()
    found = recognised(spoken, Listener())
    assert [(s.voice_id, s.voice_confidence) for s in found.speakers] == [
        ("v1", 0.99),
        (None, None),
    ]
    assert found.stages["known_voices"] == "local voiceprints"
    assert replace(found, speakers=spoken.speakers, stages=spoken.stages) == spoken


def test_without_known_voices_nothing_is_heard_or_changed():
    listener, spoken = Listener(), builders.transcript()
    assert recognised(spoken, listener, known=()) is spoken
    assert listener.asked == []


@pytest.mark.parametrize(
    ("channels", "findings", "heard"),
    [
        (2, (), [0, 1]),
        (1, (), [None, None]),
        (2, (Finding(kind=FindingKind.SAME_VOICE_ON_BOTH, channel=1),), [1, 1]),
    ],
)
def test_each_speaker_is_heard_where_it_sounds_alone(channels, findings, heard):
    listener, spoken = Listener(), builders.transcript()
    if channels == 2 and not findings:
        own = tuple(replace(s, channel=n) for n, s in enumerate(spoken.speakers))
        spoken = replace(spoken, speakers=own)
    recognised(spoken, listener, channels=channels, findings=findings)
    assert [channel for channel, _ in listener.asked] == heard
    assert listener.asked[0][1] == tuple(
        (s.start_ms, s.end_ms) for s in spoken.spans if s.speaker == "s1"
    )


def test_a_call_without_the_local_models_goes_on_without_names():
    spoken = builders.transcript()
    assert recognised(spoken, Listener(WeightsMissing())) is spoken


def test_recognising_voices_stops_with_the_run():
    with pytest.raises(Cancelled):
        recognised(builders.transcript(), Listener(), context=RunContext(is_cancelled=lambda: True))


def test_the_usual_role_of_a_known_voice_reaches_the_roles():
    spoken = builders.transcript(
        builders.utterance(1, "s1", 0, "yes it is raining here too"),
        builders.utterance(2, "s2", 6_000, "we had some sun in the morning"),
    )
    plain = tuple(
        replace(s, role=SpeakerRole.UNKNOWN, role_confidence=None) for s in spoken.speakers
    )
    found = recognised(replace(spoken, speakers=plain), Listener())
    details, options = CallDetails(), ProcessingOptions(redact=False)
    analysed = pipeline.understand(found, details, options, Models(), RunContext(), known=(NORA,))
    assert [s.role for s in analysed.transcript.speakers] == ["agent", "customer"]
    assert "Nora" not in repr(analysed.transcript)
