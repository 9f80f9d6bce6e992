"""Gives the words of one call to the recogniser, over as many sessions as it takes.

What a session was given and has not told yet is kept, and given to the next one when it is lost.
So a recogniser that dies costs a moment, and no line.
"""

import threading
import time
from collections.abc import Callable, Sequence

from services import telemetry
from services.domain.errors import PartylineError, RecogniserLost
from services.domain.intervals import union
from services.domain.live import (
    Ended,
    Final,
    LanguageTold,
    LiveEvent,
    Partial,
    Revised,
    SpeakerTold,
)
from services.live.recogniser.recognising import LiveOrder, Recogniser, in_language
from services.live.recogniser.told_so_far import ToldSoFar
from services.live.recogniser.trying_again import TryingAgain
from services.live.recogniser.words import WordsRead
from services.live.telling.events import Kind, Told
from services.live.telling.standing import Standing

WITHIN_S = 5.0
"""So long a call that has ended waits for a session that has been lost to be opened again."""
LETTING_GO_S = 5.0
MOST_UNTOLD = 2_000

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
        self._untold: dict[str, LiveEvent] = {}
        self._session: WordsRead | None = None
        self._number = 0
        self._now_ms = 0
        self._finishing = False
        self._ended: Ended | None = None
        self._over = False
        self._thread: threading.Thread | None = None

    def open(self) -> None:
        """Have a session opened: words are taken at once, and read when it is there."""
        with self._changed:
            self._begin_to_open()

    # --- what happens in the call -------------------------------------------------------------

    def heard(self, event: LiveEvent) -> None:
        """Take what was heard."""
        with self._changed:
            self._note(event)
            self._give(lambda session: session.heard(event))

    def passed(self, now_ms: int) -> None:
        """Take how far the call has come."""
        with self._changed:
            self._now_ms = now_ms
            self._give(lambda session: session.passed(now_ms))

    def summed_up(self, text: str, by: str, *, so_far: bool) -> None:
        """Take a summary that ``by`` has written."""
        with self._changed:
            self._give(lambda session: session.summed_up(text, by, so_far=so_far))

    def summarise(self) -> None:
        """Ask for a summary so far."""
        with self._changed:
            self._give(lambda session: session.summarise())

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

    # --- with the lock ------------------------------------------------------------------------

    def _note(self, event: LiveEvent) -> None:
        """Keep what a session that stands in for this one must be given."""
        match event:
            case Partial(line=line) | Final(line=line) | Revised(line=line):
                self._untold.pop(line.id, None)
                self._untold[line.id] = event
                if len(self._untold) > MOST_UNTOLD:
                    del self._untold[next(iter(self._untold))]
            case SpeakerTold(speaker=speaker):
                self._untold[f"speaker {speaker.id}"] = event
            case LanguageTold():
                self._order = in_language(self._order, event.language)
                self._untold.pop("language", None)
                self._untold["language"] = event

    def _give(self, gives: Gives) -> None:
        if self._session is None or self._over:
            return
        try:
            gives(self._session)
        except PartylineError as error:
            self._lose(_ended_by(error, self._now_ms))

    def _lose(self, ended: Ended) -> None:
        """Take that the session is lost; another one is opened."""
        if self._session is None or self._over:
            return
        self._session = None
        self._number += 1
        self._again.after(RecogniserLost())
        telemetry.warning("live.words_lost", error=ended.error_code, untold=len(self._untold))
        self._changed.notify_all()
        self._begin_to_open()

    def _begin_to_open(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._work, name="live-words", daemon=True)
            self._thread.start()

    # --- sessions -----------------------------------------------------------------------------

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
        if self._finishing:
            self._ended = ended
        else:
            self._lose(ended)

    def _take(self, told: Told) -> bool:
        if told["type"] in (Kind.FINAL, Kind.REVISED):
            waiting = self._untold.get(told["id"])
            if waiting is not None and not isinstance(waiting, Partial):
                del self._untold[told["id"]]
            self._again.told()
        elif told["type"] == Kind.SPEAKER:
            self._untold.pop(f"speaker {told['id']}", None)
        elif told["type"] == Kind.LANGUAGE:
            self._untold.pop("language", None)
        return self._told.take(told)

    def _work(self) -> None:
        """Open another session, as often as it takes."""
        self._standing.withdraw_partials(self._now_ms)
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._over, self._again.pause_s)
                if self._over or self._session is not None:
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
                if self._again.in_vain:
                    return
                continue
            except Exception as error:
                telemetry.fault("live.words", error)
                return
            self._use(session)
            return

    def _use(self, session: WordsRead) -> None:
        """Go on with a session, which is given first what no line tells of yet."""
        with self._changed:
            if self._over:
                is_wanted = False
            else:
                is_wanted, self._session = True, session
                for event in list(self._untold.values()):
                    self._give(lambda one, event=event: one.heard(event))  # type: ignore[misc]
                self._give(lambda one: one.passed(self._now_ms))
            self._changed.notify_all()
        if not is_wanted:
            session.abort()

    # --- the end ------------------------------------------------------------------------------

    def _finish(self) -> None:
        try:
            with self._changed:
                self._changed.wait_for(lambda: self._session is not None or self._over, WITHIN_S)
                session = self._session
            if session is not None:
                session.finish()
        except PartylineError as error:
            telemetry.warning("live.words_not_finished", error=error.code)
        except Exception as error:
            telemetry.fault("live.words", error)
        self._conclude(self._ended or _ended_by(RecogniserLost(), self._now_ms))

    def _conclude(self, ended: Ended) -> None:
        with self._changed:
            if self._over:
                return
            self._over = True
            untold = [e.line for e in self._untold.values() if isinstance(e, Partial | Final)]
            self._changed.notify_all()
        if ended.error_code is not None:
            lost = union((u.start_ms, u.end_ms) for u in untold if not self._told.has_line(u.id))
            for start_ms, end_ms in lost:
                self._standing.unheard(start_ms, end_ms)
        self._standing.withdraw_partials(self._now_ms)
        self._then(ended)


def _ended(told: Told) -> Ended:
    code, message = told["error_code"], told["error_message"]
    return Ended(at_ms=told["at_ms"], error_code=code, error_message=message)


def _ended_by(error: PartylineError, at_ms: int) -> Ended:
    return Ended(at_ms=at_ms, error_code=error.code, error_message=error.user_message)
