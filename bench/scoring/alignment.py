"""When each true word has been said, by listening: Whisper lays the known text over the sound.

The times come from the model's attention to the sound while it is made to say the true words, as
those of the local engine do. The model takes words to end early, by 0.15 s in the median of 183
words before pauses and at ends of utterances, and by 0.14 s where a truth file says when a number
amid an utterance has been spoken. So all of a call's ends are put off by as much as the last words
of its utterances are early, and held to where an utterance ends and its speaker falls silent.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median

from tokenizers import Tokenizer

from bench.scoring.spoken import SpokenWord, bare_words, ends_by_letters
from bench.scoring.truth import Truth
from services.audio.recording import FRAMES_PER_MS, PcmReader, Samples
from services.domain.speech import Utterance
from services.engine.weights import ensure_weights
from services.engine.whisper import Whisper, WindowText, WindowWord

LONGEST_MS = 29_000
AROUND_MS = 200
# So far at most from a pause is the end of the last word before it taken to be.
NEAR_MS = 300
LANGUAGE = "en"


class Aligner:
    """Lays true words over the sound in which they are spoken, in English."""

    def __init__(self, whisper: Whisper, tokenizer: Tokenizer) -> None:
        """Listen with this model; the tokenizer is its own."""
        self._whisper = whisper
        self._tokenizer = tokenizer

    @classmethod
    def of_engine(cls, models_dir: Path, *, whisper_model: str | None, threads: int) -> "Aligner":
        """Return one with the weights of the local engine, which are joined if they are not yet."""
        folder = ensure_weights(models_dir, whisper_model=whisper_model).whisper
        return cls(Whisper(folder, threads), Tokenizer.from_file(f"{folder}/tokenizer.json"))

    def spoken_words(self, truth: Truth, pcm: PcmReader) -> list[SpokenWord]:
        """Return the words of a call, utterance by utterance.

        An utterance of more than 29 s goes by its letters.
        """
        channels = _channels(truth, pcm)
        utterances = truth.utterances or ()
        heard = [self._heard(one, pcm, channels[str(one.speaker)]) for one in utterances]
        early_ms = _early_ms(utterances, heard)
        return [
            SpokenWord(text=text, utterance=number, speaker=str(one.speaker), end_ms=end_ms)
            for number, (one, ends) in enumerate(zip(utterances, heard, strict=True))
            for text, end_ms in zip(
                bare_words(one.text),
                _held_to_voice([end + early_ms for end in ends], one, truth)
                if ends
                else ends_by_letters(one, truth),
                strict=True,
            )
        ]

    def _heard(self, utterance: Utterance, pcm: PcmReader, channel: int | None) -> list[int]:
        """Return when each word ends as the model takes it, nothing where it can't tell."""
        if utterance.end_ms - utterance.start_ms > LONGEST_MS:
            return []
        start_ms = max(0, utterance.start_ms - AROUND_MS)
        sound = pcm.read(
            start_ms * FRAMES_PER_MS, (utterance.end_ms + AROUND_MS) * FRAMES_PER_MS, channel
        )
        ends = [start_ms + round(e) for e in _of_bare_words(self._aligned(utterance.text, sound))]
        return ends if len(ends) == len(bare_words(utterance.text)) else []

    def _aligned(self, text: str, sound: Samples) -> list[WindowWord]:
        tokens = self._tokenizer.encode(f" {text.strip()}", add_special_tokens=False).ids
        known = WindowText(
            tokens=tuple(tokens), text=text, mean_log_probability=0.0, no_speech_probability=0.0
        )
        encoded = self._whisper.encode([sound])
        return self._whisper.align(encoded, [known], [len(sound) // FRAMES_PER_MS], LANGUAGE)[0]


def _of_bare_words(words: Sequence[WindowWord]) -> Iterator[float]:
    """Yield the end of each bare word; what is nothing but punctuation has none."""
    for word in words:
        for _ in bare_words(word.text):
            yield word.end_ms


def _early_ms(utterances: Sequence[Utterance], heard: Sequence[Sequence[int]]) -> int:
    """Return how early the model takes the last words to end, whose end is known; the median."""
    early = [one.end_ms - ends[-1] for one, ends in zip(utterances, heard, strict=True) if ends]
    return round(median(early)) if early else 0


def _held_to_voice(ends: Sequence[int], utterance: Utterance, truth: Truth) -> list[int]:
    """Return the ends, that of the last word before each pause where its speaker falls silent."""
    own = [
        s
        for s in truth.spans or ()
        if s.speaker == utterance.speaker
        and utterance.start_ms <= s.start_ms
        and s.end_ms <= utterance.end_ms
    ]
    held = [*(min(end, utterance.end_ms) for end in ends[:-1]), utterance.end_ms]
    for span, after in pairwise(own):
        last = bisect_right(held, after.start_ms) - 1
        if last >= 0 and held[last] >= span.end_ms - NEAR_MS:
            held[last] = span.end_ms
    return held


def _channels(truth: Truth, pcm: PcmReader) -> dict[str, int | None]:
    """Return the channel on which each speaker is loudest while he speaks, None for mono."""
    speakers = {str(u.speaker) for u in truth.utterances or ()}
    if pcm.channels == 1:
        return dict.fromkeys(speakers)
    return {
        speaker: max(range(pcm.channels), key=lambda c: _energy(truth, pcm, speaker, c))
        for speaker in speakers
    }


def _energy(truth: Truth, pcm: PcmReader, speaker: str, channel: int) -> float:
    return sum(
        float((sound**2).sum())
        for u in truth.utterances or ()
        if u.speaker == speaker
        for sound in [pcm.read(u.start_ms * FRAMES_PER_MS, u.end_ms * FRAMES_PER_MS, channel)]
    )
