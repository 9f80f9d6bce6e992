"""What Azure's HTTP services say and do when they are emulated: behaviours and spoken lines."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Behaviour(StrEnum):
    """What the service does with one request."""

    GOOD = "good"
    BAD_REQUEST = "bad-request"
    WRONG_KEY = "wrong-key"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not-found"
    TIMED_OUT = "timed-out"
    RETIRED = "retired"
    BUSY = "busy"
    BUSY_FOR_A_WHILE = "busy-for-a-while"
    BUSY_FOR_AN_HOUR = "busy-for-an-hour"
    FAULT = "fault"
    UNAVAILABLE = "unavailable"
    SLOW = "slow"
    BROKEN_JSON = "broken-json"
    WRONG_SHAPE = "wrong-shape"
    CUT_OFF = "cut-off"
    DROPPED = "dropped"
    REDIRECT = "redirect"


@dataclass(frozen=True, kw_only=True)
class SpokenLine:
    """What a voice says. ``voice`` counts from 0; in sound of two channels it is the channel.

    ``confidence`` None leaves it out of the answer; ``words`` None spreads the text's words evenly.
    """

    text: str
    voice: int
    start_ms: int
    end_ms: int
    confidence: float | None = 0.9
    locale: str = "en-US"
    words: tuple[tuple[str, int, int], ...] | None = None

    def timed_words(self) -> Iterator[tuple[str, int, int]]:
        """Yield each word with its start and end in milliseconds."""
        if self.words is not None:
            yield from self.words
            return
        spoken = self.text.split()
        step = (self.end_ms - self.start_ms) / max(1, len(spoken))
        for number, word in enumerate(spoken):
            start = self.start_ms + round(number * step)
            yield word, start, self.start_ms + round((number + 1) * step)


LINE_MS = 4_200
PAUSE_MS = 600
_TALK = (
    "Thank you for calling, this is the service desk, what can I do for you?",
    "Hello, I ordered a heater two weeks ago and it still has not come.",
    "I am sorry about that, may I have the order number please?",
    "Yes of course, I have it here on the letter, one moment.",
    "Thank you, I can see that the parcel has been waiting in our depot.",
    "That is annoying, it has been really cold at home all week.",
    "I understand, I will have it sent to you by express today.",
    "Great, thank you very much, that helps me a lot.",
)


def default_call(duration_ms: int) -> list[SpokenLine]:
    """Return a call between two people spread over so much sound."""
    lines = []
    for number, start in enumerate(range(0, duration_ms, LINE_MS + PAUSE_MS)):
        end = min(start + LINE_MS, duration_ms)
        if end - start < PAUSE_MS:
            break
        text = _TALK[number % len(_TALK)]
        lines.append(SpokenLine(text=text, voice=number % 2, start_ms=start, end_ms=end))
    return lines
