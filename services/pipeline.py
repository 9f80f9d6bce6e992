"""From a file to an analysed call, step by step; each step is a function that can stand alone.

prepare (probe, decode, channels) -> transcribe (provider) -> understand (backchannels, roles,
sentiment, redaction, summary, figures). Jobs run these steps over stored calls; the command line
runs them over a file and stores nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

from services.analysis.backchannels import mark_backchannels
from services.analysis.carrying import carry_edits
from services.analysis.file_names import details_from_name
from services.analysis.labels import label_speakers
from services.analysis.metrics import analyse
from services.analysis.roles import assign_roles
from services.audio.channels import examine_channels
from services.audio.decode import decode
from services.audio.loudness import loudness_by_speaker
from services.audio.pcm import FilePcm
from services.audio.recording import ChannelLayout, Recording
from services.domain.calls import Call, CallDetails, CallState, ProcessingOptions, Stage
from services.domain.edits import CallEdits
from services.domain.errors import BadTranscript, FileMissing
from services.domain.findings import Finding, FindingKind
from services.domain.ids import new_id
from services.domain.metrics import AnalysedTranscript
from services.domain.people import LOCAL_USER
from services.domain.reviewed import ReviewedCall
from services.domain.running import RunContext
from services.domain.speech import Transcript
from services.exports.call_reading import CallDocument
from services.providers.base import Capabilities, SpeechProvider
from services.storage.working_files import WorkingFile
from services.understanding.summary import STAGE as SUMMARY_STAGE
from services.understanding.summary import summarise

STEPS_OF_UNDERSTANDING = 4
KEPT = "as before by "
MOST_BEYOND_END_MS = 2_000


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


class SpeakerLabeller(Protocol):
    """Tells the speakers of a recording apart on this machine."""

    def relabel(
        self,
        recording: Recording,
        transcript: Transcript,
        options: ProcessingOptions,
        context: RunContext,
    ) -> Transcript:
        """Return the transcript's words with speakers found on the recording."""


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
    labeller: SpeakerLabeller | None = None,
) -> Transcript:
    """Return the provider's transcript, with what it can't tell or measure added here.

    Without a ``labeller`` the speakers are those that the provider tells, or none.
    """
    transcript = provider.transcribe(recording, options, context)
    if labeller is not None and not _tells_speakers(provider.capabilities, recording):
        return labeller.relabel(recording, transcript, options, context)
    if not provider.capabilities.loudness:
        channels = {speaker.id: speaker.channel for speaker in transcript.speakers}
        loudness = loudness_by_speaker(recording.pcm, transcript.spans, channels)
        transcript = replace(transcript, loudness_dbfs=loudness)
    return transcript


def _tells_speakers(capabilities: Capabilities, recording: Recording) -> bool:
    """Whether a provider tells this recording's speakers apart: by channel, or else by voice."""
    if recording.layout is ChannelLayout.SEPARATE and capabilities.separate_channels:
        return True
    return capabilities.diarization


def relabel(
    recording: Recording,
    transcript: Transcript,
    options: ProcessingOptions,
    context: RunContext,
    labeller: SpeakerLabeller,
) -> Transcript:
    """Return a transcript of the same words in which the speakers are told apart anew.

    ``stages`` says who recognised the words before.
    """
    labelled = labeller.relabel(recording, transcript, options, context)
    before = transcript.stages.get("recognition", transcript.provider)
    stages = {
        "recognition": f"{KEPT}{before.removeprefix(KEPT)}",
        "speakers": f"{labelled.stages['speakers']} (relabelled)",
    }
    return replace(labelled, stages={**labelled.stages, **stages})


def understand(
    transcript: Transcript,
    details: CallDetails,
    options: ProcessingOptions,
    models: Models,
    context: RunContext,
) -> AnalysedTranscript:
    """Add backchannels, roles, sentiment, redaction, summary and figures to a transcript.

    Sentiment is read from the words as spoken; the summary is written from what is left after
    redaction, so it can't bring back what was taken out. What is redacted already stays redacted.
    """
    context.report(Stage.ANALYSE, 0.0)
    transcript = assign_roles(mark_backchannels(transcript), details)
    context.report(Stage.ANALYSE, 1 / STEPS_OF_UNDERSTANDING)
    transcript = models.sentiment.mark(transcript)
    context.report(Stage.ANALYSE, 2 / STEPS_OF_UNDERSTANDING)
    redactor = models.redactor
    redact = options.redact or transcript.redacted
    transcript = redactor.redact(transcript) if redact else redactor.mark(transcript)
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
    """Return the recording's findings, with the one that only a transcript can show."""
    if transcript.spans or transcript.utterances:
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
    labeller: SpeakerLabeller | None = None,
) -> ReviewedCall:
    """Run the whole pipeline over one file and store nothing.

    Decoded sound lies encrypted in ``working_folder`` while it runs. Raises a BadAudio when the
    file can't be used, and whatever the provider raises.
    """
    details = details_from_name(path.name)
    with _opened(path, context, working_folder, max_duration_ms) as recording:
        transcript = transcribe(recording, provider, options, context, labeller)
        return _reviewed_file(path, recording, transcript, details, options, models, context)


def relabel_file(
    path: Path,
    document: CallDocument,
    options: ProcessingOptions,
    models: Models,
    context: RunContext,
    *,
    working_folder: Path,
    max_duration_ms: int,
    labeller: SpeakerLabeller,
) -> ReviewedCall:
    """Tell the speakers of a transcript apart on the recording that it belongs to; store nothing.

    Comments move to the new lines. Raises a BadAudio when the file can't be used, BadTranscript
    when the transcript can't be that of this recording.
    """
    old, details = document.transcript, document.details
    with _opened(path, context, working_folder, max_duration_ms) as recording:
        last_ms = max((u.end_ms for u in old.utterances), default=0)
        if last_ms > recording.duration_ms + MOST_BEYOND_END_MS:
            raise BadTranscript("It goes on after this recording has ended.")
        new = relabel(recording, old, options, context, labeller)
        shown = _reviewed_file(path, recording, new, details, options, models, context)
    edits = CallEdits(transcript_id=old.id, comments=document.comments)
    return replace(
        shown,
        call=replace(shown.call, id=document.call_id),
        edits=carry_edits(edits, old, shown.transcript),
    )


@contextmanager
def _opened(
    path: Path, context: RunContext, working_folder: Path, max_duration_ms: int
) -> Iterator[Recording]:
    """Decode a file for as long as the block lasts."""
    if not path.is_file():
        raise FileMissing
    with path.open("rb") as source, WorkingFile(working_folder) as pcm_file:
        yield prepare(
            source,
            pcm_file,
            context,
            max_duration_ms=max_duration_ms,
            open_source=lambda: path.open("rb"),
            source_name=path.name,
        )


def _reviewed_file(
    path: Path,
    recording: Recording,
    transcript: Transcript,
    details: CallDetails,
    options: ProcessingOptions,
    models: Models,
    context: RunContext,
) -> ReviewedCall:
    """Understand a file's transcript and return it as a call that is not stored."""
    analysed = understand(transcript, details, options, models, context)
    call = Call(
        id=new_id(),
        org_id=LOCAL_USER.org_id,
        source_name=path.name,
        content_hash="",
        size_bytes=path.stat().st_size,
        state=CallState.READY,
        created_at=datetime.now(UTC),
        details=details,
        audio=replace(recording.facts, findings=findings_of(recording, analysed.transcript)),
        active_transcript_id=analysed.transcript.id,
    )
    return ReviewedCall(call=call, transcript=analysed.transcript, analysis=analysed.analysis)
