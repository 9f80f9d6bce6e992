"""What truly happens in a recording, as far as somebody has written it down."""

from dataclasses import dataclass, field

from services.domain.errors import PartylineError
from services.domain.intervals import Interval
from services.domain.metrics import Interruption
from services.domain.speech import Span, SpeakerRole, Utterance


class BadTruth(PartylineError):
    """This truth file can't be understood."""


@dataclass(frozen=True, kw_only=True)
class Truth:
    """The truth about one recording; None where nothing was written down about something.

    ``utterances`` are ordered by start. ``spans`` are voiced intervals of speakers; an empty
    tuple says that nobody speaks. ``dead_air`` holds the silences of ``dead_air_over_ms`` and
    longer that are no hold. ``roles`` names the speakers whose part in the call is known.
    """

    utterances: tuple[Utterance, ...] | None = None
    spans: tuple[Span, ...] | None = None
    interruptions: tuple[Interruption, ...] | None = None
    holds: tuple[Interval, ...] | None = None
    dead_air: tuple[Interval, ...] | None = None
    dead_air_over_ms: int = 3_000
    roles: dict[str, SpeakerRole] = field(default_factory=dict)

    @property
    def is_without_speech(self) -> bool:
        """Whether it is known that nobody speaks in the recording."""
        return not self.utterances and self.spans == ()


NO_SPEECH = Truth(utterances=(), spans=())
