"""Holds live calls as the recogniser's process does, and keeps all that is told of them."""

import resource
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from bench.live.sound import Take, chunks_of_takes
from bench.live.versions import Version
from services.audio.recording import Recording
from services.domain.calls import ProcessingOptions
from services.domain.errors import InternalFault, PartylineError
from services.domain.live import LiveEvent
from services.domain.running import RunContext
from services.domain.speech import Transcript
from services.live.reading.models import LiveModels
from services.live.reading.running import LiveCall
from services.live.recording.pacing import play
from services.live.telling.events import Told
from services.providers.base import SpeechProvider
from services.providers.capabilities import Readiness
from services.providers.live import LiveFormat, LiveListener, LiveSession

# Calls don't begin at the same moment, nor do their utterances.
BETWEEN_STARTS_S = 0.37


class Overheard(SpeechProvider):
    """A provider whose events are kept as well, as they are before redaction."""

    def __init__(self, provider: SpeechProvider) -> None:
        """Stand in for this provider in one call."""
        self.capabilities = provider.capabilities
        self._provider = provider
        self.events: list[LiveEvent] = []

    def readiness(self) -> Readiness:
        """Say what the provider says."""
        return self._provider.readiness()

    def open_live(
        self, sound: LiveFormat, options: ProcessingOptions, listener: LiveListener
    ) -> LiveSession:
        """Open the call at the provider."""

        def both(event: LiveEvent) -> None:
            self.events.append(event)
            listener(event)

        return self._provider.open_live(sound, options, both)

    def _transcribe_impl(
        self, recording: Recording, options: ProcessingOptions, context: RunContext
    ) -> Transcript:
        raise InternalFault


@dataclass(frozen=True, kw_only=True)
class HeldCall:
    """A call that is over: what was played, what was heard, and what was told of it and when.

    ``speed`` is how many ms of the call passed in a ms; ``last_words_ms`` is how long the end took.
    """

    takes: Sequence[Take]
    heard: Sequence[Version]
    told: Sequence[Version]
    speed: float = 1.0
    error_code: str | None = None
    last_words_ms: int = 0


@dataclass(frozen=True, kw_only=True)
class Room:
    """Where calls are held: a provider with its models loaded, options, and how fast time goes."""

    provider: SpeechProvider
    models: LiveModels
    options: ProcessingOptions
    speed: float = 1.0

    def hold(self, takes: Sequence[Take]) -> HeldCall:
        """Hold one call from its first sample to its last word. Raises what keeps it closed."""
        overheard = Overheard(self.provider)
        told: list[Told] = []
        call = LiveCall(overheard, self.options, self.models, told.append)
        sound = LiveFormat(channels=takes[0].playable.channels)
        call.open(sound)
        try:
            call.begin()
            play(chunks_of_takes(takes), call.send, sound=sound, speed=self.speed)
        except PartylineError:
            pass  # The call has ended before its time; how, stands in what it tells of its end.
        except BaseException:
            call.abort()
            raise
        stopped = time.monotonic()
        call.finish()
        return HeldCall(
            takes=takes,
            heard=[v for event in overheard.events if (v := Version.of_event(event))],
            told=[v for one in told if (v := Version.of_told(one))],
            speed=self.speed,
            error_code=call.ended.error_code if call.ended else None,
            last_words_ms=round((time.monotonic() - stopped) * 1000),
        )


@dataclass(frozen=True, kw_only=True)
class Session:
    """Calls that were held at the same time, and what they cost.

    ``cpu_s`` is what this process has used while they ran, ``sound_s`` how long they were together,
    ``memory_mb`` the most that this process has ever held in memory.
    """

    calls: Sequence[HeldCall]
    cpu_s: float
    sound_s: float
    took_s: float
    memory_mb: float = 0.0
    at_once: int = 1


def hold_at_once(room: Room, lines: Sequence[Sequence[Sequence[Take]]]) -> Session:
    """Hold calls on several lines at once, on each line one after the other.

    Raises the first error that kept a call from being held.
    """
    began, cpu = time.monotonic(), time.process_time()

    def work(number: int) -> list[HeldCall]:
        time.sleep(number * BETWEEN_STARTS_S / max(1.0, room.speed))
        return [room.hold(takes) for takes in lines[number]]

    with ThreadPoolExecutor(len(lines), thread_name_prefix="bench-line") as pool:
        rows = list(pool.map(work, range(len(lines))))
    calls = [call for row in rows for call in row]
    return Session(
        calls=calls,
        cpu_s=time.process_time() - cpu,
        sound_s=sum(call.takes[-1].end_ms for call in calls) / 1000,
        took_s=time.monotonic() - began,
        memory_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        at_once=len(lines),
    )
