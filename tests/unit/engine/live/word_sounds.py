"""Sounds that stand for words, and a model that reads them off the levels."""

import numpy as np

from services.engine.voiced import runs
from services.engine.whisper import Decoding, Whisper, WindowText, WindowWord

RATE = 16
STEP = 1 / 1_000
WORD_MS = 400
PAUSE_MS = 100


def spoken(*words: int):
    """Sound of words of 0.4 s with 0.1 s after each: a word's number stands in the level."""
    parts = []
    for number in words:
        parts.append(np.full(WORD_MS * RATE, number * STEP, np.float32))
        parts.append(np.zeros(PAUSE_MS * RATE, np.float32))
    return np.concatenate(parts)


class WordWhisper(Whisper):
    """Hears the word ``w7`` wherever the level says 7; keeps what it was asked for."""

    def __init__(self) -> None:
        super().__init__("words", 1)
        self.languages_asked: list[str] = []
        self.detections = 0
        self.hotwords: list[str | None] = []
        self.windows_ms: list[int] = []
        self.probabilities = {"en": 0.95, "es": 0.05}
        self.loops = False
        self.unheard: set[int] = set()

    @property
    def multilingual(self) -> bool:
        return True

    @property
    def languages(self) -> frozenset[str]:
        return frozenset({"en", "es"})

    def encode(self, windows):
        self.windows_ms += [len(window) // RATE for window in windows]
        encoded = np.empty(len(windows), object)
        for at, window in enumerate(windows):
            encoded[at] = window
        return encoded

    def language_probabilities(self, encoded):
        self.detections += 1
        return [self.probabilities for _ in encoded]

    def decode(self, encoded, language, hotwords, decoding: Decoding):
        self.languages_asked.append(language)
        self.hotwords.append(hotwords)
        return [
            WindowText(
                tokens=(1,),
                text="one " * 40
                if self.loops and not decoding.no_repeat_ngram
                else " ".join(word.text.strip() for word in self._words(window)),
                mean_log_probability=-0.2,
                no_speech_probability=0.1,
            )
            for window in encoded
        ]

    def align(self, encoded, texts, durations_ms, language):
        rows = []
        for window, text in zip(encoded, texts, strict=True):
            words = self._words(window)
            if text.text.startswith("one one"):
                words = [
                    WindowWord(text=" one", start_ms=n * 100, end_ms=n * 100 + 90, confidence=1.0)
                    for n in range(40)
                ]
            rows.append(words)
        return rows

    def _words(self, window):
        levels = np.rint(np.abs(window) / STEP).astype(int)
        return [
            WindowWord(
                text=f" w{levels[start]}",
                start_ms=start / RATE,
                end_ms=end / RATE,
                confidence=0.5,
            )
            for number in np.unique(levels[levels > 0])
            if number not in self.unheard
            for start, end in runs(levels == number)
            if end - start > RATE
        ]
