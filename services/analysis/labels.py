"""The names shown for speakers nobody has named by hand."""

from collections.abc import Collection
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


def _label(speaker: Speaker, number: int, details: CallDetails) -> str:
    if speaker.role is SpeakerRole.AGENT:
        return details.agent_name or "Agent"
    if speaker.role is SpeakerRole.CUSTOMER:
        return "Customer"
    return f"Speaker {number}"
