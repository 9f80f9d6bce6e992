"""From a file to an analysed call, step by step; each step is a function that can stand alone.

prepare (probe, decode, channels) -> transcribe (provider) or relabel -> recognise_voices (known
voices) -> understand (backchannels, roles, sentiment, redaction, summary, figures). Jobs run these
steps over stored calls; the command line runs them over a file and stores nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import BinaryIO, Protocol

from services import telemetry
from services.analysis.backchannels import mark_backchannels
from services.analysis.entities.finding import EntityContext
from services.analysis.fillers import without_fillers
from services.analysis.labels import label_speakers
from services.analysis.metrics import analyse
from services.analysis.own_speech import own_spans
from services.analysis.parts import placed_in_recording, taken_from_recording
from services.analysis.roles import assign_roles, told_roles
from services.analysis.spelling import respelled
from services.audio.channels import channel_to_hear, examine_channels
from services.audio.decode import Decode, decode
from services.audio.loudness import Course, loudness_by_speaker
from services.audio.part import recording_of
from services.audio.pcm import FilePcm
from services.audio.recording import ChannelLayout, Recording
from services.domain.calls import CallDetails, ProcessingOptions, Stage
from services.domain.errors import EngineError
from services.domain.findings import Finding, FindingKind
from services.domain.metrics import AnalysedTranscript
from services.domain.part import part_of
from services.domain.running import RunContext
from services.domain.speech import Speaker, Transcript
from services.domain.voices import EnrolledVoice
from services.engine.speakers.matching import match_voices
from services.engine.speakers.recognition import VoiceListener
from services.providers.base import SpeechProvider
from services.providers.capabilities import Capabilities
from services.providers.fallback import transcribe_in_turn
from services.understanding.interfaces import Models
from services.understanding.summariser import summarised

STEPS_OF_UNDERSTANDING = 4
KEPT = "as before by "


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


def prepare(
    source: BinaryIO,
    pcm_file: BinaryIO,
    context: RunContext,
    *,
    max_duration_ms: int,
    open_source: Callable[[], BinaryIO],
    source_name: str,
    decode: Decode = decode,
) -> Recording:
    """Decode a recording into ``pcm_file`` (read back from there later) and look at its channels.

    ``decode`` may do so in another process. The ending of ``source_name`` tells the formats that
    have no header (G.722, raw µ-law).
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
    *,
    fallback: Sequence[SpeechProvider] = (),
) -> Transcript:
    """Return the provider's transcript, with what it can't tell or measure added here.

    Those of ``fallback`` are asked in turn when it can't do it at the moment; what is added goes by
    who did it, and ``stages`` tell of it. They get nothing but the part that is to be transcribed;
    the times of the transcript are the recording's. Without a ``labeller`` the speakers are those
    that the provider tells, or none. Raises InvalidRequest when the recording has no such part.
    """
    part = part_of(recording.duration_ms, options.start_ms, options.end_ms)
    given = recording if part is None else recording_of(recording, part)
    heard = transcribe_in_turn((provider, *fallback), given, options, context)
    transcript, capabilities = heard.transcript, heard.by
    has_loudness = capabilities.loudness
    if labeller is not None and not _tells_speakers(capabilities, given):
        with context.local_slot():
            transcript = labeller.relabel(given, transcript, options, context)
        has_loudness = True
    if part is not None:
        transcript = placed_in_recording(transcript, part, recording.duration_ms)
    if part is not None or not has_loudness:
        transcript = replace(transcript, loudness_dbfs=_loudness(recording, transcript))
    if options.vocabulary and capabilities.vocabulary:
        told = {"vocabulary": _count(len(options.vocabulary), "word")}
        transcript = replace(transcript, stages={**transcript.stages, **told})
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

    Where only a part was transcribed, nothing else is listened to. ``stages`` says who recognised
    the words before. Raises InvalidRequest when the recording has no such part.
    """
    part = transcript.part
    part = part and part_of(recording.duration_ms, part.start_ms, part.end_ms)
    if part is None:
        whole = replace(transcript, part=None)
        with context.local_slot():
            labelled = labeller.relabel(recording, whole, options, context)
    else:
        alone = taken_from_recording(transcript, part)
        with context.local_slot():
            labelled = labeller.relabel(recording_of(recording, part), alone, options, context)
        labelled = placed_in_recording(labelled, part, recording.duration_ms)
        labelled = replace(labelled, loudness_dbfs=_loudness(recording, labelled))
    before = transcript.stages.get("recognition", transcript.provider)
    stages = {
        "recognition": f"{KEPT}{before.removeprefix(KEPT)}",
        "speakers": f"{labelled.stages['speakers']} (relabelled)",
    }
    return replace(labelled, stages={**labelled.stages, **stages})


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
    *,
    known: Sequence[EnrolledVoice] = (),
) -> AnalysedTranscript:
    """Add backchannels, roles, sentiment, topics, redaction, entities, summary and figures.

    Backchannels come first: what a listener hums is no hesitation. Sentiment and topics, which
    keep no words, are read before redaction; entities and summary come from what is left after
    it, so they can't bring back what was taken out. What is redacted already stays redacted.
    ``known`` voices that were recognised count as evidence of their usual roles. Relabelled words
    stay as they are.
    """
    context.report(Stage.ANALYSE, 0.0)
    transcript = mark_backchannels(transcript)
    if options.relabel_of is None:
        transcript = as_wanted(transcript, options)
    transcript = told_roles(transcript, options.channel_roles)
    transcript = assign_roles(transcript, details, {one.voice.id: one.voice.role for one in known})
    context.report(Stage.ANALYSE, 1 / STEPS_OF_UNDERSTANDING)
    transcript = models.subjects.classify(models.sentiment.mark(transcript))
    context.report(Stage.ANALYSE, 2 / STEPS_OF_UNDERSTANDING)
    redactor = models.redactor
    redact = options.redact or transcript.redacted
    transcript = redactor.redact(transcript) if redact else redactor.mark(transcript)
    transcript = models.subjects.extract(transcript, _entity_context(details, options))
    context.report(Stage.ANALYSE, 3 / STEPS_OF_UNDERSTANDING)
    transcript = summarised(transcript, models.summariser, _last_step_of(context))
    transcript = replace(transcript, stages={"roles": _roles_by(options), **transcript.stages})
    transcript = label_speakers(transcript, details)
    analysed = AnalysedTranscript(transcript=transcript, analysis=analyse(transcript))
    context.report(Stage.ANALYSE, 1.0)
    return analysed


def _roles_by(options: ProcessingOptions) -> str:
    return "as told of each channel" if options.channel_roles else "local evidence"


def _entity_context(details: CallDetails, options: ProcessingOptions) -> EntityContext:
    day = details.started_at.date() if details.started_at else None
    return EntityContext(day=day, terms=options.vocabulary)


def _last_step_of(context: RunContext) -> RunContext:
    """Return the context for what comes last: its progress fills the rest of the stage."""
    done = (STEPS_OF_UNDERSTANDING - 1) / STEPS_OF_UNDERSTANDING
    left = 1.0 - done
    return replace(
        context, on_progress=lambda stage, f: context.on_progress(stage, done + f * left)
    )


def findings_of(recording: Recording, transcript: Transcript) -> tuple[Finding, ...]:
    """Return the recording's findings, with the one that only a whole transcript can show."""
    if transcript.spans or transcript.utterances or transcript.part is not None:
        return recording.facts.findings
    return (*recording.facts.findings, Finding(kind=FindingKind.NO_SPEECH))
