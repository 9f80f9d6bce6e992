"""What people change about a call, kept apart from what the provider delivered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.domain.speech import SpeakerRole


@dataclass(frozen=True, kw_only=True)
class TextCorrection:
    """A corrected line. The times let it find its utterance again in another transcript."""

    utterance_id: str
    start_ms: int
    end_ms: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Comment:
    """A note on a line, anchored in time like a correction; ``made_at`` is in UTC."""

    id: str
    utterance_id: str
    start_ms: int
    end_ms: int
    text: str
    author: str
    made_at: datetime


@dataclass(frozen=True, kw_only=True)
class CallEdits:
    """All edits of one call, in terms of the transcript ``transcript_id``.

    ``merges`` maps a speaker id to the speaker it was merged into, ``voices`` a speaker id to the
    known voice it is. ``version`` counts changes.
    """

    transcript_id: str | None = None
    version: int = 0
    names: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, SpeakerRole] = field(default_factory=dict)
    merges: Mapping[str, str] = field(default_factory=dict)
    voices: Mapping[str, str] = field(default_factory=dict)
    corrections: tuple[TextCorrection, ...] = ()
    comments: tuple[Comment, ...] = ()
