"""The words of one phone call that this process holds: heard, read, told, and kept."""

import time
from collections.abc import Callable, Sequence

from services.domain.live import Ended, Gap, GapKind, LiveEvent, SpeakerTold
from services.domain.live_calls import SoundGap
from services.live.recogniser.recognising import LiveOrder, Recogniser
from services.live.recogniser.word_feed import WordFeed
from services.live.telling.events import Told
from services.live.telling.standing import Standing
from services.telephony.acs.calls.kept_words import KEPT, PARTICIPANT, KeptWords
from services.telephony.acs.calls.resuming import KeptBefore
from services.telephony.acs.hearing.participants import OtherEnd
from services.telephony.acs.hearing.session import PhoneSession, Switch
from services.telephony.acs.source import CAPABILITIES
from services.telephony.acs.wire.frames import TranscriptionBegan

ACS = CAPABILITIES.name
DRAIN_S = 2.0
"""So long a call that is let go of waits for what was heard to be read, and kept."""
LOOKS_PER_FIGURES = 2
"""Figures and warnings are looked for every other second: of fifty calls they cost the most."""


class HeldWords:
    """What is said in one call, from the service's frames to what is told. Safe across threads."""

    def __init__(
        self,
        standing: Standing,
        order: LiveOrder,
        recogniser: Recogniser,
        keeps: KeptWords,
        *,
        language: str | None,
        switch: Switch,
        then: Callable[[Ended], None],
        other_end: OtherEnd,
        before: KeptBefore | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take how they are read and in which language they are heard; ``open`` follows.

        ``then`` is told once how it has ended. ``before`` is of an earlier process.
        """
        self.is_released = False
        """Whether this process has let go of the call."""
        self.was_heard = before is not None
        """Whether the service has ever connected to tell what is said."""
        self._standing = standing
        self._keeps = keeps
        self._then = then
        self._other_end = other_end
        self._looks = 0
        self._feed = WordFeed(
            recogniser,
            order,
            standing,
            tell=self._tell,
            then=self._ended,
            before=before.told if before else (),
            clock=clock,
        )
        self._session = PhoneSession(
            ACS,
            self._heard,
            language=language,
            participants=filter(None, [other_end.customer]),
            switch=switch,
            before=before.heard if before else None,
            clock=clock,
        )

    def open(self) -> None:
        """Have opened who reads them; words that come before that are read then."""
        self._feed.open()

    @property
    def lasted_ms(self) -> int:
        """How far the call has come."""
        return self._session.sent_ms

    # --- what the service does ------------------------------------------------------------------

    @property
    def is_connected(self) -> bool:
        """Whether the service has a connection to us at present."""
        return self._session.is_connected

    def connected(self) -> None:
        """Take that the service has connected to us."""
        self._session.connected()
        self.was_heard = True

    def disconnected(self) -> None:
        """Take that a connection of the service is gone."""
        self._session.disconnected()

    def take_frame(self, frame: str | bytes) -> TranscriptionBegan | None:
        """Take a frame; return the first one of a connection. Never raises for what was sent."""
        return self._session.take_frame(frame)

    def summed_up(self, text: str, *, so_far: bool) -> None:
        """Take a summary that the service has written."""
        self._feed.summed_up(text, ACS, so_far=so_far)

    def take_part(self, raw_ids: Sequence[str]) -> None:
        """Take who is in the call at present, by their raw identifiers."""
        customer = self._other_end.found(raw_ids)
        if customer is not None:
            self._session.know(customer)

    # --- what people ask ------------------------------------------------------------------------

    def speak(self, language: str | None) -> None:
        """Have them heard in another locale. Raises as LiveSession.speak."""
        self._session.speak(language)

    def summarise(self) -> None:
        """Ask for a summary so far, by our own means."""
        self._feed.summarise()

    def pause(self) -> None:
        """Take that people want no words for a while: what is missed is no fault."""
        self._session.gap_kind = GapKind.NOT_RECORDED

    # --- as time passes -------------------------------------------------------------------------

    def look(self) -> None:
        """Tell how far they have come."""
        if not self.was_heard:
            return
        now_ms = self.lasted_ms
        # What has been heard and isn't kept yet would be missing after a crash.
        self._standing.received(self._feed.told_until(now_ms))
        self._looks += 1
        if self._looks % LOOKS_PER_FIGURES == 0:
            self._feed.passed(now_ms)

    def finish(self) -> None:
        """Take the last words; then all of them are read, and how it has ended is told."""
        self._standing.received(self.lasted_ms)
        self._session.finish()

    def give_up(self) -> None:
        """Wait no longer for who reads them."""
        self._feed.give_up()

    def release(self) -> None:
        """Let go of them as they stand."""
        self._feed.drain(DRAIN_S)
        self.is_released = True
        self._feed.let_go()
        self._session.abort()

    def flush(self) -> None:
        """Wait until what was told is kept."""
        self._keeps.flush(self._standing.running.id)

    # --- the rest -------------------------------------------------------------------------------

    def _heard(self, event: LiveEvent) -> None:
        """Take what the session has understood."""
        if self.is_released:
            return
        if isinstance(event, Ended):
            self._feed.passed(self.lasted_ms)
            self._feed.finish()
            return
        if isinstance(event, SpeakerTold):
            raw_id = self._session.raw_id_of(event.speaker.id)
            self._keep({"type": PARTICIPANT, "raw_id": raw_id, "speaker": event.speaker.id})
        if isinstance(event, Gap):
            self._standing.misses(SoundGap(start_ms=event.start_ms, end_ms=event.end_ms))
        self._feed.heard(event)

    def _tell(self, told: Told) -> None:
        """Tell what was read, and keep it."""
        if told["type"] in KEPT:
            self._keep(told)
        self._standing.tell(told)

    def _keep(self, told: Told) -> None:
        self._keeps.keep(self._standing.running.id, told)

    def _ended(self, ended: Ended) -> None:
        if not self.is_released:
            self._then(ended)
