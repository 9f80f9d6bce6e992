"""What can be heard of a call."""

from dataclasses import dataclass
from enum import StrEnum


class Listening(StrEnum):
    """What the player plays, if anything."""

    WHOLE = "whole"
    COVERED = "covered"
    PREPARING = "preparing"
    NOTHING = "nothing"
    UNRECORDED = "unrecorded"
    """There never was a recording: a telephone service sent words only."""


class Original(StrEnum):
    """Whether the recording as it came in can be heard besides."""

    KEPT = "kept"
    NOT_ALLOWED = "not_allowed"
    DROPPED = "dropped"
    GONE = "gone"


@dataclass(frozen=True, kw_only=True)
class CallSound:
    """What there is to hear of a call, for one person.

    ``version`` changes when what the player plays does. COVERED means that personal data is
    replaced by a tone or silence; PREPARING that it has yet to be.
    """

    listening: Listening
    original: Original
    version: str

    @property
    def can_be_processed(self) -> bool:
        """Whether the recording is there for another run."""
        return self.original in (Original.KEPT, Original.NOT_ALLOWED)
