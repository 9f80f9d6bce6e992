"""What a live session is tested with: a provider and its script, and what it tells."""

import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.domain.calls import ProcessingOptions
from services.domain.errors import PartylineError, ProviderRefusedKey
from services.domain.live import Final, LiveEvent, Partial, Revised
from services.domain.speech import Utterance
from services.live.known.captions import Captions
from services.providers.base import SpeechProvider
from services.providers.live import LiveFormat, LiveSession

CHUNK_MS = 50
CALL_MS = 12_000
LAST_WORDS_S = 10.0
OPTIONS = ProcessingOptions(language="en", redact=False)

Sound = Callable[[int], bytes]


def silence(channels: int) -> bytes:
    """Return a call without sound."""
    return bytes(LiveFormat(channels=channels).bytes_per_ms * CALL_MS)


@dataclass(frozen=True, kw_only=True)
class LiveCase:
    """A provider under test with the script that its service answers with.

    ``texts`` are the lines of a call of ``CALL_MS`` on one channel; ``sound`` gives what is played
    on so many channels. ``refusing`` gives a provider that takes no call, by ``refused_with``:
    its service refuses the key, or there is no room; ``failing`` one whose service goes away for
    good once half of the call was heard; ``losing`` one whose service is away for a while in its
    middle, None where nothing is ever lost by that.
    """

    provider: SpeechProvider
    texts: Sequence[str]
    refusing: Callable[[], SpeechProvider]
    failing: Callable[[], SpeechProvider]
    losing: Callable[[], SpeechProvider] | None
    sound: Sound = silence
    refused_with: type[PartylineError] = ProviderRefusedKey


class Events(list[LiveEvent]):
    """Collects events; takes so long over each."""

    def __init__(self, pause_s: float = 0.0) -> None:
        super().__init__()
        self._pause_s = pause_s
        self._inside = threading.Lock()

    def __call__(self, event: LiveEvent) -> None:
        assert self._inside.acquire(blocking=False), "events come one at a time"
        time.sleep(self._pause_s)
        self.append(event)
        self._inside.release()

    def of(self, kind: type) -> list:
        return [event for event in self if isinstance(event, kind)]

    @property
    def captions(self) -> Captions:
        captions = Captions()
        for event in self:
            captions.take(event)
        return captions


def stream(
    session: LiveSession, length_ms: int = CALL_MS, channels: int = 1, sound: Sound = silence
) -> None:
    pcm = sound(channels)
    step = LiveFormat(channels=channels).bytes_per_ms * CHUNK_MS
    for number in range(length_ms // CHUNK_MS):
        session.send(pcm[number * step : (number + 1) * step])


def held(
    provider: SpeechProvider, channels: int = 1, pause_s: float = 0.0, sound: Sound = silence
) -> Events:
    """Hold a whole call and return what was told."""
    events = Events(pause_s)
    session = provider.open_live(LiveFormat(channels=channels), OPTIONS, events)
    stream(session, channels=channels, sound=sound)
    session.finish(LAST_WORDS_S)
    return events


def bare(text: str) -> list[str]:
    return re.findall(r"[\w']+", text.casefold())


def all_words(lines: Sequence[Utterance]) -> list[str]:
    return [word for line in lines for word in bare(line.text)]


def lines_of(events: Events) -> list[Utterance]:
    return [event.line for event in events if isinstance(event, Partial | Final | Revised)]
