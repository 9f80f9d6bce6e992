"""Who said what in a run's call: recognised, told apart anew, or as the words came."""

from dataclasses import replace

from services import pipeline
from services.domain.captions import captions_maker
from services.domain.errors import NotFound, TranscriptGone
from services.domain.ids import new_id
from services.domain.speech import Transcript
from services.jobs.material import RunMaterial
from services.jobs.workshop import Workshop


def words_of_run(workshop: Workshop, material: RunMaterial) -> Transcript:
    """Return the transcript that the run is to understand.

    Raises NotFound, TranscriptGone, a BadAudio, a ProviderError, Cancelled ….
    """
    if not material.has_recording:
        return _as_they_came(workshop, material)
    return pipeline.recognise_voices(
        material.recording,
        _heard(workshop, material),
        material.known_voices,
        workshop.listener,
        material.context,
    )


def _as_they_came(workshop: Workshop, material: RunMaterial) -> Transcript:
    """Return the words of a call without a recording, to be understood from the beginning.

    What was summed up here while it was held may have been so before its end; a summary of whoever
    sent the words stays.
    """
    words = workshop.transcripts.active(material.org_id, material.run.call_id)
    origin = words.summary.origin if words.summary else None
    is_senders = origin is not None and origin.name == captions_maker(words.provider)
    return replace(words, id=new_id(), summary=words.summary if is_senders else None)


def _heard(workshop: Workshop, material: RunMaterial) -> Transcript:
    """Return what the provider makes of the recording, or the old words with new speakers."""
    options, recording = material.options, material.recording
    if options.relabel_of is not None:
        words = _kept(workshop, material, options.relabel_of)
        return pipeline.relabel(recording, words, options, material.context, workshop.labeller)
    provider, *fallback = workshop.providers.in_turn(options)
    return pipeline.transcribe(
        recording, provider, options, material.context, workshop.labeller, fallback=fallback
    )


def _kept(workshop: Workshop, material: RunMaterial, transcript_id: str) -> Transcript:
    """Return the transcript whose words are kept; a redacted run may have deleted it."""
    try:
        return workshop.transcripts.get(material.org_id, material.run.call_id, transcript_id)
    except NotFound:
        raise TranscriptGone from None
