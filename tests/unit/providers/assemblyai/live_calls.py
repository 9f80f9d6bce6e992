"""Live calls for tests: sound that tells its place in the call, and a listener that remembers."""

import time
from collections.abc import Callable, Sequence

import numpy as np

from emulators.assemblyai.streaming import AssemblyAIStreamingEmulator, Place
from emulators.assemblyai.streaming_plans import SeenSession
from emulators.assemblyai.streaming_script import HeardTurn
from services.domain.calls import ProcessingOptions
from services.domain.live import Ended, Final, Gap, LiveEvent, Partial, Revised, SpeakerTold
from services.domain.speech import Utterance
from services.providers.assemblyai.access import AssemblyAIAccess
from services.providers.assemblyai.live_options import LIVE_OPTIONS
from services.providers.assemblyai.streaming import open_streaming
from services.providers.capabilities import Capabilities, OptionValues
from services.providers.live import LiveFormat, LiveSession

KEY = "aai-secret-4711"
FRAMES_PER_MS = 16
NUMBER_BITS = 15
CAPABILITIES = Capabilities(name="assemblyai", title="AssemblyAI", options=LIVE_OPTIONS)


def marked_sound(start_ms: int, end_ms: int, channels: int = 1, *, loud: bool = True) -> bytes:
    """Return sound whose lowest bits tell, each millisecond, its number and its channel.

    Heard as sound it is a hum, or with ``loud`` False as good as silence.
    """
    numbers = np.arange(start_ms, end_ms)
    frames = np.zeros((len(numbers), FRAMES_PER_MS, channels), dtype="<i2")
    for bit in range(NUMBER_BITS):
        frames[:, bit, :] = ((numbers >> bit) & 1)[:, None]
    frames[:, NUMBER_BITS, :] = np.arange(channels)
    if loud:
        frames += np.array([4_000, -4_000] * (FRAMES_PER_MS // 2), dtype="<i2")[None, :, None]
    return frames.reshape(-1, channels).tobytes()


def read_marks(first: bytes) -> Place:
    """Return where in the call a piece of marked sound lies."""
    bits = np.frombuffer(first, dtype="<i2")[:FRAMES_PER_MS] & 1
    number = sum(int(bit) << n for n, bit in enumerate(bits[:NUMBER_BITS]))
    return Place(start_ms=number, channel=int(bits[NUMBER_BITS]))


def hearing(*channels: Sequence[HeardTurn]) -> Callable[[SeenSession, Place], list[HeardTurn]]:
    """Return what is heard on each channel, as the emulator asks for it."""
    return lambda _session, place: list(channels[place.channel or 0])


class Told(list[LiveEvent]):
    """A listener: what was told, in order, and when by the clock."""

    def __init__(self) -> None:
        super().__init__()
        self.at: list[float] = []

    def __call__(self, event: LiveEvent) -> None:
        self.at.append(time.monotonic())
        self.append(event)

    @property
    def finals(self) -> list[Utterance]:
        return [e.line for e in self if isinstance(e, Final)]

    @property
    def partials(self) -> list[Utterance]:
        return [e.line for e in self if isinstance(e, Partial)]

    @property
    def revised(self) -> list[Utterance]:
        return [e.line for e in self if isinstance(e, Revised)]

    @property
    def speakers(self) -> list[tuple[str, int | None]]:
        return [(e.speaker.id, e.speaker.channel) for e in self if isinstance(e, SpeakerTold)]

    @property
    def gaps(self) -> list[Gap]:
        return [e for e in self if isinstance(e, Gap)]

    @property
    def text(self) -> str:
        """Return all final words in the order of the call."""
        words = [word for line in self.finals for word in line.words]
        return " ".join(w.text for w in sorted(words, key=lambda w: w.start_ms))

    @property
    def ended(self) -> Ended:
        """Return how the call ended; nothing may come after it."""
        (ended,) = (e for e in self if isinstance(e, Ended))
        assert self[-1] is ended
        return ended

    def wait_for(self, wanted: Callable[["Told"], object], timeout_s: float = 10.0) -> None:
        """Wait until something has been told."""
        until = time.monotonic() + timeout_s
        while not wanted(self):
            assert time.monotonic() < until, [type(e).__name__ for e in self]
            time.sleep(0.01)


def open_call(
    emulator: AssemblyAIStreamingEmulator,
    told: Told,
    *,
    channels: int = 1,
    key: str | None = KEY,
    **options: object,
) -> LiveSession:
    run = ProcessingOptions(provider="assemblyai", language="en", **options)
    access = AssemblyAIAccess(key=key, streaming_host=emulator.host)
    values = OptionValues(CAPABILITIES, run)
    return open_streaming(access, LiveFormat(channels=channels), run, values, told)


def send(
    session: LiveSession,
    start_ms: int,
    end_ms: int,
    *,
    channels: int = 1,
    step_ms: int = 100,
    pause_s: float = 0.0,
    loud: bool = True,
) -> None:
    """Send this much of a call in pieces."""
    for at_ms in range(start_ms, end_ms, step_ms):
        session.send(marked_sound(at_ms, min(at_ms + step_ms, end_ms), channels, loud=loud))
        if pause_s:
            time.sleep(pause_s)
