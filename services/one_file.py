"""The whole pipeline over one file of this machine, storing nothing."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from services.analysis.carrying import carry_edits
from services.analysis.file_names import details_from_name
from services.analysis.labels import name_known_voices
from services.audio.recording import Recording
from services.domain.calls import Call, CallDetails, CallState, ProcessingOptions
from services.domain.edits import CallEdits
from services.domain.errors import BadTranscript, FileMissing
from services.domain.ids import new_id
from services.domain.part import check_bounds
from services.domain.people import LOCAL_USER
from services.domain.reviewed import ReviewedCall
from services.domain.rules import Rule
from services.domain.running import RunContext
from services.domain.speech import Transcript
from services.domain.voices import EnrolledVoice
from services.engine.speakers.recognition import VoiceListener
from services.exports.call_reading import CallDocument
from services.pipeline import (
    SpeakerLabeller,
    findings_of,
    prepare,
    recognise_voices,
    relabel,
    transcribe,
    understand,
)
from services.providers.base import SpeechProvider
from services.providers.capabilities import leaves_copy, redacting
from services.providers.copies import deleting_copies
from services.storage.working_files import WorkingFile
from services.understanding.file_names import safe_name
from services.understanding.interfaces import Models
from services.understanding.rules.evaluate import evaluate
from services.understanding.rules.facts import facts_of

MOST_BEYOND_END_MS = 2_000


@dataclass(frozen=True, kw_only=True)
class KnownVoices:
    """Voices to recognise in files, and who hears them."""

    enrolled: Sequence[EnrolledVoice]
    listener: VoiceListener


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
    voices: KnownVoices | None = None,
    rules: Sequence[Rule] = (),
    fallback: Sequence[SpeechProvider] = (),
    tell: Callable[[str], None] | None = None,
) -> ReviewedCall:
    """Run the whole pipeline over one file and store nothing, here or elsewhere.

    Those of ``fallback`` are asked in turn when the provider can't do it at the moment. Speakers in
    whom one of the ``voices`` is recognised get its name; ``rules`` make its categories. Decoded
    sound lies encrypted in ``working_folder`` while it runs. What providers keep is deleted there
    in the end, also after a failure, but for what the options ask it to keep; ``tell`` is told in a
    sentence of what stays. Raises a BadAudio when the file can't be used, InvalidRequest when it
    has no such part, and whatever the provider raises.
    """
    check_bounds(options.start_ms, options.end_ms)
    details = details_from_name(path.name)
    asked = provider.capabilities
    options = redacting(asked, options)
    left_by = asked.name if leaves_copy(asked, options) else None
    with (
        open_file(path, context, working_folder, max_duration_ms) as recording,
        deleting_copies((provider, *fallback), context, tell, left_by=left_by) as own,
    ):
        transcript = transcribe(recording, provider, options, own, labeller, fallback=fallback)
        return _reviewed_file(
            path, recording, transcript, details, options, models, context, voices, rules
        )


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
    voices: KnownVoices | None = None,
    rules: Sequence[Rule] = (),
) -> ReviewedCall:
    """Tell the speakers of a transcript apart on the recording that it belongs to; store nothing.

    Comments move to the new lines; known ``voices`` are recognised as in ``process_file``. Raises a
    BadAudio when the file can't be used, BadTranscript when the transcript can't be that of this
    recording.
    """
    old, details = document.transcript, document.details
    with open_file(path, context, working_folder, max_duration_ms) as recording:
        last_ms = max((u.end_ms for u in old.utterances), default=0)
        if last_ms > recording.duration_ms + MOST_BEYOND_END_MS:
            raise BadTranscript("It goes on after this recording has ended.")
        new = relabel(recording, old, options, context, labeller)
        shown = _reviewed_file(
            path, recording, new, details, options, models, context, voices, rules
        )
    edits = CallEdits(transcript_id=old.id, comments=document.comments)
    return replace(
        shown,
        call=replace(shown.call, id=document.call_id),
        edits=carry_edits(edits, old, shown.transcript),
    )


@contextmanager
def open_file(
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
    voices: KnownVoices | None,
    rules: Sequence[Rule],
) -> ReviewedCall:
    """Understand a file's transcript and return it as a call that is not stored."""
    known = voices.enrolled if voices else ()
    if voices is not None:
        transcript = recognise_voices(recording, transcript, known, voices.listener, context)
    analysed = understand(transcript, details, options, models, context, known=known)
    names = {one.voice.id: one.voice.name for one in known}
    named = name_known_voices(analysed.transcript, names)
    call = Call(
        id=new_id(),
        org_id=LOCAL_USER.org_id,
        source_name=_shown_name(path, transcript, named, models),
        content_hash="",
        size_bytes=path.stat().st_size,
        state=CallState.READY,
        created_at=datetime.now(UTC),
        details=details,
        audio=replace(recording.facts, findings=findings_of(recording, named)),
        active_transcript_id=named.id,
    )
    return ReviewedCall(
        call=call,
        transcript=named,
        analysis=analysed.analysis,
        categories=evaluate(rules, facts_of(named, analysed.analysis)),
    )


def _shown_name(path: Path, before: Transcript, after: Transcript, models: Models) -> str:
    """Return the file's name as exports may show it."""
    if not after.redacted:
        return path.name
    return safe_name(models.redactor, before, after, path.name)
