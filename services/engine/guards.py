"""Guards against text that nobody spoke: loops, and words made out of noise."""

import re
import zlib
from collections.abc import Sequence

from services.engine.heard import HeardWord
from services.engine.whisper import WindowText

# The first three are the published thresholds of Whisper's own decoding.
MAX_COMPRESSION = 2.4
MIN_LOG_PROBABILITY = -1.0
MAX_NO_SPEECH = 0.6
HOPELESS_LOG_PROBABILITY = -1.6
# People do repeat themselves: four equal digits, "no no no"; more than that is a loop.
LONGEST_PHRASE_WORDS = 8
REPEATS_OF_A_WORD = 5
REPEATS_OF_A_PHRASE = 3
# Nobody says a word faster; a stack of such words is one the model made up.
MIN_WORD_MS = 40

_NOT_LETTERS = re.compile(r"[^\w']+")


def is_doubtful(text: WindowText) -> bool:
    """Say whether a window's text should be searched for once more, another way."""
    return (
        text.mean_log_probability < MIN_LOG_PROBABILITY
        or _compression(text.text) > MAX_COMPRESSION
        or _loop_length(_normalised(text.text)) > 0
    )


def is_no_speech(text: WindowText) -> bool:
    """Say whether a window's text was probably made out of noise."""
    silent = text.no_speech_probability > MAX_NO_SPEECH
    unsure = text.mean_log_probability < MIN_LOG_PROBABILITY
    return (silent and unsure) or text.mean_log_probability < HOPELESS_LOG_PROBABILITY


def better(first: WindowText, second: WindowText) -> WindowText:
    """Return the text to keep out of two attempts: no loop first, then the likelier one."""
    loops = [_loop_length(_normalised(t.text)) > 0 for t in (first, second)]
    if loops[0] != loops[1]:
        return second if loops[0] else first
    packed = [_compression(t.text) > MAX_COMPRESSION for t in (first, second)]
    if packed[0] != packed[1]:
        return second if packed[0] else first
    return max(first, second, key=lambda t: t.mean_log_probability)


def without_loops(words: Sequence[HeardWord]) -> tuple[HeardWord, ...]:
    """Return the words with endless repetitions cut to what a person might have said."""
    kept: list[HeardWord] = []
    at = 0
    plain = [_NOT_LETTERS.sub("", w.plain.lower()) for w in words]
    while at < len(words):
        size, repeats = _repetition_at(plain, at)
        allowed = _allowed(size)
        if repeats > allowed:
            kept.extend(words[at : at + size * allowed])
            at += size * repeats
        else:
            kept.append(words[at])
            at += 1
    return tuple(_without_stacks(kept))


def _without_stacks(words: Sequence[HeardWord]) -> list[HeardWord]:
    """Drop runs of three or more words that have no time of their own."""
    kept: list[HeardWord] = []
    run: list[HeardWord] = []
    for word in [*words, None]:
        if word is not None and word.end_ms - word.start_ms < MIN_WORD_MS:
            run.append(word)
            continue
        if len(run) < REPEATS_OF_A_PHRASE:
            kept.extend(run)
        run = []
        if word is not None:
            kept.append(word)
    return kept


def _normalised(text: str) -> list[str]:
    return [_NOT_LETTERS.sub("", word.lower()) for word in text.split()]


def _loop_length(words: Sequence[str]) -> int:
    """Return how many words belong to the first loop, 0 when there is none."""
    for at in range(len(words)):
        size, repeats = _repetition_at(words, at)
        if repeats > _allowed(size):
            return size * repeats
    return 0


def _repetition_at(words: Sequence[str], at: int) -> tuple[int, int]:
    """Return (phrase length, times in a row) of the longest repetition that starts here."""
    best = (1, 1)
    for size in range(1, LONGEST_PHRASE_WORDS + 1):
        phrase = words[at : at + size]
        if len(phrase) < size:
            break
        repeats = 1
        while words[at + repeats * size : at + (repeats + 1) * size] == phrase:
            repeats += 1
        if repeats > _allowed(size) and size * repeats > best[0] * best[1]:
            best = (size, repeats)
    return best


def _allowed(size: int) -> int:
    return REPEATS_OF_A_WORD if size == 1 else REPEATS_OF_A_PHRASE


def _compression(text: str) -> float:
    content = text.encode()
    return len(content) / len(zlib.compress(content)) if content else 0.0
