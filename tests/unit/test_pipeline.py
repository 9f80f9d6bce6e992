"""The order of the pipeline's steps, and what each hands to the next."""

from collections.abc import Sequence

import pytest

from services import pipeline
from services.domain.calls import CallDetails, ProcessingOptions, Stage
from services.domain.errors import Cancelled
from services.domain.running import RunContext
from services.domain.speech import Sentiment, SentimentLabel, SpeakerRole, Statement, Summary
from tests import builders


class Models:
    """Text models that remember what they were shown."""

    name = "fake"

    def __init__(self):
        self.scored: list[str] = []
        self.before: list[str | None] = []
        self.summarised = None

    sentiment = property(lambda self: self)
    redactor = property(lambda self: self)

    def score(self, texts: Sequence[str], previous: Sequence[str | None]):
        self.scored, self.before = list(texts), list(previous)
        return [Sentiment(label=SentimentLabel.POSITIVE, score=0.5) for _ in texts]

    def mark(self, transcript):
        return transcript

    def redact(self, transcript):
        lines = tuple(
            builders.replace(u, text=u.text.replace("Jane", "[PERSON]"))
            for u in transcript.utterances
        )
        return builders.replace(transcript, utterances=lines, redacted=True)

    def summarise(self, transcript):
        self.summarised = transcript
        return Summary(reason=Statement(text="A reason."))


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
        builders.replace(builders.utterance(2, "s2", 6_000, "this is Jane"), sentiment=None),
        builders.replace(builders.utterance(3, "s2", 9_000, "my bill is wrong"), sentiment=None),
    )


def test_sentiment_reads_the_words_as_spoken_and_the_summary_only_redacted_ones(models):
    analysed = understood(models, jane(), redact=True)
    assert models.scored == ["this is Jane", "my bill is wrong"]
    assert [u.text for u in models.summarised.utterances][1] == "this is [PERSON]"
    assert analysed.transcript.redacted
    assert "Jane" not in repr(analysed)


def test_a_providers_own_sentiment_is_kept_and_each_line_knows_the_one_before(models):
    analysed = understood(models, jane())
    assert models.before == ["thank you for calling how can I help you today", "this is Jane"]
    assert analysed.transcript.utterances[0].sentiment.label is SentimentLabel.NEUTRAL


def test_redaction_off_keeps_the_words(models):
    analysed = understood(models, jane(), redact=False)
    assert not analysed.transcript.redacted
    assert analysed.transcript.utterances[1].text == "this is Jane"


def test_stages_say_who_did_what(models):
    stages = understood(models, jane()).transcript.stages
    assert stages["sentiment"] == stages["personal_data"] == "fake"
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
    assert models.scored == []


def test_a_call_without_speech_gets_through_and_says_so(models):
    silent = builders.replace(builders.transcript(), utterances=(), spans=(), speakers=())
    analysed = understood(models, silent)
    assert analysed.analysis.metrics.speech_ms == 0
    assert models.scored == []
