"""A phone call as a live session: its words come in frames, and no sound is sent anywhere."""

import threading
import time
from collections.abc import Callable, Iterable

from services import telemetry
from services.domain.errors import LiveOver, NotLive
from services.domain.live import Gap, GapKind, LiveEvent
from services.providers.live import LiveFormat, LiveListener, LiveSession
from services.telephony.acs.hearing.gate import FrameCounts, FrameGate
from services.telephony.acs.hearing.lines import HeardBefore, PhoneLines
from services.telephony.acs.hearing.participants import Participant
from services.telephony.acs.wire.frames import Frame, LineFrame, TranscriptionBegan, parse_frame
from services.telephony.told import Unreadable

SHORTEST_GAP_MS = 1_000
LOOK_EVERY_S = 0.05

Switch = Callable[[str], None]
"""Asks the telephone service to go on in another locale. Raises a PartylineError."""


class PhoneSession(LiveSession):
    """One phone call that a telephone service transcribes.

    ``connected``, ``take_frame`` and ``disconnected`` follow the service's connections to us; any
    thread may call them, and once the session is over they do nothing. ``send`` takes no sound:
    ``send(b"")`` lets a call that listens to this one look at the time that has passed.
    """

    def __init__(
        self,
        provider: str,
        listener: LiveListener,
        *,
        language: str | None = None,
        participants: Iterable[Participant] = (),
        switch: Switch | None = None,
        gate: FrameGate | None = None,
        before: HeardBefore | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Tell ``listener`` what is heard; the call's time begins with the first connection.

        With ``before`` the call goes on that an earlier process has held.
        """
        super().__init__(provider, LiveFormat(), listener)
        self.counts = FrameCounts()
        self._switch = switch
        self._gate = gate or FrameGate(clock=clock)
        self._now = clock
        self._taking = threading.RLock()
        self._began_at: float | None = None
        self._away_since: float | None = None
        self._connections = 0
        self._lines = PhoneLines(
            self._pass_on,
            self.counts,
            language=language,
            participants=participants,
            before=before,
        )
        self._told_ms = 0
        self.gap_kind = GapKind.CONNECTION_LOST
        """Why what was missed at the next reconnection has no words."""
        if before is not None:
            self._began_at = clock() - before.now_ms / 1_000
            self._away_since = self._began_at + before.away_ms / 1_000
            lost, paused = GapKind.RECOGNISER_LOST, GapKind.NOT_RECORDED
            self.gap_kind = paused if before.was_paused else lost

    @property
    def sent_ms(self) -> int:
        """How far the call has come, in milliseconds: time stands still while nobody is there."""
        return max(self._elapsed_ms(), self._told_ms)

    @property
    def is_connected(self) -> bool:
        """Whether the service has a connection to us at present."""
        return self._connections > 0

    # --- what the service does ------------------------------------------------------------------

    def connected(self) -> None:
        """Take that the service has connected to us: for the first time, or again."""
        with self._taking:
            self._connections += 1
            if self._began_at is None:
                self._began_at = self._now()
                return
            away_since, self._away_since = self._away_since, None
            now_ms = self._elapsed_ms()
            self._lines.reconnected(now_ms)
            if away_since is not None:
                away_ms = max(self._lines.heard_ms, self._ms(away_since))
                if now_ms - away_ms >= SHORTEST_GAP_MS:
                    self.tell(Gap(kind=self.gap_kind, start_ms=away_ms, end_ms=now_ms))
            self.gap_kind = GapKind.CONNECTION_LOST

    def disconnected(self) -> None:
        """Take that a connection of the service is gone."""
        with self._taking:
            self._connections = max(0, self._connections - 1)
            if not self._connections:
                self._away_since = self._now()
                # Nobody finishes what is open; a final line that comes later revises it.
                self._lines.close()

    def take_frame(self, sent: str | bytes) -> TranscriptionBegan | None:
        """Take a frame; return the first one of a connection. Never raises for what was sent."""
        with self._taking:
            if self._over.is_set() or not self._gate.admits(sent, self.counts):
                return None
            try:
                return self._take(parse_frame(sent))
            except Unreadable:
                self.counts.malformed += 1
            except Exception as error:
                # Costs this frame alone: the call goes on for hours.
                telemetry.fault("phone.frame", error)
                self.counts.malformed += 1
            return None

    def _take(self, frame: Frame) -> TranscriptionBegan | None:
        now_ms = self._elapsed_ms()
        match frame:
            case LineFrame():
                self._lines.take(frame, now_ms)
            case TranscriptionBegan():
                self.counts.taken += 1
                self._lines.began(frame, now_ms)
                return frame
            case _:
                self.counts.other += 1
        return None

    def raw_id_of(self, speaker_id: str) -> str | None:
        """Return the raw identifier of a speaker that was told: personal data."""
        return self._lines.raw_id_of(speaker_id)

    def know(self, participant: Participant) -> None:
        """Take who a participant is, also in mid-call."""
        with self._taking:
            self._lines.know(participant, self._elapsed_ms())

    # --- a live session -------------------------------------------------------------------------

    def _send_impl(self, pcm: bytes) -> None:
        """Take no sound: there is nobody to send it to."""

    def _finish_impl(self, timeout_s: float) -> None:
        """Wait for the service to leave: what it says before that are last words."""
        until = time.monotonic() + timeout_s
        while self.is_connected and time.monotonic() < until:
            if self._over.wait(LOOK_EVERY_S):
                return
        with self._taking:
            self._lines.close()

    def _close_impl(self) -> None:
        counts = self.counts
        telemetry.event(
            "phone.frames",
            taken=counts.taken,
            malformed=counts.malformed,
            repeated=counts.repeated,
            outdated=counts.outdated,
            over_bounds=counts.oversized + counts.too_many,
        )

    def _speak_impl(self, language: str | None) -> None:
        if self._switch is None:
            raise NotLive("The language of this phone call can't be changed from here.")
        if language is None:
            raise NotLive("The language of a phone call is detected from its beginning or not.")
        self._switch(language)
        with self._taking:
            if self._over.is_set():
                raise LiveOver
            self._lines.chosen(language, self._elapsed_ms())

    def _gap_impl(self) -> Gap | None:
        if self._away_since is None or self._began_at is None:
            return None
        away_ms = max(self._told_ms, self._ms(self._away_since))
        now_ms = self._ms(self._now())
        if now_ms - away_ms < SHORTEST_GAP_MS:
            return None
        return Gap(kind=self.gap_kind, start_ms=away_ms, end_ms=now_ms)

    def _pass_on(self, event: LiveEvent) -> None:
        self._told_ms = max(self._told_ms, event.at_ms)
        self.tell(event)

    def _elapsed_ms(self) -> int:
        """How long ago the call began; not further than when the last connection went away."""
        if self._began_at is None:
            return 0
        return self._ms(self._now() if self._away_since is None else self._away_since)

    def _ms(self, at: float) -> int:
        return round((at - (self._began_at or 0.0)) * 1_000)
