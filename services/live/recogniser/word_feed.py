"""Gives the words of one call to the recogniser, over as many sessions as it takes.

What a session was given and has not told yet is kept, and given to the next one when it is lost.
So a recogniser that dies costs a moment, and no line.
"""

import threading
import time
from collections.abc import Callable, Iterable, Sequence

from services import telemetry
from services.domain.errors import PartylineError, RecogniserLost
from services.domain.live import Ended, Final, LanguageTold, LiveEvent, Partial, Revised
from services.domain.speech import Utterance
from services.live.recogniser.recognising import LiveOrder, Recogniser, in_language
from services.live.recogniser.told_so_far import ToldSoFar
from services.live.recogniser.trying_again import TryingAgain
from services.live.recogniser.unread import UnreadLines
from services.live.recogniser.untold import Untold
from services.live.recogniser.words import WordsRead
from services.live.telling.events import Kind, Told
from services.live.telling.standing import Standing

WITHIN_S = 100.0
"""So long a call that has ended waits for a session: models take their time to load."""
LOSSES = 3
"""After so many sessions in a row that told no line, the one that was given first is left out."""
LETTING_GO_S = 5.0

Gives = Callable[[WordsRead], None]


class WordFeed:
    """The way of one call's words to the recogniser. Safe across threads; nobody waits for it."""

    def __init__(
        self,
        recogniser: Recogniser,
        order: LiveOrder,
        standing: Standing,
        *,
        tell: Callable[[Told], None],
        then: Callable[[Ended], None],
        before: Sequence[Told] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take an order whose provider hears the words.

        ``tell`` is told what is read, one event at a time; ``then`` once how it has ended, in a
        thread of the feed. ``before`` is what an earlier process has told.
        """
        self._recogniser = recogniser
        self._order = order
        self._standing = standing
        self._tell = tell
        self._then = then
        self._changed = threading.Condition(threading.RLock())
        self._told = ToldSoFar(before)
        self._again = TryingAgain(clock)
        self._untold = Untold()
        self._unread = UnreadLines(standing, tell, redacting=order.options.redact)
        self._session: WordsRead | None = None
        self._number = 0
        self._now_ms = 0
        self._finishing = False
        self._ended: Ended | None = None
        self._over = False
        self._thread: threading.Thread | None = None
        self._later: list[Gives] = []
        self._stillborn = 0
        self._losses = 0

    def open(self) -> None:
        """Have a session opened: words are taken at once, and read when it is there."""
        with self._changed:
            self._begin_to_open()

    # --- what happens in the call -------------------------------------------------------------

    def heard(self, event: LiveEvent) -> None:
        """Take what was heard."""
        with self._changed:
            if isinstance(event, LanguageTold):
                self._order = in_language(self._order, event.language)
            left_out = self._untold.heard(event)
            if left_out is not None:
                self._leave_out(left_out)
            self._give(lambda session: session.heard(event))

    def passed(self, now_ms: int) -> None:
        """Take how far the call has come."""
        with self._changed:
            self._now_ms = now_ms
            self._give(lambda session: session.passed(now_ms))

    def summed_up(self, text: str, by: str, *, so_far: bool) -> None:
        """Take a summary that ``by`` has written."""
        with self._changed:
            self._give_once(lambda session: session.summed_up(text, by, so_far=so_far))

    def summarise(self) -> None:
        """Ask for a summary so far."""
        with self._changed:
            self._give_once(lambda session: session.summarise())

    def told_until(self, now_ms: int) -> int:
        """Return up to where finished lines have been told, ``now_ms`` when all are."""
        with self._changed:
            begins_ms = self._untold.begins_ms()
        return now_ms if begins_ms is None else min(now_ms, begins_ms)

    def drain(self, within_s: float) -> None:
        """Wait, so long at most, until the lines that were heard are told."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._session is None or not self._untold.has_finals, within_s
            )

    def finish(self) -> None:
        """Take that the call has ended: all of it is read, then ``then`` is told. Returns soon."""
        with self._changed:
            if self._finishing or self._over:
                return
            self._finishing = True
        threading.Thread(target=self._finish, name="live-last", daemon=True).start()

    def give_up(self) -> None:
        """Wait for the recogniser no longer."""
        with self._changed:
            session, self._session = self._session, None
        ended = _ended_by(RecogniserLost(), self._now_ms)
        threading.Thread(
            target=self._conclude, args=(ended,), name="live-last", daemon=True
        ).start()
        if session is not None:
            session.abort()

    def close(self) -> None:
        """End at once and tell nothing more."""
        with self._changed:
            self._over = True
            session, self._session, thread = self._session, None, self._thread
            self._changed.notify_all()
        if session is not None:
            session.abort()
        if thread is not None and thread is not threading.current_thread():
            thread.join(LETTING_GO_S)

    def let_go(self) -> None:
        """End at once. Of lines that were not read it is told what may be, and nothing more."""
        with self._changed:
            is_over, self._over = self._over, True
            untold = [] if is_over else self._not_told(self._untold.finals())
        self.close()
        self._unread.let_go(untold)

    # --- with the lock ------------------------------------------------------------------------

    def _give_once(self, gives: Gives) -> None:
        """Give what is told by nobody else, now or to the next session."""
        if not self._give(gives):
            self._later.append(gives)

    def _give(self, gives: Gives) -> bool:
        """Give something to the session; return whether there is one that has taken it."""
        if self._session is None or self._over:
            return False
        try:
            gives(self._session)
        except PartylineError as error:
            self._lose(_ended_by(error, self._now_ms))
            return False
        return True

    def _lose(self, ended: Ended) -> None:
        """Take that the session is lost; another one is opened."""
        if self._session is None or self._over:
            return
        self._session = None
        self._number += 1
        self._losses += 1
        if self._losses >= LOSSES:
            self._pass_over()
        self._again.after(RecogniserLost())
        telemetry.warning("live.words_lost", error=ended.error_code, untold=len(self._untold))
        self._changed.notify_all()
        self._begin_to_open()

    def _pass_over(self) -> None:
        """Leave out the line that was given first: it may be what no session survives."""
        self._losses = 0
        event = self._untold.pass_over()
        if event is not None:
            self._leave_out(event)

    def _leave_out(self, event: LiveEvent) -> None:
        """Take that no session is given this any more."""
        telemetry.warning("live.line_passed_over")
        if isinstance(event, Partial | Final | Revised):
            self._unread.tell_beside(self._not_told([event.line]))

    def _not_told(self, lines: Iterable[Utterance]) -> list[Utterance]:
        return [line for line in lines if not self._told.has_line(line.id)]

    def _begin_to_open(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="live-words", daemon=True)
            self._thread.start()

    # --- what a session tells -----------------------------------------------------------------

    def _listener(self, number: int) -> Callable[[Told], None]:
        def hear(told: Told) -> None:
            with self._changed:
                if number != self._number or self._over:
                    return
                if told["type"] == Kind.ENDED:
                    self._end(_ended(told))
                    return
                if not self._take(told):
                    return
            self._tell(told)

        return hear

    def _end(self, ended: Ended) -> None:
        if self._finishing and self._session is not None:
            self._ended = ended
        elif self._session is None:
            # It ended before it was taken into use.
            self._stillborn = self._number
        else:
            self._lose(ended)

    def _take(self, told: Told) -> bool:
        self._untold.told(told)
        if told["type"] in (Kind.FINAL, Kind.REVISED):
            self._again.told()
            self._losses = 0
            self._changed.notify_all()
        return self._told.take(told)

    # --- sessions -----------------------------------------------------------------------------

    def _work(self) -> None:
        """Open another session, as often as it takes."""
        self._standing.withdraw_partials(self._now_ms)
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._over, self._again.pause_s)
                if self._over or self._session is not None or self._again.in_vain:
                    self._thread = None
                    self._changed.notify_all()
                    return
                self._number += 1
                number, known = self._number, self._told.known()
            try:
                session = self._recogniser.read(self._order, self._listener(number), known)
            except PartylineError as error:
                with self._changed:
                    is_news = self._again.after(error)
                if is_news:
                    self._standing.warn(error, self._now_ms)
            except Exception as error:
                telemetry.fault("live.words", error)
                with self._changed:
                    self._again.after(RecogniserLost())
            else:
                # It may be lost again by then: one looks once more.
                self._use(session, number)

    def _use(self, session: WordsRead, number: int) -> None:
        """Go on with a session, which is given first what no line tells of yet."""
        with self._changed:
            is_wanted = not self._over and number not in (self._stillborn, 0)
            if is_wanted:
                self._session = session
                later, self._later = self._later, []
                gives = [_hears(event) for event in self._untold]
                for give in [*gives, _passes(self._now_ms)]:
                    self._give(give)
                for give in later:
                    # Kept for the next one where this one is lost on the way.
                    self._give_once(give)
            else:
                self._losses += 1
                self._again.after(RecogniserLost())
            self._changed.notify_all()
        if not is_wanted:
            session.abort()

    # --- the end ------------------------------------------------------------------------------

    def _finish(self) -> None:
        try:
            while (session := self._last_session()) is not None:
                self._finish_with(session)
                if not self._is_lost_at_the_end():
                    break
        except Exception as error:
            telemetry.fault("live.words", error)
        self._conclude(self._ended or _ended_by(RecogniserLost(), self._now_ms))

    def _finish_with(self, session: WordsRead) -> None:
        """Have a session read the rest; one that is lost may be followed by another."""
        try:
            session.finish()
        except PartylineError as error:
            telemetry.warning("live.words_not_finished", error=error.code)

    def _last_session(self) -> WordsRead | None:
        """Wait for a session that can read what is left; None when there is none to be had."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._session is not None or self._over or self._thread is None, WITHIN_S
            )
            return self._session

    def _is_lost_at_the_end(self) -> bool:
        """Say whether there are lines that the session hasn't told: another one is opened then."""
        with self._changed:
            is_well = self._ended is not None and self._ended.error_code is None
            if is_well or self._over or not self._untold.has_finals:
                return False
            self._ended = None
            if self._session is not None:
                self._lose(_ended_by(RecogniserLost(), self._now_ms))
            return True

    def _conclude(self, ended: Ended) -> None:
        with self._changed:
            if self._over:
                return
            self._over = True
            untold = self._not_told(self._untold.lines())
            self._changed.notify_all()
        # However it has ended: reading a line may fail where all others are read.
        self._unread.tell(untold)
        self._standing.withdraw_partials(self._now_ms)
        self._then(ended)


def _hears(event: LiveEvent) -> Gives:
    return lambda session: session.heard(event)


def _passes(now_ms: int) -> Gives:
    return lambda session: session.passed(now_ms)


def _ended(told: Told) -> Ended:
    code, message = told["error_code"], told["error_message"]
    return Ended(at_ms=told["at_ms"], error_code=code, error_message=message)


def _ended_by(error: PartylineError, at_ms: int) -> Ended:
    return Ended(at_ms=at_ms, error_code=error.code, error_message=error.user_message)
