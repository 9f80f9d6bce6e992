"""The names shown for speakers nobody has named by hand."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from services.domain.calls import CallDetails
from services.domain.speech import Speaker, SpeakerRole, Transcript


def label_speakers(
    transcript: Transcript, details: CallDetails, *, named: Collection[str] = ()
) -> Transcript:
    """Label each speaker by role: the agent's name if known, "Customer", else "Speaker 2".

    Speakers whose id is in ``named`` keep the label they have. Several speakers of one role are
    numbered.
    """
    wanted = {s.id: _label(s, n, details) for n, s in enumerate(transcript.speakers, start=1)}
    labels = list(wanted.values())
    seen: dict[str, int] = {}
    speakers = []
    for speaker in transcript.speakers:
        label = wanted[speaker.id]
        if labels.count(label) > 1:
            seen[label] = seen.get(label, 0) + 1
            label = f"{label} {seen[label]}"
        speakers.append(speaker if speaker.id in named else replace(speaker, label=label))
    return replace(transcript, speakers=tuple(speakers))


def name_known_voices(
    transcript: Transcript, names: Mapping[str, str], *, named: Collection[str] = ()
) -> Transcript:
    """Label speakers whose voice was recognised with the name it has now.

    ``names`` are those of known voices by their id. Of a voice that isn't known any more, and of
    speakers whose id is in ``named``, the recognition is left out: their label doesn't rest on it.
    """

    def labelled(speaker: Speaker) -> Speaker:
        name = names.get(speaker.voice_id or "")
        if name is None or speaker.id in named:
            return replace(speaker, voice_id=None, voice_confidence=None)
        return replace(speaker, label=name)

    return replace(transcript, speakers=tuple(map(labelled, transcript.speakers)))


def _label(speaker: Speaker, number: int, details: CallDetails) -> str:
    if speaker.role is SpeakerRole.AGENT:
        return details.agent_name or "Agent"
    if speaker.role is SpeakerRole.CUSTOMER:
        return "Customer"
    return f"Speaker {number}"
