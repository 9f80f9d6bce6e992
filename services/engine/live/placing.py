"""When the words of a caption were said: laid over the voice by their length.

The quick model tells no times. A word gets the part of the line's voiced frames that its letters
are of all letters; pauses fall between words. Refined words bring measured times.
"""

from collections.abc import Sequence

from services.domain.intervals import Interval
from services.engine.live.wording import plain
from services.engine.voice_activity import VOICE_FRAME_MS

# What a word takes beyond its letters.
OPENING_LETTERS = 1.5


def placed(words: Sequence[str], voice_frames: Sequence[int]) -> list[Interval]:
    """Return each word's place in milliseconds; ``voice_frames`` are those in which it's said."""
    lengths = [len(plain(word)) + OPENING_LETTERS for word in words]
    total = sum(lengths)
    places: list[Interval] = []
    done = 0.0
    for length in lengths:
        start = _at(done / total, voice_frames)
        done += length
        places.append((start, max(start + 1, _at(done / total, voice_frames, is_end=True))))
    return places


def _at(part: float, frames: Sequence[int], *, is_end: bool = False) -> int:
    """Return the moment at which this part of the frames is over."""
    exact = part * len(frames)
    whole = min(len(frames) - 1, int(exact))
    if is_end and whole and exact == whole:
        return (frames[whole - 1] + 1) * VOICE_FRAME_MS
    return round((frames[whole] + min(1.0, exact - whole)) * VOICE_FRAME_MS)
