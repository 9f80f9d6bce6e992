"""Voice signatures of known voices: made by a cloud service from a recording, kept sealed here."""

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

import numpy as np

from services import telemetry
from services.access.authority import Authority
from services.audio.channels import channel_to_hear, examine_channels
from services.audio.decode import Decode, decode
from services.audio.levels import LEVEL_FRAME_MS, frame_levels
from services.audio.part import PartPcm
from services.audio.pcm import ChannelPcm, FilePcm
from services.audio.recording import FRAMES_PER_MS, PcmReader
from services.audio.wav import WavStream
from services.domain.acts import Act
from services.domain.errors import InvalidRequest, OtherVoice, VoiceNotFound
from services.domain.part import Part
from services.domain.people import User
from services.domain.running import RunContext
from services.domain.voices import (
    MOST_SPEECH_MS,
    EnrolledVoice,
    EnrolmentRemark,
    VoiceSignature,
)
from services.engine.speakers.matching import ACCEPT_FROM, likeness
from services.storage.known_voices import KnownVoiceStore
from services.storage.voice_signatures import VoiceSignatureStore
from services.storage.working_files import WorkingFile
from services.voices.enrolling import Enrolling, VoiceSource

MOST_RECORDING_MS = 30 * 60_000
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z]{2,8}){0,2}")
# What is said of a voiceprint's recording holds for a signature's as well, but for these.
_ELSEWHERE = frozenset({EnrolmentRemark.LONG, EnrolmentRemark.LIKE_ANOTHER})


class Signing(Protocol):
    """A cloud service that makes voice signatures."""

    @property
    def is_configured(self) -> bool:
        """Whether it can be asked."""

    def check_configured(self) -> None:
        """Raise ProviderNotConfigured, with what is missing, where it can't be asked."""

    def locale(self, language: str) -> str:
        """Return the service's name of a language."""

    def sign(self, wav: bytes) -> str:
        """Return the signature of the voice in a WAV file (16 bit, 16 kHz, one channel)."""


class SignatureDesk:
    """Carries out what a person asks about voice signatures of their organisation's known voices.

    Making and deleting is a right of its own: anybody else gets AccessDenied. A voice of
    another organisation is not found.
    """

    def __init__(
        self,
        signing: Signing,
        signatures: VoiceSignatureStore,
        voices: KnownVoiceStore,
        enrolling: Enrolling,
        *,
        authority: Authority,
        working_folder: Path,
        decode: Decode = decode,
    ) -> None:
        """Ask ``signing``; ``enrolling`` listens to recordings before anything is sent."""
        self._signing = signing
        self._signatures = signatures
        self._voices = voices
        self._enrolling = enrolling
        self._authority = authority
        self._working_folder = working_folder
        self._decode = decode

    @property
    def is_configured(self) -> bool:
        """Whether signatures can be made."""
        return self._signing.is_configured

    def made(self, user: User) -> Mapping[str, datetime]:
        """Return when the signature of each voice that has one was made, by the voice's id."""
        self._authority.check(user, Act.VOICES_SEEN)
        return self._signatures.made(user.org_id)

    def participants(self, org_id: str) -> tuple[VoiceSignature, ...]:
        """Return the organisation's signatures, for a provider to know participants by."""
        return self._signatures.all(org_id)

    def sign(
        self, user: User, voice_id: str, recording: BinaryIO, file_name: str, language: str
    ) -> tuple[EnrolmentRemark, ...]:
        """Have a known voice's signature made from a recording, and return what to do better.

        ``recording`` is seekable, of any format, and holds this one voice: that is checked on this
        machine first, and at most two minutes of it are sent. The recording is not kept.
        ``language`` is a code or a locale. Raises VoiceNotFound, InvalidRequest, BadAudio,
        ProviderNotConfigured, TooLittleSpeech, SeveralVoices, OtherVoice, and what the service
        does.
        """
        self._authority.allow(user, Act.VOICES_CHANGED, voice_id)
        self._signing.check_configured()
        if not _LANGUAGE.fullmatch(language):
            raise InvalidRequest("The language is not a language code.")
        known = self._enrolled(user.org_id, voice_id)
        suffix = PurePosixPath(file_name).suffix.lower()
        learnt = self._enrolling.learn(recording, VoiceSource(suffix=suffix))
        if likeness(learnt.voiceprint, [known.voiceprint]) < ACCEPT_FROM:
            raise OtherVoice
        recording.seek(0)
        signature = self._signing.sign(self._sample(recording, suffix))
        locale = self._signing.locale(language)
        self._signatures.put(user.org_id, voice_id, locale, signature)
        telemetry.event("voice.signed", voice=voice_id, speech_ms=learnt.speech_ms)
        return tuple(remark for remark in learnt.remarks if remark not in _ELSEWHERE)

    def delete(self, user: User, voice_id: str) -> None:
        """Delete a voice's signature here. Raises VoiceNotFound when it has none."""
        self._authority.allow(user, Act.VOICES_CHANGED, voice_id)
        self._signatures.delete(user.org_id, voice_id)
        telemetry.event("voice.signature_deleted", voice=voice_id)

    def _enrolled(self, org_id: str, voice_id: str) -> EnrolledVoice:
        for known in self._voices.enrolled(org_id):
            if known.voice.id == voice_id:
                return known
        raise VoiceNotFound

    def _sample(self, recording: BinaryIO, suffix: str) -> bytes:
        """Return the two minutes with most speech as a WAV file of 16 bit, 16 kHz, one channel."""
        with WorkingFile(self._working_folder) as decoded_file:
            decoded = self._decode(
                recording,
                decoded_file,
                RunContext(),
                max_duration_ms=MOST_RECORDING_MS,
                suffix=suffix,
            )
            pcm = FilePcm(decoded_file, channels=decoded.channels, frames=decoded.frames)
            _, findings = examine_channels(pcm)
            channel = channel_to_hear(findings, pcm.channels)
            heard = ChannelPcm(pcm, channel)
            return WavStream(PartPcm(heard, fullest_part(heard))).read()


def fullest_part(pcm: PcmReader, most_ms: int = MOST_SPEECH_MS) -> Part:
    """Return the part of a recording, no longer than this, that holds most sound."""
    levels = frame_levels(pcm)
    width = most_ms // LEVEL_FRAME_MS
    if len(levels) <= width:
        return Part(start_ms=0, end_ms=pcm.frames // FRAMES_PER_MS)
    sums = np.concatenate([[0.0], np.cumsum(levels, dtype=np.float64)])
    start_ms = int(np.argmax(sums[width:] - sums[:-width])) * LEVEL_FRAME_MS
    return Part(start_ms=start_ms, end_ms=start_ms + most_ms)
