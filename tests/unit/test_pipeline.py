"""The order of the pipeline's steps, and what each hands to the next."""

from dataclasses import replace

import pytest

from services import pipeline
from services.audio.recording import ChannelLayout
from services.domain.calls import CallDetails, ProcessingOptions, Stage
from services.domain.errors import Cancelled
from services.domain.running import RunContext
from services.domain.speech import SentimentLabel, SpeakerRole, Statement, Summary
from services.domain.topics import Topic
from services.providers.base import SpeechProvider
from services.providers.capabilities import Capabilities, Readiness
from services.understanding.summariser import LocalSummariser
from tests import builders
from tests.unit.providers.test_local import bursts, recording


class Models:
    """Text models that remember what they were shown."""

    def __init__(self):
        self.read: list[str] = []
        self.classified: list[str] = []
        self.extracted: list[str] = []
        self.context = None

    sentiment = property(lambda self: Sentiments(self))
    redactor = property(lambda self: Redactor())
    subjects = property(lambda self: Subjects(self))
    summariser = property(lambda self: LocalSummariser())


class Subjects:
    def __init__(self, models):
        self.models = models

    def classify(self, transcript):
        self.models.classified = [u.text for u in transcript.utterances]
        return replace(transcript, topics=(Topic(id="fraud", confidence=0.9),))

    def extract(self, transcript, context):
        self.models.extracted = [u.text for u in transcript.utterances]
        self.models.context = context
        return transcript


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

    def redact_line(self, transcript, utterance_id, text):
        return text.replace("Jane", "[PERSON]")

    def redact_comment(self, transcript, utterance_id, text):
        return text.replace("Jane", "[PERSON]")


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


def hesitating():
    return builders.transcript(
        builders.utterance(1, "s1", 0, "Um, thank you for calling acme tell."),
        replace(builders.utterance(2, "s2", 2_400, "Hmm."), is_backchannel=True),
        builders.utterance(3, "s2", 6_000, "Um..."),
        builders.utterance(4, "s2", 9_000, "Uh, my name is jain."),
    )


WANTED = {"keep_fillers": False, "spelling": (("acme tell", "AcmeTel"), ("jain", "Jane"))}


def test_words_are_as_wanted_before_any_model_reads_them(models):
    analysed = understood(models, hesitating(), **WANTED)
    assert models.read == ["Thank you for calling AcmeTel.", "Hmm.", "My name is Jane."]
    assert analysed.transcript.utterances[-1].text == "My name is [PERSON]."
    assert analysed.transcript.stages["fillers"] == "taken out"
    assert analysed.transcript.stages["spelling"] == "2 pairs"
    assert analysed.analysis.metrics.by_speaker["s1"].fillers_per_100_words is None


def test_talk_times_are_those_with_fillers(models):
    kept = understood(models, hesitating()).analysis.metrics
    gone = understood(models, hesitating(), **WANTED).analysis.metrics
    assert kept.by_speaker["s1"].fillers == 1
    assert gone.speech_ms == kept.speech_ms
    assert gone.by_speaker["s2"].talk_ms == kept.by_speaker["s2"].talk_ms
    assert gone.switches == kept.switches


def test_words_stay_as_they_are_unless_asked(models):
    transcript = understood(models, hesitating(), redact=False).transcript
    assert transcript.utterances[0].text == "Um, thank you for calling acme tell."
    assert not {"fillers", "spelling", "vocabulary"} & transcript.stages.keys()


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


class Provider(SpeechProvider):
    """Delivers one transcript and can do what a test says."""

    def __init__(self, **can):
        self.capabilities = Capabilities(name="example", title="Example", **can)

    def readiness(self):
        return Readiness(ready=True)

    def _transcribe_impl(self, recording, options, context):
        return replace(jane(), stages={"recognition": "example"})


class Labeller:
    """Says that it has been here."""

    def relabel(self, recording, transcript, options, context):
        return replace(transcript, stages={**transcript.stages, "speakers": "heard here"})


@pytest.mark.parametrize(
    ("can", "layout", "added"),
    [
        ({}, ChannelLayout.MIXED, True),
        ({"separate_channels": True}, ChannelLayout.MIXED, True),
        ({"diarization": True}, ChannelLayout.MIXED, False),
        ({}, ChannelLayout.SEPARATE, True),
        ({"separate_channels": True}, ChannelLayout.SEPARATE, False),
        ({"diarization": True}, ChannelLayout.SEPARATE, False),
    ],
)
def test_speakers_a_provider_cannot_tell_are_told_here(can, layout, added):
    source = recording(bursts(3, (0, 2)), layout)
    found = pipeline.transcribe(
        source, Provider(**can), ProcessingOptions(), RunContext(), Labeller()
    )
    assert (found.stages.get("speakers") == "heard here") is added
    assert found.stages["recognition"] == "example"
    assert found.provider == "scripted"


def test_relabelled_words_say_who_recognised_them():
    source = recording(bursts(3, (0, 2)), ChannelLayout.MIXED)
    old = replace(jane(), stages={"recognition": "example"})
    new = old
    for _ in range(2):
        new = pipeline.relabel(source, new, ProcessingOptions(), RunContext(), Labeller())
    assert new.stages == {
        "recognition": "as before by example",
        "speakers": "heard here (relabelled)",
    }
    unsigned = replace(jane(), stages={})
    new = pipeline.relabel(source, unsigned, ProcessingOptions(), RunContext(), Labeller())
    assert new.stages["recognition"] == "as before by scripted"


def test_relabelled_words_are_not_rewritten_again(models):
    spoken = builders.transcript(builders.utterance(1, "s1", 0, "Thank you for calling Acme Tel."))
    options = {"spelling": (("acme", "Acme Tel"),)}
    first = understood(models, spoken, **options).transcript.utterances[0].text
    again = understood(models, spoken, **options, relabel_of="t1").transcript.utterances[0].text
    assert first == "Thank you for calling Acme Tel Tel."
    assert again == "Thank you for calling Acme Tel."


def test_what_is_redacted_is_never_unredacted(models):
    analysed = understood(models, replace(jane(), redacted=True), redact=False)
    assert analysed.transcript.redacted
    assert "Jane" not in repr(analysed)


def test_topics_are_read_before_redaction_and_entities_after(models):
    """Topics keep no words; entities would bring back what was taken out."""
    understood(models, jane(), vocabulary=("TravelPass",))
    assert any("Jane" in text for text in models.classified)
    assert models.extracted
    assert not any("Jane" in text for text in models.extracted)
    assert models.context.terms == ("TravelPass",)
