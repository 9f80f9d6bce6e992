"""Things noticed about the audio that a person should know."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class FindingKind(StrEnum):
    """What can be noticed about a recording."""

    SEPARATE_CHANNELS = "separate_channels"
    SAME_VOICE_ON_BOTH = "same_voice_on_both"
    SILENT_CHANNEL = "silent_channel"
    LEAKAGE = "leakage"
    CLIPPING = "clipping"
    LOW_LEVEL = "low_level"
    NARROWBAND = "narrowband"
    MANY_CHANNELS = "many_channels"
    NO_SPEECH = "no_speech"
    TRUNCATED = "truncated"


SENTENCES: Mapping[FindingKind, str] = {
    FindingKind.SEPARATE_CHANNELS: "Each party has a channel of its own.",
    FindingKind.SAME_VOICE_ON_BOTH: (
        "Both channels carry the same sound, so the call is treated as mono."
    ),
    FindingKind.SILENT_CHANNEL: "One channel is silent, so the call is treated as mono.",
    FindingKind.LEAKAGE: "Each channel also carries the other party faintly; the echo is ignored.",
    FindingKind.CLIPPING: "The recording is overdriven in places; words there may be wrong.",
    FindingKind.LOW_LEVEL: "The recording is very quiet; words may be missing.",
    FindingKind.NARROWBAND: "Telephone-quality sound (8 kHz) in a wider file.",
    FindingKind.MANY_CHANNELS: "The file has more than two channels; they were mixed into one.",
    FindingKind.NO_SPEECH: "No speech was found in this recording.",
    FindingKind.TRUNCATED: "The file breaks off early; what could be read was processed.",
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something noticed about the audio, with the figures it was noticed by.

    ``measured`` maps a name with its unit (``level_dbfs``, ``correlation``, ``delay_ms``) to a
    value.
    """

    kind: FindingKind
    channel: int | None = None
    measured: Mapping[str, float] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """The finding in one sentence for a person."""
        return SENTENCES[self.kind]
