"""Gives the sound of one live call to the recogniser, in a thread of its own.

The sound is on disk before it is given. So a recogniser that is slow, or gone, costs captions and
never sound: what it has not taken yet is read from the tape when it is ready for it.
"""

import threading
import time
from collections import deque
from collections.abc import Callable

from services import telemetry
from services.audio.recording import FRAMES_PER_MS
from services.domain.errors import InternalFault, PartylineError, RecogniserLost, error_of
from services.domain.live import Ended, Gap, GapKind
from services.live.fed_sound import AT_MOST_MS, FedSound, SoundOnDisk, mixed
from services.live.recognising import LiveOrder, Recognised, Recogniser, in_language
from services.live.standing import Standing
from services.live.telling import Kind, Told, ToldListener
from services.live.told_reading import ended_of, moved
from services.live.trying_again import TryingAgain

HEARD_AGAIN_MS = 60_000
"""So much sound at most is given again to a session that stands in for a lost one."""
HEARD_ONCE_MORE_MS = 10_000
"""So much of what an earlier process has heard: the line that was being spoken is in it."""
DRAIN_S = 5.0

Wish = Callable[[Recognised], None]


class Feed:
    """The way of one call's sound to the recogniser, over as many sessions as it takes."""

    def __init__(
        self,
        recogniser: Recogniser,
        order: LiveOrder,
        standing: Standing,
        *,
        channels: int,
        then: Callable[[Ended], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take an order; its channels may be fewer than the ``channels`` of the sound.

        ``then`` is told in the feed's own thread how it has ended, once all is told.
        """
        self._recogniser = recogniser
        self._order = order
        self._standing = standing
        self._then = then
        self._channels = channels
        self._clock = clock
        self._changed = threading.Condition()
        self._sound = FedSound(channels)
        self._wishes: deque[Wish] = deque()
        self._finishing = False
        self._closed = False
        self._drain_by = 0.0
        self._session: Recognised | None = None
        self._sessions = 0
        self._over: Ended | None = None
        self._again = TryingAgain(clock)
        self._told_ms = 0
        self._gaps: deque[tuple[int, int]] = deque()
        self._began_ms = 0
        self._tape: SoundOnDisk | None = None
        self._thread = threading.Thread(target=self._work, name="live-feed", daemon=True)

    def open(self) -> None:
        """Open the first session. Raises the PartylineError that it is refused with."""
        self._session = self._recogniser.open(self._order, self._listener(0))

    def open_later(self, present: int) -> None:
        """Open a session once there is something to hear, for a call that has so many frames.

        An earlier process has heard them; only the last ones may be in no line yet. Nobody is
        refused: as with a session that is lost, the call is recorded meanwhile.
        """
        self._sound.present = present
        self._sound.go_to(max(0, self._sound.present_ms - HEARD_ONCE_MORE_MS))
        self._told_ms = self._sound.given_ms
        # Lines of the earlier process's sessions, of which there were fewer, have other ids.
        self._sessions = self._sound.present_ms + 1
        self._over = self._ended_by(RecogniserLost())

    def start(self, tape: SoundOnDisk) -> None:
        """Begin to give sound, which is on this tape."""
        self._tape = tape
        self._thread.start()

    def came(self, first_frame: int, pcm: bytes, *, recorded: bool = True) -> None:
        """Tell that these frames are on the tape now; never waits for the recogniser.

        What was not ``recorded`` is silence that stands for sound nobody has.
        """
        with self._changed:
            if not recorded:
                start_ms, frames = first_frame // FRAMES_PER_MS, len(pcm) // self._sound.frame_bytes
                self._gaps.append((start_ms, start_ms + frames // FRAMES_PER_MS))
            self._sound.came(first_frame, pcm)
            self._changed.notify_all()

    def summarise(self) -> None:
        """Have the recogniser asked for a summary so far."""
        self._wish(lambda session: session.summarise())

    def speak(self, language: str | None) -> None:
        """Have the recogniser go on in another language."""
        self._order = in_language(self._order, language)
        self._wish(lambda session: session.speak(language))

    def _wish(self, wish: Wish) -> None:
        with self._changed:
            self._wishes.append(wish)
            self._changed.notify_all()

    def finish(self) -> None:
        """Tell that all sound is on the tape: last words, then the call is told that it is fed."""
        with self._changed:
            self._finishing = True
            self._drain_by = self._clock() + DRAIN_S
            self._changed.notify_all()

    def give_up(self) -> None:
        """Wait for the recogniser no longer; the call is told what it would be told anyway."""
        with self._changed:
            self._finishing, self._drain_by, session = True, 0.0, self._session
            self._changed.notify_all()
        if session is not None:
            session.abort()

    def close(self) -> None:
        """End at once and tell nothing more."""
        self._closed = True
        self.give_up()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()

    # --- the thread that gives sound ------------------------------------------------------------

    def _work(self) -> None:
        ended: Ended | None = None
        try:
            while self._goes_on():
                self._step()
            ended = self._last_words()
        except Exception as error:
            telemetry.fault("live.feed", error)
        finally:
            if not self._closed:
                self._then(ended or self._ended_by(InternalFault()))

    def _goes_on(self) -> bool:
        """Wait until there is something to do; say whether that is anything but to finish."""
        with self._changed:
            while not self._is_done():
                pause_s = self._pause_before_work()
                if pause_s == 0.0:
                    return True
                self._changed.wait(pause_s)
        return False

    def _is_done(self) -> bool:
        return self._finishing and (
            self._over is not None or not self._sound.is_behind or self._clock() >= self._drain_by
        )

    def _pause_before_work(self) -> float | None:
        """Return how long to wait before there is work, None until something happens."""
        if self._over is None:
            return 0.0 if self._wishes or self._sound.is_behind else None
        if self._again.in_vain or not self._sound.is_behind:
            return None
        return self._again.pause_s

    def _step(self) -> None:
        if self._over is not None:
            self._open_again()
            return
        with self._changed:
            wishes, self._wishes = self._wishes, deque()
        for wish in wishes:
            self._carry_out(wish)
        try:
            self._give()
        except PartylineError as error:
            # The session tells the same in its own words, soon or already.
            self._lose(self._ended_by(error))

    def _carry_out(self, wish: Wish) -> None:
        try:
            wish(self._opened)
        except PartylineError as error:
            self._standing.warn(error, self._sound.given_ms)

    def _give(self) -> None:
        assert self._tape is not None
        with self._changed:
            if not self._sound.is_behind:
                return
            found = self._sound.take()
            gap = self._gap_ahead()
        if gap is not None:
            self._opened.not_recorded(*gap)
        pcm = found if isinstance(found, bytes) else self._tape.read(*found)
        self._opened.send(mixed(pcm, self._channels, self._order.channels))
        with self._changed:
            self._sound.given(pcm)

    def _gap_ahead(self) -> tuple[int, int] | None:
        """Return the gap that the next sound may reach, in the session's time, once."""
        if not self._gaps or self._gaps[0][0] > self._sound.given_ms + AT_MOST_MS:
            return None
        start_ms, end_ms = self._gaps.popleft()
        return max(0, start_ms - self._began_ms), max(0, end_ms - self._began_ms)

    # --- sessions -------------------------------------------------------------------------------

    def _listener(self, by_ms: int) -> ToldListener:
        """Return what hears one session, which begins ``by_ms`` into the call."""
        self._sessions += 1
        number = self._sessions
        prefix = "" if number == 1 else f"{number}-"

        def hear(told: Told) -> None:
            if number != self._sessions or self._closed:
                return
            if told["type"] == Kind.ENDED:
                self._lose(ended_of(told, by_ms=by_ms))
                return
            event = moved(told, by_ms=by_ms, prefix=prefix)
            if event["type"] in (Kind.FINAL, Kind.REVISED) or event.get("kind") == "gap":
                self._told_ms = max(self._told_ms, event["end_ms"])
                self._again.told()
            self._standing.tell(event)

        return hear

    @property
    def _heard_ms(self) -> int:
        """Up to where the sound has been understood.

        A line is final long before a minute is over: older sound without a line says nothing.
        """
        return max(self._told_ms, self._sound.given_ms - HEARD_AGAIN_MS)

    def _lose(self, ended: Ended) -> None:
        """Take the end of the session; only the first word on that counts."""
        with self._changed:
            if self._over is not None:
                return
            self._over = ended
            self._changed.notify_all()
            if self._finishing:
                return
            error = error_of(ended.error_code) if ended.error_code else RecogniserLost()
            self._again.after(error)
            self._again.lost(self._told_ms)
        at_ms = self._sound.given_ms
        telemetry.warning("live.session_lost", error=ended.error_code, at_ms=at_ms)
        self._standing.withdraw_partials(at_ms)
        if isinstance(error, RecogniserLost):  # What else ends a session is told by it.
            self._standing.warn(error, at_ms)

    def _open_again(self) -> None:
        """Open another session, which hears again what no line tells of yet."""
        heard_ms, present_ms = self._heard_ms, self._sound.present_ms
        start_ms = min(present_ms, max(heard_ms, present_ms - HEARD_AGAIN_MS))
        if self._again.is_same_sound:
            start_ms = present_ms
        try:
            session = self._recogniser.open(self._order, self._listener(start_ms))
        except PartylineError as error:
            self._again.after(error)
            return
        with self._changed:
            self._session, self._over = session, None
            self._sound.go_to(start_ms)
            self._began_ms = start_ms
            is_wanted = not (self._finishing and self._drain_by == 0.0)
        if not is_wanted:
            # It was given up while this one was being opened.
            session.abort()
        telemetry.event("live.session_again", from_ms=start_ms)
        self._miss(heard_ms, start_ms)

    def _last_words(self) -> Ended:
        """End the session, if one is open; return how the call has ended for the recogniser."""
        unheard_ms = self._sound.given_ms
        if self._over is None:
            try:
                self._opened.finish()
            except PartylineError as error:
                self._lose(self._ended_by(error))
        present_ms = self._sound.present_ms
        if self._over is None or self._over.error_code is not None:
            self._standing.withdraw_partials(present_ms)
            unheard_ms = self._heard_ms
        self._miss(unheard_ms, present_ms)
        return self._over or self._ended_by(RecogniserLost())

    def _miss(self, start_ms: int, end_ms: int) -> None:
        if start_ms < end_ms:
            self._standing.miss(Gap(kind=GapKind.RECOGNISER_LOST, start_ms=start_ms, end_ms=end_ms))

    def _ended_by(self, error: PartylineError) -> Ended:
        at_ms, message = self._sound.given_ms, error.user_message
        return Ended(at_ms=at_ms, error_code=error.code, error_message=message)

    @property
    def _opened(self) -> Recognised:
        assert self._session is not None
        return self._session
