"""What happens while a call is being transcribed live."""

from dataclasses import dataclass
from enum import StrEnum

from services.domain.speech import Speaker, Utterance


class GapKind(StrEnum):
    """Why a stretch of a live call has no words."""

    CONNECTION_LOST = "connection_lost"
    CHANNEL_LOST = "channel_lost"
    RECOGNISER_LOST = "recogniser_lost"
    NOT_RECORDED = "not_recorded"
    """There is no sound of it either."""


class LineStage(StrEnum):
    """How far the wording of a finished line has come."""

    CAPTION = "caption"
    """Heard quickly, while the call goes on."""
    REFINED = "refined"
    """Read once more by a more accurate model."""


@dataclass(frozen=True, kw_only=True)
class Partial:
    """A line as it is understood so far; the next event with its ``line.id`` replaces it."""

    line: Utterance

    @property
    def at_ms(self) -> int:
        """End of the sound that this covers, from the start of the call."""
        return self.line.end_ms


@dataclass(frozen=True, kw_only=True)
class Final:
    """A line as the provider leaves it."""

    line: Utterance
    stage: LineStage = LineStage.CAPTION

    @property
    def at_ms(self) -> int:
        """End of the sound that this covers, from the start of the call."""
        return self.line.end_ms


@dataclass(frozen=True, kw_only=True)
class Revised:
    """An earlier final line as it is understood now; no other event changes a final."""

    line: Utterance
    stage: LineStage = LineStage.CAPTION

    @property
    def at_ms(self) -> int:
        """End of the sound that this covers, from the start of the call."""
        return self.line.end_ms


@dataclass(frozen=True, kw_only=True)
class SpeakerTold:
    """A speaker is heard for the first time, or told better; comes before the lines it has."""

    speaker: Speaker
    at_ms: int


@dataclass(frozen=True, kw_only=True)
class LanguageTold:
    """What follows is heard in this language: detected, or ``chosen`` by a person.

    None: the language is to be detected.
    """

    language: str | None
    chosen: bool
    at_ms: int


@dataclass(frozen=True, kw_only=True)
class Gap:
    """[start_ms, end_ms) of the call, or of one channel, was not transcribed."""

    kind: GapKind
    start_ms: int
    end_ms: int
    channel: int | None = None

    @property
    def at_ms(self) -> int:
        """End of the stretch, from the start of the call."""
        return self.end_ms


@dataclass(frozen=True, kw_only=True)
class Ended:
    """Nothing follows. ``error_code`` and ``error_message`` say what ended it before its time."""

    at_ms: int
    error_code: str | None = None
    error_message: str | None = None


LiveEvent = Partial | Final | Revised | SpeakerTold | LanguageTold | Gap | Ended
