"""Known voices: people whose voice an organisation has enrolled, and how that went."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from services.domain.speech import SpeakerRole

LEAST_SPEECH_MS = 10_000
ADVISED_SPEECH_MS = 30_000
MOST_SPEECH_MS = 120_000


class VoiceQuality(StrEnum):
    """How far a voiceprint can be relied on."""

    GOOD = "good"
    USABLE = "usable"
    POOR = "poor"


class EnrolmentRemark(StrEnum):
    """What was noticed about the recording of an enrolment."""

    SHORT = "short"
    LONG = "long"
    UNSTEADY = "unsteady"
    CLIPPING = "clipping"
    LOW_LEVEL = "low_level"
    NOISY = "noisy"
    NARROWBAND = "narrowband"
    LIKE_ANOTHER = "like_another"


REMARKS: Mapping[EnrolmentRemark, str] = {
    EnrolmentRemark.SHORT: (
        "There is little speech in it: 30 seconds to 2 minutes make the voice safer to recognise."
    ),
    EnrolmentRemark.LONG: "Only the 2 minutes with the longest sentences were used.",
    EnrolmentRemark.UNSTEADY: (
        "The voice doesn't sound the same throughout: parts that differ were left out. "
        "Record again in one go, at the same distance from the microphone."
    ),
    EnrolmentRemark.CLIPPING: (
        "The recording is overdriven: turn the microphone down or move away from it a little."
    ),
    EnrolmentRemark.LOW_LEVEL: (
        "The recording is very quiet: turn the microphone up or move closer to it."
    ),
    EnrolmentRemark.NOISY: "There is much noise behind the voice: record in a quiet room.",
    EnrolmentRemark.NARROWBAND: (
        "This is telephone sound, which does no harm: voices are compared in that band anyway."
    ),
    EnrolmentRemark.LIKE_ANOTHER: (
        "It sounds much like a voice that is known already; the two may not be told apart."
    ),
}


@dataclass(frozen=True, kw_only=True)
class Voiceprint:
    """How a voice sounds, as numbers: personal data that is never shown, exported or logged.

    ``packed`` are the network's values as little-endian 32-bit floats, together of length 1.
    """

    packed: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Enrolment:
    """What a recording taught about a voice; ``speech_ms`` is how much speech was used."""

    voiceprint: Voiceprint
    quality: VoiceQuality
    speech_ms: int
    remarks: tuple[EnrolmentRemark, ...] = ()


@dataclass(frozen=True, kw_only=True)
class KnownVoice:
    """A person whose voice is recognised in calls, without the voiceprint."""

    id: str
    org_id: str
    name: str
    role: SpeakerRole
    created_at: datetime
    speech_ms: int
    quality: VoiceQuality


@dataclass(frozen=True, kw_only=True)
class EnrolledVoice:
    """What recognising a known voice takes."""

    voice: KnownVoice
    voiceprint: Voiceprint


@dataclass(frozen=True, kw_only=True)
class VoiceSignature:
    """What a cloud service made of a known voice, to recognise it by: personal data as well.

    ``language`` is the locale the person speaks ("en-US"), ``signature`` the service's own JSON.
    """

    voice_id: str
    name: str
    language: str
    signature: str = field(repr=False)
