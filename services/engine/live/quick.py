"""Captions in English by Moonshine."""

import math
from collections.abc import Sequence

from services.audio.recording import Samples
from services.engine.guards import without_loops
from services.engine.heard import HeardWord
from services.engine.live.moonshine import Moonshine, Tokens
from services.engine.live.vocabulary import TokenWord
from services.engine.live.wording import CaptionWord, SoFar, Whole, agreed

# What was made out of noise is less likely than this on average.
LEAST_LOG_PROBABILITY = -1.3


class QuickCaptioner:
    """Hears English at a thirtieth of the time it takes to say it."""

    def __init__(self, moonshine: Moonshine) -> None:
        """Use this model."""
        self._moonshine = moonshine

    def so_far(self, samples: Samples, before: SoFar) -> SoFar:
        """Hear the line up to now; words that were shown before stay as they are."""
        found = self._moonshine.decode(samples, settled=before.settled, expected=before.tokens)
        words = self._moonshine.vocabulary.words(found.ids)
        if _is_noise(found):
            return _shown(found, words, before.shown)
        texts = tuple(word.text for word in words)
        return _shown(found, words, max(before.shown, agreed(before.words, texts)))

    def whole(self, samples: Samples, before: SoFar) -> Whole:
        """Hear the line to its end, without regard to what was shown."""
        found = self._moonshine.decode(samples, expected=before.tokens)
        words = self._moonshine.vocabulary.words(found.ids)
        if _is_noise(found):
            return Whole(words=(), heard=before)
        likely = found.log_probabilities
        return Whole(
            words=_without_loops([_word(word, likely) for word in words]),
            heard=_shown(found, words, len(words)),
        )


def _is_noise(found: Tokens) -> bool:
    likely = found.log_probabilities
    return not likely or sum(likely) / len(likely) < LEAST_LOG_PROBABILITY


def _shown(found: Tokens, words: Sequence[TokenWord], shown: int) -> SoFar:
    shown = min(shown, len(words))
    return SoFar(
        words=tuple(word.text for word in words),
        shown=shown,
        tokens=found.ids,
        settled=found.ids[: words[shown - 1].tokens] if shown else (),
    )


def _word(word: TokenWord, likely: Sequence[float]) -> CaptionWord:
    own = likely[word.first : word.ends]
    return CaptionWord(
        text=word.text, confidence=round(math.exp(sum(own) / len(own)), 3) if own else None
    )


def _without_loops(words: Sequence[CaptionWord]) -> tuple[CaptionWord, ...]:
    """Cut endless repetitions; captions have no times yet, so places stand in for them."""
    placed = [
        HeardWord(text=w.text, start_ms=at * 1000, end_ms=at * 1000 + 999, confidence=0.0)
        for at, w in enumerate(words)
    ]
    return tuple(words[word.start_ms // 1000] for word in without_loops(placed))
