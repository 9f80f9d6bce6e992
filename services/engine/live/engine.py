"""What live calls are heard with: the models, threads and budget that all of them share."""

import threading
from pathlib import Path

import numpy as np

from services.audio.recording import SAMPLE_RATE
from services.domain.errors import InvalidRequest
from services.engine.language import FALLBACK_LANGUAGE
from services.engine.live.accurate import AccurateCaptioner
from services.engine.live.budget import LiveBudget
from services.engine.live.crew import Crew
from services.engine.live.endpoints import FRAME
from services.engine.live.moonshine import Moonshine
from services.engine.live.quick import QuickCaptioner
from services.engine.live.refining import Refining
from services.engine.live.voice import VoiceStream
from services.engine.live.voices import LiveVoices
from services.engine.live.wording import Captioner
from services.engine.recogniser import Recogniser
from services.engine.speakers.models import SpeakerModels
from services.engine.whisper import Whisper

QUICK_LANGUAGE = "en"
REFINING_NICENESS = 10
# Cores that a call needs at least, its refining counted and partials as rare as they can be.
QUICK_CORES, OTHER_CORES = 0.28, 0.8


class LiveEngine:
    """The models for live calls, the crew that runs them, and what may be used of the machine.

    ``whisper`` hears which language is spoken, and others than English; ``refiner`` is one of its
    own for what has time: it is loaded, and works, in threads that let others come first.
    """

    def __init__(
        self,
        *,
        captions: Path,
        whisper: Whisper,
        refiner: Whisper,
        speakers: SpeakerModels,
        threads: int,
    ) -> None:
        """Take the folder of the captions' model and the others; nothing is loaded yet."""
        self.whisper = whisper
        self.speakers = speakers
        self.crew = Crew(threads)
        self.budget = LiveBudget(threads)
        # One window at a time for all calls.
        self.refiners = Crew(1, name="live-refiner", niceness=REFINING_NICENESS)
        self._refiner = Recogniser(refiner)
        self._moonshine = Moonshine(captions)
        self._loading = threading.Lock()
        self._is_loaded = self._has_speakers = False
        self._captioners: dict[tuple[str, tuple[str, ...]], Captioner] = {
            (QUICK_LANGUAGE, ()): QuickCaptioner(self._moonshine)
        }

    def load(self, channels: int) -> None:
        """Load what a call needs, so that no first word waits for it.

        Raises WeightsMissing or WeightsDamaged.
        """
        with self._loading:
            if not self._is_loaded:
                self._moonshine.load()
                VoiceStream().hear(np.zeros(FRAME, np.float32))
                self._is_loaded = True
            if channels == 1 and not self._has_speakers:
                LiveVoices(self.speakers).hear("", 0, np.zeros(SAMPLE_RATE, np.float32))
                self._has_speakers = True

    def cost(self, language: str | None) -> float:
        """Return how many cores a call of two parties in this language needs, None: any."""
        return QUICK_CORES if language in (None, QUICK_LANGUAGE) else OTHER_CORES

    def join(self) -> None:
        """Count a call in: the threads are there while there is one."""
        self.crew.join()
        self.refiners.join()

    def leave(self) -> None:
        """Count a call out."""
        self.crew.leave()
        self.refiners.leave()

    def refining(self, language: str | None, vocabulary: tuple[str, ...]) -> Refining:
        """Return what refines one call."""
        return Refining(self._refiner, language=language, vocabulary=vocabulary)

    def captioner(self, language: str, vocabulary: tuple[str, ...] = ()) -> Captioner:
        """Return what hears a language, always the same for the same language and vocabulary."""
        key = (language, () if language == QUICK_LANGUAGE else vocabulary)
        if key not in self._captioners:
            hotwords = ", ".join(vocabulary) or None
            self._captioners[key] = AccurateCaptioner(self.whisper, language, hotwords)
        return self._captioners[key]

    def listen_with(self, language: str, captioner: Captioner) -> None:
        """Hear a language in another way from now on."""
        self._captioners[(language, ())] = captioner

    def known(self, language: str) -> str:
        """Return a language's code as the models call it. Raises InvalidRequest."""
        code = language.lower().split("-")[0].split("_")[0]
        if code == QUICK_LANGUAGE:
            return code
        if not self.whisper.multilingual:
            return FALLBACK_LANGUAGE
        if code not in self.whisper.languages:
            raise InvalidRequest(
                "The speech model does not know this language; give a code such as en."
            )
        return code
