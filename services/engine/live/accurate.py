"""Captions in other languages than English by Whisper, line by line."""

from services.audio.recording import FRAMES_PER_MS, Samples
from services.engine.guards import is_doubtful, is_no_speech
from services.engine.heard import LanguageGuess
from services.engine.language import language_of_call
from services.engine.live.wording import CaptionWord, SoFar, Whole, agreed
from services.engine.whisper import Decoding, Whisper

# A line is much shorter than what Whisper was made for; with less silence after it, text suffers.
AIR_FRAMES = 400
QUICK = Decoding(beam_size=1)
CAREFUL = Decoding(beam_size=2)
ANOTHER_WAY = Decoding(beam_size=5, repetition_penalty=1.1, no_repeat_ngram=4)


class AccurateCaptioner:
    """Hears one language that Whisper knows; several times the work of the quick captioner."""

    def __init__(self, whisper: Whisper, language: str, hotwords: str | None = None) -> None:
        """Hear this language, with some words made likelier."""
        self._whisper = whisper
        self._language = language
        self._hotwords = hotwords

    def so_far(self, samples: Samples, before: SoFar) -> SoFar:
        """Hear the line up to now; words that were shown before stay as they are."""
        words, _ = self._words(samples, QUICK)
        texts = tuple(word.text for word in words)
        shown = max(before.shown, agreed(before.words, texts))
        kept = before.words[: before.shown]
        if agreed(kept, texts) < len(kept):
            return SoFar(words=before.words, shown=before.shown)
        return SoFar(words=(*kept, *texts[len(kept) :]), shown=min(shown, len(texts)))

    def whole(self, samples: Samples, before: SoFar) -> Whole:
        """Hear the line to its end, without regard to what was shown."""
        words, is_speech = self._words(samples, CAREFUL)
        if not is_speech:
            return Whole(words=(), heard=before)
        texts = tuple(word.text for word in words)
        return Whole(words=words, heard=SoFar(words=texts, shown=len(texts)))

    def _words(self, samples: Samples, decoding: Decoding) -> tuple[tuple[CaptionWord, ...], bool]:
        encoded = self._whisper.encode([samples], air_frames=AIR_FRAMES)
        (text,) = self._whisper.decode(encoded, self._language, self._hotwords, decoding)
        if decoding is CAREFUL and is_doubtful(text):
            (text,) = self._whisper.decode(encoded, self._language, self._hotwords, ANOTHER_WAY)
        words = tuple(CaptionWord(text=word) for word in text.text.split())
        return words, not is_no_speech(text)


def language_spoken(whisper: Whisper, samples: Samples) -> LanguageGuess:
    """Return the likeliest language of some seconds of speech, with its probability."""
    encoded = whisper.encode([samples], air_frames=AIR_FRAMES)
    return language_of_call(
        whisper.language_probabilities(encoded), [len(samples) // FRAMES_PER_MS]
    )
