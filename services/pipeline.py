"""From a file to an analysed call, step by step; each step is a function that can stand alone.

prepare (probe, decode, channels) -> transcribe (provider) -> recognise_voices (known voices) ->
understand (backchannels, roles, sentiment, redaction, summary, figures). Jobs run these steps over
stored calls; the command line runs them over a file and stores nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

from services import telemetry
from services.analysis.backchannels import mark_backchannels
from services.analysis.file_names import details_from_name
from services.analysis.labels import label_speakers
from services.analysis.metrics import analyse
from services.analysis.own_speech import own_spans
from services.analysis.roles import assign_roles
from services.audio.channels import channel_to_hear, examine_channels
from services.audio.decode import decode
from services.audio.loudness import loudness_by_speaker
from services.audio.pcm import FilePcm
from services.audio.recording import Recording
from services.domain.calls import Call, CallDetails, CallState, ProcessingOptions, Stage
from services.domain.errors import EngineError, FileMissing
from services.domain.findings import Finding, FindingKind
from services.domain.ids import new_id
from services.domain.metrics import AnalysedTranscript
from services.domain.people import LOCAL_USER
from services.domain.reviewed import ReviewedCall
from services.domain.running import RunContext
from services.domain.speech import Speaker, Transcript
from services.domain.voices import EnrolledVoice
from services.engine.speakers.matching import match_voices
from services.engine.speakers.recognition import VoiceListener
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
    """Return the provider's transcript, with what it can't measure measured here."""
    transcript = provider.transcribe(recording, options, context)
    if not provider.capabilities.loudness:
        channels = {speaker.id: speaker.channel for speaker in transcript.speakers}
        loudness = loudness_by_speaker(recording.pcm, transcript.spans, channels)
        transcript = replace(transcript, loudness_dbfs=loudness)
    return transcript


def recognise_voices(
    recording: Recording,
    transcript: Transcript,
    known: Sequence[EnrolledVoice],
    listener: VoiceListener,
    context: RunContext,
) -> Transcript:
    """Return the transcript with known voices noted at the speakers they were recognised in.

    Costs nothing when no voice is known. Without its models, which a cloud provider's calls don't
    need otherwise, nobody is recognised. Raises Cancelled.
    """
    if not known:
        return transcript
    channels = recording.pcm.channels
    mix = channel_to_hear(recording.facts.findings, channels)
    heard = {}
    try:
        for speaker in transcript.speakers:
            context.report(Stage.SPEAKERS, 1.0)
            channel = mix if speaker.channel is None or channels == 1 else speaker.channel
            spans = own_spans(transcript, speaker.id)
            found = listener.voiceprint(recording.pcm, spans, channel)
            if found is not None:
                heard[speaker.id] = found
    except EngineError as error:
        telemetry.warning("known_voices.unavailable", error=error.code)
        return transcript
    matches = match_voices(heard, known)

    def noted(speaker: Speaker) -> Speaker:
        match = matches.get(speaker.id)
        if match is None:
            return speaker
        return replace(speaker, voice_id=match.voice_id, voice_confidence=match.confidence)

    return replace(
        transcript,
        speakers=tuple(map(noted, transcript.speakers)),
        stages={**transcript.stages, "known_voices": "local voiceprints"},
    )


def understand(
    transcript: Transcript,
    details: CallDetails,
    options: ProcessingOptions,
    models: Models,
    context: RunContext,
    *,
    known: Sequence[EnrolledVoice] = (),
) -> AnalysedTranscript:
    """Add backchannels, roles, sentiment, redaction, summary and figures to a transcript.

    Sentiment is read from the words as spoken; the summary is written from what is left after
    redaction, so it can't bring back what was taken out. ``known`` voices that were recognised
    count as evidence of their usual roles.
    """
    context.report(Stage.ANALYSE, 0.0)
    voice_roles = {one.voice.id: one.voice.role for one in known}
    transcript = assign_roles(mark_backchannels(transcript), details, voice_roles)
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
) -> ReviewedCall:
    """Run the whole pipeline over one file and store nothing.

    Decoded sound lies encrypted in ``working_folder`` while it runs. Raises a BadAudio when the
    file can't be used, and whatever the provider raises.
    """
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
