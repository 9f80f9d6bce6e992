"""What stands on the stage in place of workers, models and sound; it takes notes."""

import io
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from services.audio.recording import Recording
from services.domain.calls import (
    ProcessingOptions,
    RunProgress,
    SpeakerCount,
    Stage,
)
from services.domain.errors import (
    NoRecording,
    NotFound,
    PartylineError,
    ProviderNotConfigured,
    ProviderRejected,
    ProviderUnknown,
    SoundGone,
)
from services.domain.people import User
from services.domain.running import RunContext
from services.domain.sound import CallSound, Listening, Original
from services.domain.speech import (
    Transcript,
)
from services.domain.voices import Enrolment, Voiceprint, VoiceQuality
from services.providers.base import SpeechProvider
from services.providers.capabilities import Capabilities, Readiness
from services.storage.audio_vault import Rendition
from services.storage.calls import CallStore
from services.storage.keys import WrappedKey
from services.storage.runs import RunStore
from services.storage.transcripts import TranscriptStore
from services.voices.enrolling import VoiceSource

VOICEPRINT = b"".join(struct.pack("<f", float(n == 3)) for n in range(256))


@dataclass(kw_only=True)
class StagedDesk:
    """Notes what it is asked for; progress is whatever the test puts in."""

    calls: CallStore
    runs: RunStore
    transcripts: TranscriptStore
    asked: list[tuple[str, str]] = field(default_factory=list)
    shown: dict[str, RunProgress] = field(default_factory=dict)
    demo: Callable[[], list[str]] | None = None
    demo_files: list[Path] = field(default_factory=list)
    alive: bool = True
    sound: bytes = b""
    refused: dict[str, PartylineError] = field(default_factory=dict)
    options: dict[str, ProcessingOptions] = field(default_factory=dict)
    relabelled: dict[str, SpeakerCount] = field(default_factory=dict)
    sounds: dict[str, CallSound] = field(default_factory=dict)
    without_sound: set[str] = field(default_factory=set)

    def _ask(self, act: str, call_id: str) -> None:
        if call_id in self.refused:
            raise self.refused[call_id]
        self.asked.append((act, call_id))

    def retry(self, user: User, call_id: str) -> None:
        """Note it."""
        self._ask("retry", call_id)

    def rerun(self, user: User, call_id: str, options: ProcessingOptions) -> None:
        """Note it."""
        self._ask(f"rerun {options.language} {options.expected_speakers}", call_id)
        self.options[call_id] = options

    def relabel(self, user: User, call_id: str, speakers: SpeakerCount) -> None:
        """Note it."""
        self._ask("relabel", call_id)
        self.relabelled[call_id] = speakers

    def sound_of(self, user: User, call_id: str) -> CallSound:
        """Say what the test says; else a redacted call is covered and its original kept."""
        if call_id in self.sounds:
            return self.sounds[call_id]
        call = self.calls.get(user.org_id, call_id)
        redacted = any(
            version.redacted and version.is_active
            for version in self.transcripts.list_for_call(user.org_id, call_id)
        )
        heard = Listening.COVERED if redacted else Listening.WHOLE
        if not call.has_recording:
            return CallSound(
                listening=Listening.UNRECORDED, original=Original.GONE, version="unrecorded"
            )
        return CallSound(
            listening=heard if call.audio else Listening.NOTHING,
            original=Original.KEPT,
            version=f"{heard}.{call.active_transcript_id}",
        )

    def why_no_run(self, user: User, call_id: str) -> PartylineError | None:
        """Say what the test says; a call without a recording is known by itself."""
        if not self.calls.get(user.org_id, call_id).has_recording:
            return NoRecording()
        return SoundGone() if call_id in self.without_sound else None

    def cancel(self, user: User, call_id: str) -> None:
        """Note it."""
        self._ask("cancel", call_id)

    def delete(self, user: User, call_id: str) -> None:
        """Delete the rows."""
        self._ask("delete", call_id)
        self.calls.delete(user.org_id, call_id)

    def progress(self, user: User, call_ids: Sequence[str]) -> dict[str, RunProgress]:
        """Return what the test put in, else what the database has."""
        return self.runs.progress(user.org_id, call_ids) | {
            c: p for c, p in self.shown.items() if c in call_ids
        }

    def load_demo(self, user: User) -> list[str]:
        """Do what the test put in; without it there is no demo."""
        if self.demo is None:
            raise NotFound
        return self.demo()

    def demo_recordings(self) -> list[Path]:
        """Return what the test put in; without it there is no demo."""
        if not self.demo_files:
            raise NotFound
        return self.demo_files

    def worker_alive(self) -> bool:
        """Say what the test says."""
        return self.alive

    def open_playback(self, user: User, call_id: str) -> tuple[BinaryIO, int]:
        """Return the same sound for every call."""
        if not self.sound:
            raise NotFound
        return io.BytesIO(self.sound), len(self.sound)


class StagedEnrolling:
    """Learns what the test says, or refuses as it says."""

    def __init__(self) -> None:
        """Learn a good voice, unless told otherwise."""
        self.outcome: Enrolment | PartylineError = Enrolment(
            voiceprint=Voiceprint(packed=VOICEPRINT), quality=VoiceQuality.GOOD, speech_ms=43_000
        )
        self.sources: list[VoiceSource] = []

    def learn(self, recording: BinaryIO, source: VoiceSource) -> Enrolment:
        """Note where the voice is, and answer."""
        self.sources.append(source)
        if isinstance(self.outcome, PartylineError):
            raise self.outcome
        return self.outcome


class StagedSigning:
    """Makes the same signature of every voice, or refuses as the test says."""

    def __init__(self) -> None:
        """Not set up, until the test says so."""
        self.is_configured = False
        self.outcome: str | PartylineError = "{}"
        self.samples: list[bytes] = []

    def check_configured(self) -> None:
        """Raise what a service that is not set up would."""
        if not self.is_configured:
            raise ProviderNotConfigured

    def locale(self, language: str) -> str:
        """Return the language as it is."""
        return language

    def sign(self, wav: bytes) -> str:
        """Note the sample, and answer."""
        self.samples.append(wav)
        if isinstance(self.outcome, PartylineError):
            raise self.outcome
        return self.outcome


@dataclass(kw_only=True)
class StagedSummaries:
    """Writes what the test says, or refuses as it says."""

    can_write: bool = False
    refusal: PartylineError | None = None
    asked: list[str] = field(default_factory=list)

    def write_again(self, user: User, call_id: str, context: RunContext) -> None:
        """Note it."""
        context.report(Stage.ANALYSE, 0.5)
        self.asked.append(call_id)
        if self.refusal is not None:
            raise self.refusal


class StagedVault:
    """Has the same few bytes as the sound of every call."""

    def open(self, call_id: str, rendition: Rendition, key: WrappedKey) -> BinaryIO:
        """Return them."""
        return io.BytesIO(b"sound")


class UntouchedLines:
    """Finds no personal data in what is typed."""

    def redact_line(self, transcript: Transcript, utterance_id: str, text: str) -> str:
        """Return the text."""
        return text

    def redact_comment(self, transcript: Transcript, utterance_id: str, text: str) -> str:
        """Return the text."""
        return text

    def redact(self, transcript: Transcript) -> Transcript:
        """Return the transcript."""
        return replace(transcript, redacted=True)

    def redact_texts(self, texts: Sequence[str], language: str | None = None) -> list[str]:
        """Return the texts."""
        return list(texts)


class AlikeVectors:
    """Finds all texts equally close."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the same vector for each."""
        return np.ones((len(texts), 1), dtype=np.float32)


class StagedProviders:
    """One provider that is ready and one that lacks its key, or what the test puts in."""

    def __init__(self) -> None:
        """Begin with the usual two."""
        self.offered: dict[str, tuple[Capabilities, Readiness]] = {
            "local": (
                Capabilities(
                    name="local",
                    title="This machine",
                    language_detection=True,
                    vocabulary=True,
                    leaves_machine=False,
                ),
                Readiness(ready=True),
            ),
            "azure": (
                Capabilities(name="azure", title="Azure Speech", language_detection=True),
                Readiness(ready=False, missing=("AZURE_SPEECH_KEY",)),
            ),
        }
        self.checks: dict[str, Callable[[], None]] = {}

    def put(self, capabilities: Capabilities, readiness: Readiness | None = None) -> None:
        """Offer a provider; it is ready unless told otherwise."""
        offered = (capabilities, readiness or Readiness(ready=True))
        self.offered[capabilities.name] = offered

    def names(self) -> tuple[str, ...]:
        """Return the names of all."""
        return tuple(self.offered)

    def capabilities(self, name: str) -> Capabilities:
        """Return what the provider can do."""
        if name not in self.offered:
            raise ProviderUnknown
        return self.offered[name][0]

    def readiness(self, name: str) -> Readiness:
        """Return whether its key is there."""
        return self.offered[name][1]

    def get(self, name: str) -> SpeechProvider:
        """Return a provider that can be checked and nothing else."""
        capabilities, readiness = self.offered[name]
        return CheckedProvider(capabilities, readiness, self.checks.get(name))


class CheckedProvider(SpeechProvider):
    """Answers a check as the test says."""

    def __init__(
        self, capabilities: Capabilities, readiness: Readiness, check: Callable[[], None] | None
    ) -> None:
        """Take what it is said to be; without ``check`` it answers as any provider would."""
        self.capabilities = capabilities
        self._readiness = readiness
        self._check = check

    def readiness(self) -> Readiness:
        """Say what the test says."""
        return self._readiness

    def check(self) -> None:
        """Do what the test says."""
        super().check()
        if self._check is not None:
            self._check()

    def _transcribe_impl(
        self, recording: Recording, options: ProcessingOptions, context: RunContext
    ) -> Transcript:
        raise ProviderRejected
