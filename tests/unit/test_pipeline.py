"""The order of the pipeline's steps, and what each hands to the next."""

import io
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from services import pipeline
from services.audio.pcm import ArrayPcm
from services.audio.recording import ChannelLayout, Recording
from services.domain.calls import AudioFacts, CallDetails, ProcessingOptions, Stage
from services.domain.errors import Cancelled, WeightsMissing
from services.domain.findings import Finding, FindingKind
from services.domain.running import RunContext
from services.domain.speech import SentimentLabel, SpeakerRole, Statement, Summary
from services.domain.voices import EnrolledVoice, KnownVoice, VoiceQuality
from services.engine.speakers.matching import pack_print
from tests import builders


class Models:
    """Text models that remember what they were shown."""

    def __init__(self):
        self.read: list[str] = []

    sentiment = property(lambda self: Sentiments(self))
    redactor = property(lambda self: Redactor())


class Sentiments:
    def __init__(self, models):
        self.models = models

    def mark(self, transcript):
        self.models.read = [u.text for u in transcript.utterances]
        lines = tuple(
            u if u.sentiment else replace(u, sentiment=builders.SENTIMENTS["+"])
            for u in transcript.utterances
        )
        return replace(
            transcript, utterances=lines, stages={**transcript.stages, "sentiment": "fake"}
        )


class Redactor:
    def mark(self, transcript):
        return transcript

    def redact(self, transcript):
        lines = tuple(
            replace(u, text=u.text.replace("Jane", "[PERSON]"), words=())
            for u in transcript.utterances
        )
        return replace(transcript, utterances=lines, redacted=True)


@pytest.fixture
def models():
    return Models()


def understood(models, transcript, context=None, **options):
    return pipeline.understand(
        transcript,
        CallDetails(agent_name="Nora Fields"),
        ProcessingOptions(**options),
        models,
        context or RunContext(),
    )


def jane():
    return builders.transcript(
        builders.utterance(1, "s1", 0, "thank you for calling how can I help you today"),
        replace(
            builders.utterance(2, "s2", 6_000, "I am calling because Jane said my bill is wrong"),
            sentiment=None,
        ),
        builders.utterance(3, "s1", 40_000, "let me look into that for you"),
    )


def test_sentiment_reads_the_words_as_spoken_and_the_summary_only_redacted_ones(models):
    analysed = understood(models, jane(), redact=True)
    assert "I am calling because Jane said my bill is wrong" in models.read
    assert analysed.transcript.summary.reason.utterances == ("u2",)
    assert analysed.transcript.redacted
    assert "Jane" not in repr(analysed)


def test_a_providers_own_sentiment_and_summary_are_kept(models):
    own = Summary(reason=Statement(text="Asked by the provider."))
    analysed = understood(models, replace(jane(), summary=own))
    assert analysed.transcript.utterances[0].sentiment.label is SentimentLabel.NEUTRAL
    assert analysed.transcript.utterances[1].sentiment.label is SentimentLabel.POSITIVE
    assert analysed.transcript.summary == own


def test_redaction_off_keeps_the_words(models):
    analysed = understood(models, jane(), redact=False)
    assert not analysed.transcript.redacted
    assert analysed.transcript.utterances[1].text.startswith("I am calling because Jane")


def test_stages_say_who_did_what(models):
    stages = understood(models, jane()).transcript.stages
    assert stages["sentiment"] == "fake"
    assert {"roles", "summary"} <= stages.keys()


def test_speakers_are_labelled_by_role_and_figures_belong_to_the_transcript(models):
    analysed = understood(models, jane())
    assert analysed.transcript.speaker("s1").label == "Nora Fields"
    assert analysed.transcript.role_of("s1") is SpeakerRole.AGENT
    assert set(analysed.analysis.metrics.by_speaker) == {"s1", "s2"}


def test_progress_runs_from_start_to_end(models):
    reports = []
    context = RunContext(on_progress=lambda stage, fraction: reports.append((stage, fraction)))
    understood(models, jane(), context)
    assert reports[0] == (Stage.ANALYSE, 0.0)
    assert reports[-1] == (Stage.ANALYSE, 1.0)
    assert reports == sorted(reports, key=lambda r: r[1])


def test_a_cancelled_run_stops_before_the_next_step(models):
    with pytest.raises(Cancelled):
        understood(models, jane(), RunContext(is_cancelled=lambda: True))
    assert models.read == []


def test_a_call_without_speech_gets_through_and_says_so(models):
    silent = replace(builders.transcript(), utterances=(), spans=(), speakers=())
    analysed = understood(models, silent)
    assert analysed.analysis.metrics.speech_ms == 0
    assert analysed.transcript.utterances == ()


# --- known voices ------------------------------------------------------------------------------

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


def recording(channels: int, *findings: Finding) -> Recording:
    facts = AudioFacts(
        duration_ms=1_000, channels=channels, sample_rate=8_000, codec="c", container="w",
        findings=findings,
    )  # fmt: skip
    return Recording(
        facts=facts,
        layout=ChannelLayout.MIXED,
        pcm=ArrayPcm(np.zeros((16_000, channels), np.float32)),
        open_source=io.BytesIO,
    )


def recognised(spoken, listener, *, known=(NORA,), channels=1, findings=(), context=None):
    source = recording(channels, *findings)
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


def test_the_usual_role_of_a_known_voice_reaches_the_roles(models):
    spoken = builders.transcript(
        builders.utterance(1, "s1", 0, "yes it is raining here too"),
        builders.utterance(2, "s2", 6_000, "we had some sun in the morning"),
    )
    plain = tuple(
        replace(s, role=SpeakerRole.UNKNOWN, role_confidence=None) for s in spoken.speakers
    )
    found = recognised(replace(spoken, speakers=plain), Listener())
    details, options = CallDetails(), ProcessingOptions(redact=False)
    analysed = pipeline.understand(found, details, options, models, RunContext(), known=(NORA,))
    assert [s.role for s in analysed.transcript.speakers] == ["agent", "customer"]
    assert "Nora" not in repr(analysed.transcript)
