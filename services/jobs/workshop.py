"""What runs are processed with."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sqlalchemy import Engine

from services.engine.speakers.recognition import VoiceListener
from services.jobs.progress_board import ProgressBoard
from services.jobs.queue import JobQueue
from services.jobs.slots import LocalSlots
from services.jobs.sounds import SoundKeeper, SoundPolicy
from services.pipeline import SpeakerLabeller
from services.providers.registry import ProviderRegistry
from services.storage.audio_vault import AudioVault
from services.storage.calls import CallStore
from services.storage.known_voices import KnownVoiceStore
from services.storage.provider_copies import ProviderCopyStore
from services.storage.runs import RunStore
from services.storage.transcripts import TranscriptStore
from services.storage.vocabularies import VocabularyStore
from services.understanding.interfaces import Models
from services.understanding.typed import LineRedactor


class AskModel(Protocol):
    """Asks what is to be asked about a call that has been stored."""

    def __call__(self, org_id: str, call_id: str, is_cancelled: Callable[[], bool]) -> object:
        """Ask, keep the answers, and score the call."""


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """Stores and tools of the worker ``worker_id``; ``stopping`` says that it was told to end.

    ``local_slots`` are the places at this machine's engine that runs of all queues share.
    ``ask_model`` has a language model answer the questions of scorecards about a stored call.
    """

    worker_id: str
    engine: Engine
    calls: CallStore
    runs: RunStore
    board: ProgressBoard
    queue: JobQueue
    transcripts: TranscriptStore
    vocabularies: VocabularyStore
    vault: AudioVault
    copies: ProviderCopyStore
    providers: ProviderRegistry
    local_slots: LocalSlots
    models: Models
    labeller: SpeakerLabeller
    redactor: LineRedactor
    known_voices: KnownVoiceStore
    listener: VoiceListener
    sounds: SoundKeeper
    sound_policy: SoundPolicy
    working_folder: Path
    max_duration_ms: int
    stopping: Callable[[], bool]
    ask_model: AskModel | None = None
