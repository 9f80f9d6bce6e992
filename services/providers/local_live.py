"""The local provider while a call is held: heard on this machine, in a thread of its own."""

import queue
import threading
import time
from collections import deque
from collections.abc import Callable

import numpy as np

from services import telemetry
from services.audio.recording import Samples
from services.audio.samples import FULL_SCALE_16
from services.domain.calls import ProcessingOptions
from services.domain.errors import InternalFault, PartylineError
from services.engine.engine import EngineHolder
from services.engine.live.budget import Share
from services.engine.live.engine import LiveEngine
from services.engine.live.hearing import CallWishes, Hearing
from services.engine.who_speaks import voices_wanted
from services.providers.live import LiveFormat, LiveListener, LiveSession

# Sound that comes faster than it is spoken is taken as fast as it is heard: so much may wait.
MOST_WAITING_MS = 3_000
# With more than this waiting, sound comes faster than it is spoken.
AHEAD_MS = 500


def open_local(
    holder: EngineHolder, sound: LiveFormat, options: ProcessingOptions, listener: LiveListener
) -> LiveSession:
    """Open a live call. Raises LiveFull, InvalidRequest, WeightsMissing or WeightsDamaged."""
    engine = holder.live()
    engine.load(sound.channels)
    language = engine.known(options.language) if options.language else None
    share = engine.budget.enter(engine.cost(language))
    try:
        return LocalLiveSession(engine, sound, options, listener, share)
    except BaseException:
        share.leave()
        raise


class LocalLiveSession(LiveSession):
    """Hears a call in its own thread; the models run in the threads that all calls share."""

    def __init__(
        self,
        engine: LiveEngine,
        sound: LiveFormat,
        options: ProcessingOptions,
        listener: LiveListener,
        share: Share,
    ) -> None:
        """Begin; ``share`` is this call's part of the machine, given back at the end."""
        super().__init__("local", sound, listener)
        self._engine = engine
        self._share = share
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        # What is to be done between two chunks of sound waits in line with them.
        self._sound_waiting: deque[Samples | Callable[[], None]] = deque()
        self._room = threading.Condition()
        self._waiting_ms = 0
        self._is_finishing = False
        self._is_stopped = False
        wishes = CallWishes(
            channels=sound.channels,
            language=engine.known(options.language) if options.language else None,
            vocabulary=options.vocabulary,
            voices=voices_wanted(options),
        )
        self._hearing = Hearing(engine, wishes, share, self)
        self._thread = threading.Thread(target=self._work, name="live-local", daemon=True)
        engine.join()
        self._thread.start()

    def _send_impl(self, pcm: bytes) -> None:
        samples = np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(FULL_SCALE_16)
        frames = samples.reshape(-1, self._sound.channels)
        with self._room:
            self._room.wait_for(lambda: self._waiting_ms < MOST_WAITING_MS or self._is_stopped)
            self._waiting_ms += len(frames) // 16
        self._inbox.put(lambda: self._sound_waiting.append(frames))

    def _finish_impl(self, timeout_s: float) -> None:
        self._inbox.put(self._begin_finishing)
        self._thread.join(timeout_s)

    def _speak_impl(self, language: str | None) -> None:
        code = self._engine.known(language) if language else None

        def queue_up() -> None:
            self._sound_waiting.append(lambda: self._hearing.speak(code))

        self._inbox.put(queue_up)

    def _close_impl(self) -> None:
        self._is_stopped = True
        self._inbox.put(lambda: None)
        with self._room:
            self._room.notify_all()
        if self._thread is not threading.current_thread():
            self._thread.join()

    def post(self, work: Callable[[], None]) -> None:
        """Have something done in the thread that hears."""
        self._inbox.put(work)

    @property
    def behind_s(self) -> float:
        """How much sound has come and waits longer than it should, in seconds of it."""
        return max(0, self._waiting_ms - AHEAD_MS) / 1000

    def told_line(self, end_ms: int) -> None:
        """Count how late a line was told, unless its sound came faster than it was spoken."""
        if not self._is_ahead:
            self._share.told(self.sent_ms - end_ms)

    # --- the thread that hears ------------------------------------------------------------------

    def _work(self) -> None:
        try:
            while not self._is_stopped and not self._is_done:
                self._wait()
                self._hear()
        except PartylineError as error:
            self.fail(error)
        except Exception as error:
            telemetry.fault("provider.live", error, provider="local")
            self.fail(InternalFault())
        finally:
            self._is_stopped = True
            with self._room:
                self._room.notify_all()
            self._hearing.close()
            self._engine.leave()
            self._share.leave()

    def _wait(self) -> None:
        """Wait until there is something to do, and take in all that has come."""
        self._inbox.get()()
        while not self._inbox.empty():
            self._inbox.get()()

    @property
    def _is_ahead(self) -> bool:
        return self._waiting_ms > AHEAD_MS

    @property
    def _is_done(self) -> bool:
        return self._is_finishing and not self._sound_waiting and not self._hearing.is_waiting

    def _begin_finishing(self) -> None:
        self._is_finishing = True

    def _hear(self) -> None:
        """Take the sound that waits; when it is ahead of its time, what was asked comes first."""
        while self._sound_waiting and not (self._is_ahead and self._hearing.is_waiting):
            if self._is_stopped:
                return
            frames = self._sound_waiting.popleft()
            if callable(frames):
                frames()
                continue
            cpu = time.thread_time()
            self._hearing.take(frames)
            self._share.spent(time.thread_time() - cpu)
            took_ms = len(frames) // 16
            self._share.heard(took_ms)
            with self._room:
                self._waiting_ms -= took_ms
                self._room.notify_all()
        if self._is_finishing and not self._sound_waiting:
            self._hearing.end()
