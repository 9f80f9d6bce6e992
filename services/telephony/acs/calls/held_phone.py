"""A phone call that this process holds: its words come from a telephone service.

Two ends have to be kept together: what the service does with the call, which goes on without us,
and what we know of it. The service is asked only in threads that nobody waits for.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from services import telemetry
from services.domain.errors import InternalFault, PartylineError
from services.domain.live import Ended, Gap, GapKind, LiveEvent, SpeakerTold
from services.domain.live_calls import GOING_ON, LiveState, RunningCall, SoundGap
from services.domain.metrics import AnalysedTranscript
from services.domain.speech import SpeakerRole
from services.live.recogniser.recognising import LiveOrder, Recogniser
from services.live.recogniser.word_feed import WordFeed
from services.live.recording.landing import Landed, Landing
from services.live.recording.patience import AWAY_AFTER_S, FINISH_WITHIN_S
from services.live.telling.events import Told
from services.live.telling.standing import Standing
from services.telephony.acs.calls.errands import PhoneControl, PhoneErrands
from services.telephony.acs.calls.kept_words import KEPT, PARTICIPANT, KeptWords
from services.telephony.acs.calls.wish_form import wish_text
from services.telephony.acs.hearing.lines import HeardBefore
from services.telephony.acs.hearing.participants import Participant, is_number, raw_id_of_number
from services.telephony.acs.hearing.session import PhoneSession
from services.telephony.acs.source import CAPABILITIES
from services.telephony.acs.wire.wishes import PhoneWish, check_can_switch

ACS = CAPABILITIES.name
DRAIN_S = 2.0
"""So long a call that is let go of waits for what was heard to be read, and kept."""
LOOKS_PER_FIGURES = 2
"""Figures and warnings are looked for every other second: of fifty calls they cost the most."""


@dataclass(frozen=True, kw_only=True)
class PhoneParts:
    """What holding phone calls takes; ``then`` as Holding.conclude.

    ``own`` is the raw identifier of the number that calls are placed from.
    """

    control: PhoneControl
    recogniser: Recogniser
    words: KeptWords
    then: Callable[["HeldPhoneCall", Ended], None]
    note: Callable[["HeldPhoneCall"], None]
    most_ms: int
    own: str | None = None
    clock: Callable[[], float] = time.monotonic


class HeldPhoneCall:
    """One phone call of this process. Safe across threads."""

    def __init__(
        self,
        standing: Standing,
        order: LiveOrder,
        wish: PhoneWish,
        parts: PhoneParts,
        *,
        caller: str | None = None,
        name: str | None = None,
        heard: HeardBefore | None = None,
        told: Sequence[Told] = (),
    ) -> None:
        """Take how it is to be transcribed and read; ``open`` follows.

        ``caller`` is the number at the other end, or a raw identifier, ``name`` who that is.
        ``heard`` and ``told`` are of an earlier process.
        """
        self.standing = standing
        self._parts = parts
        self._customer = _raw_id(caller)
        self._lock = threading.RLock()
        self._is_gone = False
        self._was_heard = heard is not None
        self._released = self._landed = False
        self._looks = 0
        self._finish_by: float | None = None
        self._errands = PhoneErrands(
            parts.control,
            wish,
            lambda: self.connection_id,
            clock=parts.clock,
            wished=self._wished,
            failed=self.failed,
        )
        self._feed = WordFeed(
            parts.recogniser,
            order,
            standing,
            tell=self._tell,
            then=self._ended,
            before=told,
            clock=parts.clock,
        )
        self._session = PhoneSession(
            ACS,
            self._heard,
            language=wish.locale,
            participants=_customer(self._customer, name),
            switch=self._errands.switch,
            before=heard,
            clock=parts.clock,
        )

    def open(self) -> None:
        """Have opened who reads it; words that come before that are read then."""
        self._feed.open()

    @property
    def running(self) -> RunningCall:
        """Return the call as others see it."""
        return self.standing.running

    @property
    def is_over(self) -> bool:
        """Whether nothing of it is taken any more."""
        return self._released or not self.running.goes_on

    @property
    def wish(self) -> PhoneWish:
        """How the service was asked to transcribe it last."""
        return self._errands.wish

    @property
    def is_transcribed(self) -> bool:
        """Whether the service transcribes it, as far as is known."""
        return self._errands.is_transcribed

    @property
    def has_landed(self) -> bool:
        """Whether nobody needs it any more."""
        return self._released or self._landed

    @property
    def connection_id(self) -> str:
        """What the service calls it."""
        phone = self.running.phone
        if phone is None:
            raise InternalFault
        return phone.connection_id

    # --- what the service does ------------------------------------------------------------------

    def connected(self) -> None:
        """Take that the service has connected to us to tell what is said."""
        with self._lock:
            self._session.connected()
            self._was_heard = True
            self._errands.came()
        self.standing.received(self._session.sent_ms)
        self.standing.change_state(
            LiveState.RECORDING, only_from=(LiveState.AWAY, LiveState.PAUSED)
        )

    def disconnected(self) -> None:
        """Take that a connection of the service is gone."""
        with self._lock:
            self._session.disconnected()
            if not self._session.is_connected:
                self._errands.is_transcribed = False
                self._errands.left()

    def take_frame(self, frame: str | bytes) -> None:
        """Take a frame. Never raises for what was sent."""
        self._session.take_frame(frame)

    def gone(self) -> None:
        """Take that the call is over at the service."""
        self._is_gone = True
        self._errands.gone()
        self.end()

    def transcribed(self, is_so: bool) -> None:
        """Take whether the service transcribes the call at present."""
        # What the connection says is newer than an event that was on its way.
        self._errands.is_transcribed = is_so or self._session.is_connected

    def failed(self, error: PartylineError) -> None:
        """Take that the service has not done what it was asked for; the call goes on."""
        self.standing.warn(error, self.running.received_ms)

    def words_failed(self, error: PartylineError) -> None:
        """Take that the service could not transcribe the call: it is asked to again."""
        if not self._session.is_connected:
            self._errands.words_failed(error)

    def summed_up(self, text: str) -> None:
        """Take a summary that the service has written: asked for in mid-call, or of all of it."""
        self._feed.summed_up(text, ACS, so_far=self._errands.summary_came())

    def take_part(self, raw_ids: Sequence[str]) -> None:
        """Take who is in the call at present, by their raw identifiers.

        Where nobody is known to be the customer, it is who is at a number that isn't ours.
        """
        if self._customer is None:
            at_numbers = [one for one in raw_ids if is_number(one) and one != self._parts.own]
            self._customer = next(iter(at_numbers), None)
            if self._customer is not None:
                who = Participant(raw_id=self._customer, role=SpeakerRole.CUSTOMER)
                self._session.know(who)

    def begin_again(self) -> None:
        """Have it transcribed again, after the process that held it has died."""
        self._errands.left(at_once=True)

    # --- what people ask ------------------------------------------------------------------------

    def start_words(self, wish: PhoneWish) -> None:
        """Have it transcribed, or transcribed again. Raises as AcsControl does."""
        self._errands.start(wish)

    def stop_words(self) -> None:
        """Have it transcribed no longer; its time stands still. Raises as AcsControl does."""
        self._errands.stop()
        self._session.gap_kind = GapKind.NOT_RECORDED
        self.standing.change_state(
            LiveState.PAUSED, only_from=(LiveState.RECORDING, LiveState.AWAY)
        )

    def service_summary(self) -> None:
        """Ask the service for a summary so far. Raises as AcsControl does."""
        self._errands.summarise()

    def speak(self, language: str | None) -> None:
        """Have it heard in another locale. Raises what can be known before the service is asked."""
        check_can_switch((language,) if language else ())

        def switch() -> None:
            try:
                self._session.speak(language)
            except PartylineError as error:
                self.failed(error)

        self._beside(switch)

    def summarise(self) -> None:
        """Ask for a summary so far, by our own means."""
        self._feed.summarise()

    def hang_up(self, *, for_everyone: bool) -> None:
        """End our side of the call, or all of it."""
        phone = self.running.phone
        if phone is not None and for_everyone:
            self.standing.is_phone(replace(phone, for_everyone=True))
        self.end()

    def drop(self) -> None:
        """Have a call hung up that nobody can hold, for everyone."""
        self._beside(lambda: self._errands.hang_up(for_everyone=True))

    def ask_end(self) -> None:
        """End our side of the call."""
        self.end()

    def end(self) -> None:
        """End the call; last words, then it lands. Returns at once, safe to call twice."""
        with self._lock:
            if not self.standing.change_state(LiveState.FINISHING, only_from=GOING_ON):
                return
            self._finish_by = self._parts.clock() + FINISH_WITHIN_S
        telemetry.event("live.ended", audio_ms=self.running.received_ms)
        self._beside(self._finish)

    def release(self) -> None:
        """Let go of it as it stands; the call goes on at the service, and in a later process."""
        self._feed.drain(DRAIN_S)
        self._released = True
        self._feed.close()
        self._session.abort()

    # --- looking after it -----------------------------------------------------------------------

    def look_after(self) -> None:
        """Tell how far it has come; see to it that the service goes on telling."""
        state, now = self.running.state, self._parts.clock()
        if state is LiveState.FINISHING:
            if self._finish_by is not None and now > self._finish_by:
                self._finish_by = None
                self._feed.give_up()
            return
        now_ms = self._session.sent_ms
        if self._was_heard:
            # What has been heard and isn't kept yet would be missing after a crash.
            self.standing.received(self._feed.told_until(now_ms))
            self._looks += 1
            if self._looks % LOOKS_PER_FIGURES == 0:
                self._feed.passed(now_ms)
        if now_ms >= self._parts.most_ms:
            self.end()
        elif not self._session.is_connected:
            if self._was_heard and self._errands.away_s >= AWAY_AFTER_S:
                self.standing.change_state(LiveState.AWAY, only_from=(LiveState.RECORDING,))
            if self._errands.is_due():
                self._beside(self._look_up)

    def sync(self) -> None:
        """Do nothing: what is told is kept as it is told."""

    def land(self, landing: Landing, captions: AnalysedTranscript | None) -> Landed:
        """Make an ordinary call of its words."""
        self._parts.words.flush(self.running.id)
        landed = landing.land_words(self.running.id, captions)
        self._landed = True
        return landed

    # --- the rest -------------------------------------------------------------------------------

    def _heard(self, event: LiveEvent) -> None:
        """Take what the session has understood."""
        if self._released:
            return
        if isinstance(event, Ended):
            self._feed.passed(self._session.sent_ms)
            self._feed.finish()
            return
        if isinstance(event, SpeakerTold):
            raw_id = self._session.raw_id_of(event.speaker.id)
            who = {"type": PARTICIPANT, "raw_id": raw_id, "speaker": event.speaker.id}
            self._parts.words.keep(self.running.id, who)
        if isinstance(event, Gap):
            self.standing.misses(SoundGap(start_ms=event.start_ms, end_ms=event.end_ms))
        self._feed.heard(event)

    def _tell(self, told: Told) -> None:
        """Tell what was read, and keep it."""
        if told["type"] in KEPT:
            self._parts.words.keep(self.running.id, told)
        self.standing.tell(told)

    def _ended(self, ended: Ended) -> None:
        if not self._released:
            self._parts.then(self, ended)

    def _finish(self) -> None:
        """Hang up, and take the last words."""
        try:
            self._parts.note(self)
            if not self._is_gone:
                phone = self.running.phone
                self._errands.hang_up(for_everyone=phone is not None and phone.for_everyone)
            if self._was_heard:
                self._errands.wait_for_summary()
        finally:
            self.standing.received(self._session.sent_ms)
            self._session.finish()

    def _look_up(self) -> None:
        """Ask the service how the call stands, and have it transcribed again when it isn't."""
        if not self._errands.goes_on(lambda: not (self._session.is_connected or self.is_over)):
            self.gone()

    def _wished(self, wish: PhoneWish) -> None:
        """Note how it is transcribed from now on, for whoever goes on with it."""
        phone = self.running.phone
        if phone is not None:
            self.standing.is_phone(replace(phone, wish=wish_text(wish)))
            self._parts.note(self)

    def _beside(self, work: Callable[[], None]) -> None:
        def do() -> None:
            try:
                work()
            except Exception as error:
                telemetry.fault("phone.call", error)

        threading.Thread(target=do, name="phone-call", daemon=True).start()


def _customer(raw_id: str | None, name: str | None) -> tuple[Participant, ...]:
    """Return who is at the other end of a call that we have placed or answered."""
    if raw_id is None:
        return ()
    return (Participant(raw_id=raw_id, label=name, role=SpeakerRole.CUSTOMER),)


def _raw_id(caller: str | None) -> str | None:
    """Return the raw identifier of a number, or of who is known by one already."""
    return raw_id_of_number(caller) if caller and ":" not in caller else caller
