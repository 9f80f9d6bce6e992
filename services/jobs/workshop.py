"""What runs are processed with."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from services.audio.recording import PcmReader, Samples
from services.domain.calls import Stage
from services.domain.running import RunContext
from services.engine.speakers.recognition import VoiceListener
from services.pipeline import Models
from services.providers.registry import ProviderRegistry
from services.storage.audio_vault import AudioVault
from services.storage.calls import CallStore
from services.storage.known_voices import KnownVoiceStore
from services.storage.runs import RunStore
from services.storage.transcripts import TranscriptStore
from services.understanding.typed import LineRedactor


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """Stores and tools of a worker; ``stopping`` says that it was told to end."""

    engine: Engine
    calls: CallStore
    runs: RunStore
    transcripts: TranscriptStore
    vault: AudioVault
    providers: ProviderRegistry
    models: Models
    redactor: LineRedactor
    known_voices: KnownVoiceStore
    listener: VoiceListener
    working_folder: Path
    max_duration_ms: int
    stopping: Callable[[], bool]


class WatchedPcm:
    """Decoded sound that reports how far it has been read, and stops when the run is cancelled.

    Its reading is the part of decoding from ``begin`` (0..1) to the end.
    """

    def __init__(self, pcm: PcmReader, context: RunContext, *, begin: float) -> None:
        """Read from ``pcm`` and report to ``context``."""
        self._pcm = pcm
        self._context = context
        self._begin = begin

    @property
    def frames(self) -> int:
        """Number of sample frames."""
        return self._pcm.frames

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self._pcm.channels

    def read(self, start: int, stop: int, channel: int | None = None) -> Samples:
        """Return frames [start, stop) as ``pcm`` does. Raises Cancelled."""
        done = min(1.0, stop / max(1, self._pcm.frames))
        self._context.report(Stage.DECODE, self._begin + (1 - self._begin) * done)
        return self._pcm.read(start, stop, channel)
