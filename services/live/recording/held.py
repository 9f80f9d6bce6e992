"""A live call that this process holds: its sound goes to disk at once, and then to be recognised.

Whatever happens to captions, pages and connections, what ``take`` has returned from is kept.
"""

import threading
import time
from collections.abc import Callable

from services import telemetry
from services.audio.recording import FRAMES_PER_MS
from services.domain.errors import LiveOver, PartylineError, SoundElsewhere
from services.domain.live import Ended
from services.domain.live_calls import FROM_BROWSER, GOING_ON, LiveState, RunningCall, SoundGap
from services.domain.metrics import AnalysedTranscript
from services.live.recogniser.feeding import Feed
from services.live.recording.landing import Landed, Landing
from services.live.recording.line import LineNotice, SoundLine
from services.live.recording.patience import AWAY_AFTER_S, HoldingLimits, Patience
from services.live.recording.sound_sequence import CallClock, SoundSequence
from services.live.telling.standing import Standing
from services.providers.live import BYTES_PER_SAMPLE
from services.storage.tapes import Tape

MOST_GAP_MS = 600_000
SILENCE_FRAMES = 2_000 * FRAMES_PER_MS


class HeldCall:
    """One live call of this process. Safe across threads.

    ``then`` is called in a thread of the call once all of it is told, with how it has ended;
    ``note``, which must not raise, when something is to be written that the tape doesn't tell.
    """

    def __init__(
        self,
        standing: Standing,
        *,
        limits: HoldingLimits,
        then: Callable[["HeldCall", Ended], None],
        note: Callable[["HeldCall"], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Hold a call; ``attach`` follows before any sound."""
        self.standing = standing
        self._then = then
        self._note = note
        self._clock = clock
        self._sound = threading.RLock()
        self._sequence = SoundSequence(standing.running.channels)
        self._call_clock = CallClock()
        self._line: SoundLine | None = None
        self._attached: tuple[Tape, Feed] | None = None
        self._patience = Patience(limits, clock())
        self._released = False

    def attach(self, tape: Tape, feed: Feed, *, silent_s: float = 0.0) -> None:
        """Have sound go onto this tape and by this feed, whose first session is open.

        What the tape has already was taken by an earlier process, ``silent_s`` ago at the latest.
        """
        self._attached = (tape, feed)
        if tape.frames:
            now = self._clock()
            left_at = now - silent_s
            # No sound comes at present; how long its recorder is waited for counts from now.
            self._patience.heard(max(left_at, now - AWAY_AFTER_S))
            self._sequence = SoundSequence(self.running.channels, tape.frames)
            self._call_clock.heard(tape.frames, left_at)
            self.standing.received(tape.frames // FRAMES_PER_MS)
            if self.running.state is LiveState.PAUSED:
                self._call_clock.pause(left_at)
                self._patience.paused(left_at)
        feed.start(tape)

    @property
    def is_over(self) -> bool:
        """Whether it takes no more sound."""
        return self._released or not self.running.goes_on

    @property
    def running(self) -> RunningCall:
        """Return the call as others see it."""
        return self.standing.running

    # --- its sound -----------------------------------------------------------------------------

    def connect(self, notify: Callable[[LineNotice], None]) -> SoundLine:
        """Return a new way for its sound; an older one is told that it is none any more."""
        with self._sound:
            self._check_goes_on()
            if self._line is not None:
                self._line.end(LineNotice.TAKEN_OVER)
            self._line = SoundLine(self, notify)
            self._patience.page_seen(self._clock())
            return self._line

    def disconnect(self, line: SoundLine) -> None:
        """Take that no sound comes by this way any more."""
        with self._sound:
            if self._line is line:
                self._line = None
                self._patience.page_seen(self._clock())

    @property
    def next_frame(self) -> int:
        """The first frame that has not been stored yet."""
        return self._sequence.next_frame

    def take(self, line: SoundLine | None, frame: int, pcm: bytes) -> None:
        """Store what of a chunk is new.

        Raises SoundMissing, InvalidRequest, SoundElsewhere, LiveOver, DiskFull, StorageError.
        """
        with self._sound:
            self._check(line)
            new = self._sequence.new_of(frame, pcm)
            if new:
                self._call_clock.resume(self._clock())
                self._store(new)
                self._call_clock.heard(self._sequence.next_frame, self._clock())
            complete = self._sequence.is_complete or self._has_caught_up()
            self._patience.heard(self._clock())
        # What comes a second time was recorded before the pause.
        back_from = (LiveState.AWAY, LiveState.PAUSED) if new else (LiveState.AWAY,)
        self.standing.change_state(LiveState.RECORDING, only_from=back_from)
        if complete:
            self.end()

    def take_next(self, pcm: bytes) -> None:
        """Store sound that follows what is there, of a source on this machine. Raises as take."""
        self.take(None, self.next_frame, pcm)

    def gap(self, line: SoundLine, known_ms: int | None = None) -> None:
        """Put in silence for the time in which nothing was recorded, and say so.

        ``known_ms`` is how long that was, where the recorder knows; else the clock here tells.
        """
        with self._sound:
            self._check(line)
            now, next_frame = self._clock(), self._sequence.next_frame
            missing = self._call_clock.missing_frames(next_frame, now, MOST_GAP_MS)
            if known_ms is not None:
                missing = max(0, min(known_ms, MOST_GAP_MS)) * FRAMES_PER_MS
            self._patience.heard(now)
            start_ms = next_frame // FRAMES_PER_MS
            while missing > 0:
                frames = min(missing, SILENCE_FRAMES)
                self._store(bytes(frames * self._bytes_per_frame), recorded=False)
                missing -= frames
            end_ms = self._sequence.next_frame // FRAMES_PER_MS
            self._call_clock.resume(now)
        self.standing.change_state(
            LiveState.RECORDING, only_from=(LiveState.AWAY, LiveState.PAUSED)
        )
        if start_ms < end_ms:
            self.standing.not_recorded(SoundGap(start_ms=start_ms, end_ms=end_ms))
            self._note(self)

    def pause(self, line: SoundLine) -> None:
        """Let the call's time stand still."""
        with self._sound:
            self._check(line)
            now = self._clock()
            self._call_clock.pause(now)
            back_from = (LiveState.RECORDING, LiveState.AWAY)
            if self.standing.change_state(LiveState.PAUSED, only_from=back_from):
                self._patience.paused(now)

    def resume(self, line: SoundLine) -> None:
        """Go on."""
        with self._sound:
            self._check(line)
            self._call_clock.resume(self._clock())
            self._patience.heard(self._clock())
        self.standing.change_state(
            LiveState.RECORDING, only_from=(LiveState.PAUSED, LiveState.AWAY)
        )

    def stop(self, line: SoundLine, frames: int) -> None:
        """End the call once so many frames are there in all, soon at any rate."""
        with self._sound:
            self._check(line)
            self._sequence.end_at(frames)
            self._patience.wait_for_end(self._clock())
            complete = self._sequence.is_complete
        if complete:
            self.end()

    def ask_end(self) -> None:
        """End the call for somebody who isn't its recorder; safe to call twice.

        A recorder whose network is down has kept what was said: it is waited for, a while.
        """
        with self._sound:
            now, state = self._clock(), self.running.state
            may_have_more = self.running.source in FROM_BROWSER and state is not LiveState.PAUSED
            if may_have_more and not self.is_over and self._patience.is_late(now):
                self._patience.want_end(now)
                return
        self.end()

    def end(self) -> None:
        """End the call with the sound that is there; safe to call twice."""
        with self._sound:
            if not self.standing.change_state(LiveState.FINISHING, only_from=GOING_ON):
                return
            line, self._line = self._line, None
            self._patience.finishing(self._clock())
        # Nothing is appended any more, and nobody is to wait for the disk.
        try:
            self._tape.sync()
        except PartylineError as error:
            telemetry.warning("live.not_synced", error=error.code)
        if line is not None:
            line.end(LineNotice.STOPPED)
        telemetry.event("live.ended", audio_ms=self.running.received_ms)
        self.feed.finish()

    def release(self) -> None:
        """Let go of the call as it stands; its sound is kept for whoever lands it."""
        with self._sound:
            self._released = True
            line, self._line = self._line, None
        if line is not None:
            line.end(LineNotice.LOST)
        self.feed.close()
        self._tape.close()

    def fed(self, ended: Ended) -> None:
        """Take that all of it is told, and have it landed in this thread."""
        self._tape.close()
        self._then(self, ended)

    # --- looking after it ----------------------------------------------------------------------

    def look_after(self) -> None:
        """Do what time asks for: tell that nobody is there, end what nobody goes on with."""
        now, state = self._clock(), self.running.state
        if state is LiveState.FINISHING:
            if self._patience.gives_up(now):
                self.feed.give_up()
            return
        if state is LiveState.RECORDING and self._patience.is_away(now):
            self.standing.change_state(LiveState.AWAY, only_from=(LiveState.RECORDING,))
        with self._sound:
            is_at_end = self._patience.is_at_end(state, now, has_page=self._line is not None)
        if is_at_end or self._patience.is_too_long(self.running.received_ms):
            self.end()

    def sync(self) -> None:
        """Have the disk keep the sound so far. Raises StorageError."""
        if not self.is_over:
            self._tape.sync()

    def summarise(self) -> None:
        """Ask for a summary so far."""
        self.feed.summarise()

    def speak(self, language: str | None) -> None:
        """Have the recogniser go on in another language."""
        self.feed.speak(language)

    def land(self, landing: Landing, captions: AnalysedTranscript | None) -> Landed:
        """Make an ordinary call of what is on the tape."""
        return landing.land(self.running.id, captions)

    # --- the rest ------------------------------------------------------------------------------

    @property
    def feed(self) -> Feed:
        """The way to the recogniser."""
        assert self._attached is not None
        return self._attached[1]

    @property
    def _tape(self) -> Tape:
        assert self._attached is not None
        return self._attached[0]

    @property
    def _bytes_per_frame(self) -> int:
        return BYTES_PER_SAMPLE * self.running.channels

    def _has_caught_up(self) -> bool:
        """Say whether a call that is to end then has the sound of this very moment."""
        is_late = self._call_clock.is_late(self._sequence.next_frame, self._clock())
        return self._patience.end_wanted and not is_late

    def _check(self, line: SoundLine | None) -> None:
        self._check_goes_on()
        if line is not None and line is not self._line:
            raise SoundElsewhere

    def _check_goes_on(self) -> None:
        if self.is_over:
            raise LiveOver

    def _store(self, pcm: bytes, *, recorded: bool = True) -> None:
        first = self._sequence.next_frame
        self._tape.append(pcm)
        self._sequence.taken(pcm)
        received_ms = self._sequence.next_frame // FRAMES_PER_MS
        self.standing.received(received_ms)
        self.feed.came(first, pcm, recorded=recorded)
