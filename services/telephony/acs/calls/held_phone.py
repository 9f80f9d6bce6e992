"""A phone call that this process holds: its words come from a telephone service.

Two ends have to be kept together: what the service does with the call, which goes on without us,
and what we know of it. The service is asked only in threads that nobody waits for.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services import telemetry
from services.domain.errors import InternalFault, PartylineError
from services.domain.live import Ended
from services.domain.live_calls import GOING_ON, LiveState, RunningCall
from services.domain.metrics import AnalysedTranscript
from services.live.recogniser.recognising import LiveOrder, Recogniser
from services.live.recording.landing import Landed, Landing
from services.live.recording.patience import AWAY_AFTER_S, FINISH_WITHIN_S
from services.live.telling.standing import Standing
from services.telephony.acs.calls.errands import PhoneControl, PhoneErrands
from services.telephony.acs.calls.held_words import HeldWords
from services.telephony.acs.calls.kept_words import KeptWords
from services.telephony.acs.calls.resuming import KeptBefore
from services.telephony.acs.calls.wish_form import wish_text
from services.telephony.acs.hearing.participants import OtherEnd
from services.telephony.acs.wire.connections import PhoneConnection
from services.telephony.acs.wire.wishes import PhoneWish, check_can_switch


@dataclass(frozen=True, kw_only=True)
class PhoneParts:
    """What holding phone calls takes; ``then`` as Holding.conclude.

    ``own`` is the raw identifier of the number that calls are placed from. A call may last
    ``most_ms`` by the clock, whatever is heard of it.
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
        other_end: OtherEnd,
        before: KeptBefore | None = None,
    ) -> None:
        """Take how it is to be transcribed and read; ``open`` follows.

        ``before`` is what is kept of an earlier process.
        """
        self.standing = standing
        self._parts = parts
        self._lock = threading.RLock()
        self._is_gone = False
        self._landed = False
        self._finish_by: float | None = None
        running = standing.running
        # An earlier process has held it for as long as that.
        lasted_s = (running.heartbeat_at - running.began_at).total_seconds()
        self._began_at = parts.clock() - max(0.0, lasted_s)
        self._errands = PhoneErrands(
            parts.control,
            wish,
            lambda: self.connection_id,
            clock=parts.clock,
            wished=self._wished,
            failed=self.failed,
        )
        self._words = HeldWords(
            standing,
            order,
            parts.recogniser,
            parts.words,
            language=wish.locale,
            switch=self._errands.switch,
            then=lambda ended: parts.then(self, ended),
            other_end=other_end,
            before=before,
            clock=parts.clock,
        )

    def open(self) -> None:
        """Have opened who reads it; words that come before that are read then."""
        self._words.open()

    @property
    def running(self) -> RunningCall:
        """Return the call as others see it."""
        return self.standing.running

    @property
    def is_over(self) -> bool:
        """Whether nothing of it is taken any more."""
        return self._words.is_released or not self.running.goes_on

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
        return self._words.is_released or self._landed

    @property
    def is_known(self) -> bool:
        """Whether the service has said what it calls the call."""
        phone = self.running.phone
        return phone is not None and phone.is_known

    @property
    def connection_id(self) -> str:
        """What the service calls it."""
        phone = self.running.phone
        if phone is None or not phone.is_known:
            raise InternalFault
        return phone.connection_id

    def is_called(self, connection: PhoneConnection) -> None:
        """Note what the service calls it; what was told before stays."""
        phone = self.running.phone
        if phone is not None:
            self.standing.learn_phone(
                connection_id=phone.connection_id or connection.connection_id,
                correlation_id=phone.correlation_id or connection.correlation_id,
                server_call_id=phone.server_call_id or connection.server_call_id,
            )

    # --- what the service does ------------------------------------------------------------------

    def connected(self) -> None:
        """Take that the service has connected to us to tell what is said."""
        with self._lock:
            self._words.connected()
            self._errands.came()
        self.standing.received(self._words.lasted_ms)
        self.standing.change_state(
            LiveState.RECORDING, only_from=(LiveState.AWAY, LiveState.PAUSED)
        )

    def disconnected(self) -> None:
        """Take that a connection of the service is gone."""
        with self._lock:
            self._words.disconnected()
            if not self._words.is_connected:
                self._errands.is_transcribed = False
                self._errands.left()

    def take_frame(self, frame: str | bytes) -> bool:
        """Take a frame; return False when it says that the connection is another call's.

        Never raises for what was sent.
        """
        began = self._words.take_frame(frame)
        return began is None or self.is_meant(
            connection_id=began.connection_id, correlation_id=began.correlation_id
        )

    def is_meant(self, *, correlation_id: str | None, connection_id: str | None = None) -> bool:
        """Say whether these ids, as far as they are told and known, are the call's."""
        phone = self.running.phone
        return phone is not None and phone.is_meant(
            connection_id=connection_id, correlation_id=correlation_id
        )

    def gone(self) -> None:
        """Take that the call is over at the service."""
        self._is_gone = True
        self._errands.gone()
        self.end()

    def transcribed(self, is_so: bool) -> None:
        """Take whether the service transcribes the call at present."""
        # What the connection says is newer than an event that was on its way.
        self._errands.is_transcribed = is_so or self._words.is_connected

    def failed(self, error: PartylineError) -> None:
        """Take that the service has not done what it was asked for; the call goes on."""
        self.standing.warn(error, self.running.received_ms)

    def words_failed(self, error: PartylineError) -> None:
        """Take that the service could not transcribe the call: it is asked to again."""
        if not self._words.is_connected:
            self._errands.words_failed(error)

    def summed_up(self, text: str) -> None:
        """Take a summary that the service has written: asked for in mid-call, or of all of it."""
        self._words.summed_up(text, so_far=self._errands.summary_came())

    def take_part(self, raw_ids: Sequence[str]) -> None:
        """Take who is in the call at present, by their raw identifiers."""
        self._words.take_part(raw_ids)

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
        self._words.pause()
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
                self._words.speak(language)
            except PartylineError as error:
                self.failed(error)

        self._beside(switch)

    def summarise(self) -> None:
        """Ask for a summary so far, by our own means."""
        self._words.summarise()

    def hang_up(self, *, for_everyone: bool) -> None:
        """End our side of the call, or all of it."""
        if for_everyone:
            self.standing.learn_phone(for_everyone=True)
        self.end()

    def ask_end(self) -> None:
        """End our side of the call."""
        self.end()

    def end(self) -> None:
        """End the call; last words, then it lands. Returns at once, safe to call twice."""
        with self._lock:
            if not self.standing.change_state(LiveState.FINISHING, only_from=GOING_ON):
                return
        telemetry.event("live.ended", audio_ms=self.running.received_ms)
        self._beside(self._finish)

    def release(self) -> None:
        """Let go of it as it stands; the call goes on at the service, and in a later process."""
        gaps = self.running.gaps
        self._words.release()
        if self.running.gaps != gaps:
            # Should it be over before anybody goes on with it, the row alone tells what is missing.
            self._parts.note(self)

    # --- looking after it -----------------------------------------------------------------------

    def look_after(self) -> None:
        """Tell how far it has come; see to it that the service goes on telling."""
        state = self.running.state
        if state is LiveState.FINISHING:
            if self._finish_by is not None and self._parts.clock() > self._finish_by:
                self._finish_by = None
                self._words.give_up()
            return
        self._words.look()
        if self._is_too_long or self._is_in_vain:
            self.end()
        elif not self._words.is_connected:
            if self._words.was_heard and self._errands.away_s >= AWAY_AFTER_S:
                self.standing.change_state(LiveState.AWAY, only_from=(LiveState.RECORDING,))
            if self._errands.is_due():
                self._beside(self._look_up)

    def sync(self) -> None:
        """Do nothing: what is told is kept as it is told."""

    def land(self, landing: Landing, captions: AnalysedTranscript | None) -> Landed:
        """Make an ordinary call of its words."""
        self._words.flush()
        landed = landing.land_words(self.running.id, captions)
        self._landed = True
        return landed

    # --- the rest -------------------------------------------------------------------------------

    @property
    def _is_too_long(self) -> bool:
        """Whether it was begun too long ago; its own time stands still while nothing is heard."""
        return (self._parts.clock() - self._began_at) * 1_000 >= self._parts.most_ms

    @property
    def _is_in_vain(self) -> bool:
        """Whether nobody can know any more if it goes on: its end may have got lost."""
        with self._lock:
            return not self._words.is_connected and self._errands.is_in_vain

    def _finish(self) -> None:
        """Hang up, and take the last words."""
        try:
            self._parts.note(self)
            if not self._is_gone:
                phone = self.running.phone
                self._errands.hang_up(for_everyone=phone is not None and phone.for_everyone)
            if self._words.was_heard:
                self._errands.wait_for_summary()
        finally:
            # Hanging up takes its time, of which whoever reads the last words loses none.
            self._finish_by = self._parts.clock() + FINISH_WITHIN_S
            self._words.finish()

    def _look_up(self) -> None:
        """Ask the service how the call stands, and have it transcribed again when it isn't."""
        if not self._errands.goes_on(lambda: not (self._words.is_connected or self.is_over)):
            self.gone()

    def _wished(self, wish: PhoneWish) -> None:
        """Note how it is transcribed from now on, for whoever goes on with it."""
        self.standing.learn_phone(wish=wish_text(wish))
        self._parts.note(self)

    def _beside(self, work: Callable[[], None]) -> None:
        def do() -> None:
            try:
                work()
            except Exception as error:
                telemetry.fault("phone.call", error)

        threading.Thread(target=do, name="phone-call", daemon=True).start()
