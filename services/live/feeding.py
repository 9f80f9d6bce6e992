"""Gives the sound of one live call to the recogniser, in a thread of its own.

The sound is on disk before it is given. So a recogniser that is slow, or gone, costs captions and
never sound: what it has not taken yet is read from the tape when it is ready for it.
"""

import threading
import time
from collections import deque
from collections.abc import Callable

from services import telemetry
from services.domain.errors import InternalFault, LiveOver, PartylineError, RecogniserLost, error_of
from services.domain.live import Ended
from services.live.ending import Ending
from services.live.fed_sound import FedSound, SoundOnDisk, mixed
from services.live.later_session import KnownSoFar, LaterSession
from services.live.recognising import LiveOrder, Recognised, Recogniser, in_language
from services.live.standing import Standing
from services.live.telling import Kind, Told, ToldListener
from services.live.told_until import ToldUntil
from services.live.trying_again import TryingAgain

HEARD_ONCE_MORE_MS = 10_000
"""So much of what an earlier process has heard: the line that was being spoken is in it."""
DRAIN_S = 5.0
"""So long an ended call waits for the recogniser to take what sound is left."""
OWN_WORD_S = 1.0
"""So long a session that takes no more sound may take to say why."""

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
        self._channels = channels
        self._clock = clock
        self._changed = threading.Condition()
        self._sound = FedSound(channels)
        self._wishes: deque[Wish] = deque()
        self._finishing = False
        self._closed = False
        self._drain_by = 0.0
        self._open: Recognised | None = None
        self._sessions = 0
        self._over: Ended | None = None
        self._again = TryingAgain(clock)
        self._told = ToldUntil(order.channels)
        self._known = KnownSoFar()
        self._tape: SoundOnDisk | None = None
        self._ending = Ending(then)
        self._thread = threading.Thread(target=self._work, name="live-feed", daemon=True)

    def open(self) -> None:
        """Open the first session. Raises the PartylineError that it is refused with."""
        self._open = self._recogniser.open(self._order, self._listener(0))

    def open_later(self, present: int) -> None:
        """Open a session once there is something to hear, for a call that has so many frames.

        An earlier process has heard them; only the last ones may be in no line yet. Nobody is
        refused: as with a session that is lost, the call is recorded meanwhile.
        """
        self._sound.present = present
        self._sound.go_to(max(0, self._sound.present_ms - HEARD_ONCE_MORE_MS))
        self._told.told_before(self._sound.given_ms)
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
            self._sound.came(first_frame, pcm, recorded=recorded)
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
            if self._finishing:
                return
            self._finishing = True
            self._drain_by = self._clock() + DRAIN_S
            self._changed.notify_all()
        self._ending.begin(DRAIN_S, self.give_up, self._unheard_rest)

    def give_up(self) -> None:
        """Wait for the recogniser no longer; the call is told what it would be told anyway."""
        with self._changed:
            self._finishing, self._drain_by, session = True, 0.0, self._open
            self._changed.notify_all()
        self._lose(self._ended_by(RecogniserLost()))
        if session is not None:
            session.abort()

    def close(self) -> None:
        """End at once and tell nothing more."""
        self._closed = True
        self._ending.cancel()
        self.give_up()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()

    # --- the thread that gives sound ------------------------------------------------------------

    def _work(self) -> None:
        ended: Ended | None = None
        try:
            while self._goes_on():
                self._step()
            if self._ending.is_drained():
                ended = self._last_words()
        except Exception as error:
            telemetry.fault("live.feed", error)
        finally:
            self._ending.conclude(lambda: ended or self._ended_by(InternalFault()))

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
        self._carry_out_wishes()
        try:
            self._give()
        except PartylineError as error:
            self._lose_after_its_word(error)

    def _lose_after_its_word(self, error: PartylineError) -> None:
        """Take that no sound is taken any more; the session knows best why, and tells it soon."""
        with self._changed:
            is_told = self._changed.wait_for(lambda: self._over is not None, OWN_WORD_S)
        if not is_told:
            why = RecogniserLost() if isinstance(error, LiveOver) else error
            self._lose(self._ended_by(why), is_told=False)

    def _carry_out_wishes(self) -> None:
        while self._wishes:
            try:
                self._wishes.popleft()(self._session)
            except PartylineError as error:
                self._standing.warn(error, self._sound.given_ms)

    def _give(self) -> None:
        assert self._tape is not None
        with self._changed:
            if not self._sound.is_behind:
                return
            found, first_frame = self._sound.take(), self._sound.cursor
            gap = self._sound.gap_ahead()
        if gap is not None:
            self._session.not_recorded(*gap)
        pcm = found if isinstance(found, bytes) else self._tape.read(*found)
        unheard = self._told.hushed(pcm, first_frame, self._channels)
        self._session.send(mixed(unheard, self._channels, self._order.channels))
        with self._changed:
            self._sound.given(pcm)

    # --- sessions -------------------------------------------------------------------------------

    def _listener(self, by_ms: int) -> ToldListener:
        """Return what hears one session, which begins ``by_ms`` into the call."""
        self._sessions += 1
        number = self._sessions
        prefix, is_shared = "" if number == 1 else f"{number}-", self._order.channels == 1
        session = LaterSession(self._known, by_ms=by_ms, prefix=prefix, is_shared=is_shared)

        def hear(told: Told) -> None:
            if number != self._sessions or self._closed or self._ending.is_over:
                return
            if told["type"] == Kind.ENDED:
                self._lose(session.ended(told))
                return
            event = session.moved(told)
            if event is None:
                return
            with self._changed:
                if self._told.take(event):
                    self._again.told()
            self._standing.tell(event)

        return hear

    def _lose(self, ended: Ended, *, is_told: bool = True) -> None:
        """Take the end of the session; only the first word on that counts.

        What ends a session is told by it, unless it was lost, or ``is_told`` says otherwise.
        """
        with self._changed:
            if self._over is not None:
                return
            self._over = ended
            self._changed.notify_all()
            if self._finishing:
                return
            error = error_of(ended.error_code) if ended.error_code else RecogniserLost()
            self._again.after(error)
            self._again.lost(self._told.told_ms)
        at_ms = self._sound.given_ms
        telemetry.warning("live.session_lost", error=ended.error_code, at_ms=at_ms)
        self._standing.withdraw_partials(at_ms)
        if isinstance(error, RecogniserLost) or not is_told:
            self._standing.warn(error, at_ms)

    def _open_again(self) -> None:
        """Open another session, which hears again what no line tells of yet."""
        with self._changed:
            given_ms, present_ms = self._sound.given_ms, self._sound.present_ms
            unheard_ms = self._told.unheard_ms(given_ms)
            start_ms = self._told.resumes_at(given_ms, present_ms)
            if self._again.is_same_sound:
                start_ms = present_ms
        try:
            session = self._recogniser.open(self._order, self._listener(start_ms))
        except PartylineError as error:
            self._refused(error, given_ms)
            return
        with self._changed:
            is_wanted = not (self._finishing and self._drain_by == 0.0)
            if is_wanted:
                self._open, self._over = session, None
                self._told.begin_again(start_ms, given_ms)
                self._sound.go_to(start_ms)
        if not is_wanted:
            # It was given up while this one was being opened.
            session.abort()
            return
        telemetry.event("live.session_again", from_ms=start_ms)
        self._standing.unheard(unheard_ms, start_ms)

    def _refused(self, error: PartylineError, at_ms: int) -> None:
        """Take that no other session is to be had: for now, or for the rest of the call."""
        with self._changed:
            is_news = self._again.after(error)
            if self._again.in_vain:
                self._over = self._ended_by(error)
        if is_news:
            self._standing.warn(error, at_ms)

    def _last_words(self) -> Ended:
        """End the session, if one is open; return how the call has ended for the recogniser."""
        if self._over is None:
            try:
                self._session.finish()
            except PartylineError as error:
                self._lose(self._ended_by(error))
        if self._over is None or self._over.error_code is not None:
            return self._unheard_rest()
        self._standing.unheard(self._sound.given_ms, self._sound.present_ms)
        return self._over

    def _unheard_rest(self) -> Ended:
        """Tell what no session has said its last words of; return how the call has ended."""
        present_ms = self._sound.present_ms
        with self._changed:
            unheard_ms = self._told.unheard_ms(self._sound.given_ms)
        self._standing.withdraw_partials(present_ms)
        self._standing.unheard(unheard_ms, present_ms)
        return self._over or self._ended_by(RecogniserLost())

    def _ended_by(self, error: PartylineError) -> Ended:
        at_ms, message = self._sound.given_ms, error.user_message
        return Ended(at_ms=at_ms, error_code=error.code, error_message=message)

    @property
    def _session(self) -> Recognised:
        assert self._open is not None
        return self._open
