"""From a file to an analysed call, step by step; each step is a function that can stand alone.

prepare (probe, decode, channels) -> transcribe (provider) -> understand (backchannels, roles,
sentiment, redaction, summary, figures). Jobs run these steps over stored calls; the command line
runs them over a file and stores nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

from services.analysis.backchannels import mark_backchannels
from services.analysis.file_names import details_from_name
from services.analysis.fillers import without_fillers
from services.analysis.labels import label_speakers
from services.analysis.metrics import analyse
from services.analysis.parts import placed_in_recording
from services.analysis.roles import assign_roles
from services.analysis.spelling import respelled
from services.audio.channels import channel_to_hear, examine_channels
from services.audio.decode import decode
from services.audio.loudness import Course, loudness_by_speaker
from services.audio.part import recording_of
from services.audio.pcm import FilePcm
from services.audio.recording import Recording
from services.domain.calls import Call, CallDetails, CallState, ProcessingOptions, Stage
from services.domain.errors import FileMissing
from services.domain.findings import Finding, FindingKind
from services.domain.ids import new_id
from services.domain.metrics import AnalysedTranscript
from services.domain.part import check_bounds, part_of
from services.domain.people import LOCAL_USER
from services.domain.reviewed import ReviewedCall
from services.domain.running import RunContext
from services.domain.speech import Transcript
from services.providers.base import SpeechProvider
from services.storage.working_files import WorkingFile
from services.understanding.summary import STAGE as SUMMARY_STAGE
from services.understanding.summary import summarise

STEPS_OF_UNDERSTANDING = 4


class SentimentMarker(Protocol):
    """Gives the utterances of a transcript a sentiment."""

    def mark(self, transcript: Transcript) -> Transcript:
        """Return the transcript with a sentiment on every utterance that can have one."""


class TranscriptRedactor(Protocol):
    """Finds personal data in a transcript and takes it out."""

    def mark(self, transcript: Transcript) -> Transcript:
        """Return the transcript with the personal data marked, its text unchanged."""

    def redact(self, transcript: Transcript) -> Transcript:
        """Return the transcript with the personal data replaced in texts and words."""


class Models(Protocol):
    """The models over text, loaded when first asked for; each signs ``stages`` with its name."""

    @property
    def sentiment(self) -> SentimentMarker:
        """The sentiment model."""

    @property
    def redactor(self) -> TranscriptRedactor:
        """The recogniser of personal data."""


def prepare(
    source: BinaryIO,
    pcm_file: BinaryIO,
    context: RunContext,
    *,
    max_duration_ms: int,
    open_source: Callable[[], BinaryIO],
    source_name: str,
) -> Recording:
    """Decode a recording into ``pcm_file`` (read back from there later) and look at its channels.

    The ending of ``source_name`` tells the formats that have no header (G.722, raw µ-law).
    Raises a BadAudio when there is nothing to work with, Cancelled when the run was cancelled.
    """
    suffix = PurePosixPath(source_name).suffix
    decoded = decode(source, pcm_file, context, max_duration_ms=max_duration_ms, suffix=suffix)
    pcm = FilePcm(pcm_file, channels=decoded.channels, frames=decoded.frames)
    layout, findings = examine_channels(pcm, source_rate=decoded.facts.sample_rate)
    facts = replace(decoded.facts, findings=(*decoded.facts.findings, *findings))
    return Recording(facts=facts, layout=layout, pcm=pcm, open_source=open_source)


def transcribe(
    recording: Recording,
    provider: SpeechProvider,
    options: ProcessingOptions,
    context: RunContext,
) -> Transcript:
    """Return the provider's transcript, with what it can't measure measured here.

    A provider gets nothing but the part that is to be transcribed; the times of the transcript
    are the recording's. Raises InvalidRequest when the recording has no such part.
    """
    part = part_of(recording.duration_ms, options.start_ms, options.end_ms)
    given = recording if part is None else recording_of(recording, part)
    transcript = provider.transcribe(given, options, context)
    if part is not None:
        transcript = placed_in_recording(transcript, part, recording.duration_ms)
    if part is not None or not provider.capabilities.loudness:
        transcript = replace(transcript, loudness_dbfs=_loudness(recording, transcript))
    if options.vocabulary and provider.capabilities.vocabulary:
        told = {"vocabulary": _count(len(options.vocabulary), "word")}
        transcript = replace(transcript, stages={**transcript.stages, **told})
    return transcript


def _loudness(recording: Recording, transcript: Transcript) -> Mapping[str, Course]:
    pcm = recording.pcm
    mixed = channel_to_hear(recording.facts.findings, pcm.channels)
    channels = {s.id: mixed if s.channel is None else s.channel for s in transcript.speakers}
    return loudness_by_speaker(pcm, transcript.spans, channels)


def as_wanted(transcript: Transcript, options: ProcessingOptions) -> Transcript:
    """Return the transcript in the words its owners want: without fillers, spelled their way."""
    stages = dict(transcript.stages)
    if not options.keep_fillers:
        transcript = without_fillers(transcript)
        stages["fillers"] = "taken out"
    if options.spelling:
        transcript = respelled(transcript, options.spelling)
        stages["spelling"] = _count(len(options.spelling), "pair")
    return replace(transcript, stages=stages)


def _count(number: int, noun: str) -> str:
    """Return how many there were; which ones is nobody's business who reads the stages."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def understand(
    transcript: Transcript,
    details: CallDetails,
    options: ProcessingOptions,
    models: Models,
    context: RunContext,
) -> AnalysedTranscript:
    """Add backchannels, roles, sentiment, redaction, summary and figures to a transcript.

    Backchannels come first: what a listener hums is no hesitation. Sentiment is read from the
    words before redaction; the summary is written from what is left after it, so it can't bring
    back what was taken out.
    """
    context.report(Stage.ANALYSE, 0.0)
    transcript = as_wanted(mark_backchannels(transcript), options)
    transcript = assign_roles(transcript, details)
    context.report(Stage.ANALYSE, 1 / STEPS_OF_UNDERSTANDING)
    transcript = models.sentiment.mark(transcript)
    context.report(Stage.ANALYSE, 2 / STEPS_OF_UNDERSTANDING)
    redactor = models.redactor
    transcript = redactor.redact(transcript) if options.redact else redactor.mark(transcript)
    context.report(Stage.ANALYSE, 3 / STEPS_OF_UNDERSTANDING)
    transcript = replace(
        transcript,
        summary=transcript.summary or summarise(transcript),
        stages={"roles": "local evidence", "summary": SUMMARY_STAGE, **transcript.stages},
    )
    transcript = label_speakers(transcript, details)
    analysed = AnalysedTranscript(transcript=transcript, analysis=analyse(transcript))
    context.report(Stage.ANALYSE, 1.0)
    return analysed


def findings_of(recording: Recording, transcript: Transcript) -> tuple[Finding, ...]:
    """Return the recording's findings, with the one that only a whole transcript can show."""
    if transcript.spans or transcript.utterances or transcript.part is not None:
        return recording.facts.findings
    return (*recording.facts.findings, Finding(kind=FindingKind.NO_SPEECH))


def process_file(
    path: Path,
    provider: SpeechProvider,
    options: ProcessingOptions,
    models: Models,
    context: RunContext,
    *,
    working_folder: Path,
    max_duration_ms: int,
) -> ReviewedCall:
    """Run the whole pipeline over one file and store nothing.

    Decoded sound lies encrypted in ``working_folder`` while it runs. Raises a BadAudio when the
    file can't be used, InvalidRequest when it has no such part, and whatever the provider raises.
    """
    check_bounds(options.start_ms, options.end_ms)
    if not path.is_file():
        raise FileMissing
    details = details_from_name(path.name)
    with path.open("rb") as source, WorkingFile(working_folder) as pcm_file:
        recording = prepare(
            source,
            pcm_file,
            context,
            max_duration_ms=max_duration_ms,
            open_source=lambda: path.open("rb"),
            source_name=path.name,
        )
        transcript = transcribe(recording, provider, options, context)
        analysed = understand(transcript, details, options, models, context)
        facts = replace(recording.facts, findings=findings_of(recording, analysed.transcript))
    call = Call(
        id=new_id(),
        org_id=LOCAL_USER.org_id,
        source_name=path.name,
        content_hash="",
        size_bytes=path.stat().st_size,
        state=CallState.READY,
        created_at=datetime.now(UTC),
        details=details,
        audio=facts,
        active_transcript_id=analysed.transcript.id,
    )
    return ReviewedCall(call=call, transcript=analysed.transcript, analysis=analysed.analysis)
