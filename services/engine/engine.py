"""The models of the local engine, made once per process and loaded when first needed."""

import threading
from dataclasses import dataclass
from pathlib import Path

from services.engine.live.engine import LiveEngine
from services.engine.recogniser import Recogniser
from services.engine.speakers.diarizer import Diarizer
from services.engine.speakers.models import SpeakerModels
from services.engine.voice_activity import VoiceActivity
from services.engine.weights import caption_weights, ensure_speaker_weights, ensure_weights
from services.engine.whisper import Whisper

DEFAULT_THREADS = 2
# What refines live calls leaves the other cores to their captions.
REFINING_THREADS = 1


@dataclass(frozen=True, kw_only=True)
class LocalEngine:
    """Voice activity, recognition and diarization over checked weights."""

    activity: VoiceActivity
    whisper: Whisper
    recogniser: Recogniser
    diarizer: Diarizer


class EngineHolder:
    """Makes the engine at first use and keeps it: weights are checked once per process."""

    def __init__(
        self, models_dir: Path, whisper_model: str | None = None, threads: int = DEFAULT_THREADS
    ) -> None:
        """Remember where the weights belong; nothing is read yet."""
        self._models_dir = models_dir
        self._whisper_model = whisper_model
        self._threads = threads
        self._engine: LocalEngine | None = None
        self._speakers: SpeakerModels | None = None
        self._live: LiveEngine | None = None
        self._lock = threading.RLock()

    def get(self) -> LocalEngine:
        """Return the engine. Raises WeightsMissing or WeightsDamaged."""
        with self._lock:
            if self._engine is None:
                paths = ensure_weights(self._models_dir, whisper_model=self._whisper_model)
                whisper = Whisper(paths.whisper, self._threads)
                self._engine = LocalEngine(
                    activity=VoiceActivity(),
                    whisper=whisper,
                    recogniser=Recogniser(whisper),
                    diarizer=Diarizer(self.speakers()),
                )
            return self._engine

    def live(self) -> LiveEngine:
        """Return what live calls are heard with. Raises WeightsMissing or WeightsDamaged."""
        with self._lock:
            if self._live is None:
                self._live = LiveEngine(
                    captions=caption_weights(),
                    whisper=self.get().whisper,
                    refiner=Whisper(self.get().whisper.name, REFINING_THREADS),
                    # Short sounds gain nothing from a second thread.
                    speakers=SpeakerModels(ensure_speaker_weights(self._models_dir), 1),
                    threads=self._threads,
                )
            return self._live

    def speakers(self) -> SpeakerModels:
        """Return the speaker networks, the same that diarization uses.

        Raises WeightsMissing or WeightsDamaged.
        """
        with self._lock:
            if self._speakers is None:
                folder = ensure_speaker_weights(self._models_dir)
                self._speakers = SpeakerModels(folder, self._threads)
            return self._speakers
