"""A call that is being held, as people and other processes see it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from services.domain.calls import CallDetails, ProcessingOptions
from services.domain.phone import PhoneFacts
from services.domain.speech import SentimentLabel


class LiveState(StrEnum):
    """Where a live call stands."""

    RECORDING = "recording"
    PAUSED = "paused"
    AWAY = "away"
    """No sound arrives: the page is gone or its network is down."""
    FINISHING = "finishing"
    """All sound is there; last words and the call's record are under way."""
    INTERRUPTED = "interrupted"
    """The process that held it has died; its sound is being made a call."""


GOING_ON = frozenset({LiveState.RECORDING, LiveState.PAUSED, LiveState.AWAY})
"""The states in which a call can still take sound."""


class LiveSource(StrEnum):
    """Where the sound of a live call comes from."""

    BROWSER = "browser"
    BROWSER_AND_TAB = "browser_and_tab"
    """The browser's microphone on channel 0, the sound of a tab or screen on channel 1."""
    MICROPHONE = "microphone"
    """The microphone of the machine that serves the pages."""
    RECORDING = "recording"
    """A recording that is played as if the call were being held."""
    PHONE = "phone"
    """A telephone service, which sends the sound of a call or the words that it has heard."""


FROM_BROWSER = frozenset({LiveSource.BROWSER, LiveSource.BROWSER_AND_TAB})
"""Sound that a page sends, and keeps while it can't: whoever sends it may come back."""


@dataclass(frozen=True, kw_only=True)
class SoundGap:
    """[start_ms, end_ms) of the call was not recorded; it is silence on the record."""

    start_ms: int
    end_ms: int


@dataclass(frozen=True, kw_only=True)
class LiveGlance:
    """What a list of running calls shows of one; its words are redacted where the call is.

    ``speakers`` are labels in the order in which they were heard. ``sentiment`` and ``score``
    (-1 to 1) are those of the latest line that has any.
    """

    at_ms: int = 0
    speakers: tuple[str, ...] = ()
    sentiment: SentimentLabel | None = None
    score: float | None = None
    warnings: int = 0
    last_warning: str | None = None
    last_line: str | None = None
    last_speaker: str | None = None


@dataclass(frozen=True, kw_only=True)
class RunningCall:
    """A call that is being held, or is on its way to the calls. ``id`` is that of the later Call.

    ``owner`` is the id of the person who began it. ``received_ms`` of sound are on disk.
    ``process`` names the process that holds it, which lives while ``heartbeat_at`` moves on.
    ``phone`` says what a phone call is at its telephone service.
    """

    id: str
    org_id: str
    owner: str
    name: str
    source: LiveSource
    state: LiveState
    options: ProcessingOptions
    channels: int
    began_at: datetime
    heartbeat_at: datetime
    process: str
    details: CallDetails = field(default_factory=CallDetails)
    received_ms: int = 0
    gaps: tuple[SoundGap, ...] = ()
    glance: LiveGlance = field(default_factory=LiveGlance)
    phone: PhoneFacts | None = None

    @property
    def goes_on(self) -> bool:
        """Whether the call can still take sound."""
        return self.state in GOING_ON
