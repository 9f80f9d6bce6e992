"""What live calls are heard with: models, threads and a budget that all calls of a process share."""

import threading
from pathlib import Path

import numpy as np

from services.domain.errors import InvalidRequest
from services.engine.language import FALLBACK_LANGUAGE
from services.engine.live.accurate import AccurateCaptioner
from services.engine.live.budget import LiveBudget
from services.engine.live.crew import Crew
from services.engine.live.endpoints import FRAME
from services.engine.live.moonshine import Moonshine
from services.engine.live.quick import QuickCaptioner
from services.engine.live.voice import VoiceStream
from services.engine.live.wording import Captioner
from services.engine.speakers.models import SpeakerModels
from services.engine.whisper import Whisper

QUICK_LANGUAGE = "en"
# Cores that a call needs at least, its refining counted and partials as rare as they can be.
QUICK_CORES, OTHER_CORES = 0.36, 0.8


class LiveEngine:
    """The models for live calls, the crew that runs them, and what may be used of the machine.

    ``whisper`` hears languages and other languages than English; ``refiner`` is a copy of its
    own, on one thread, for what has time.
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
        self.refiner = refiner
        self.speakers = speakers
        self.crew = Crew(threads)
        self.budget = LiveBudget(threads)
        # One window at a time for all calls: refining waits for captions, never the other way.
        self.refining = threading.Lock()
        self._moonshine = Moonshine(captions)
        self._quick = QuickCaptioner(self._moonshine)
        self._is_loaded = False
        self._others: dict[tuple[str, tuple[str, ...]], Captioner] = {}

    def load(self) -> None:
        """Load what every call needs. Raises WeightsMissing or WeightsDamaged."""
        if not self._is_loaded:
            self._moonshine.load()
            VoiceStream().hear(np.zeros(FRAME, np.float32))
            self._is_loaded = True

    def cost(self, language: str | None) -> float:
        """Return how many cores a call of two parties in this language needs, None: any."""
        return QUICK_CORES if language in (None, QUICK_LANGUAGE) else OTHER_CORES

    def captioner(self, language: str, vocabulary: tuple[str, ...] = ()) -> Captioner:
        """Return what hears a language, always the same for the same language and vocabulary."""
        if language == QUICK_LANGUAGE:
            return self._quick
        key = (language, vocabulary)
        if key not in self._others:
            hotwords = ", ".join(vocabulary) or None
            self._others[key] = AccurateCaptioner(self.whisper, language, hotwords)
        return self._others[key]

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
