"""How long things stay, what is kept from being deleted, and what became of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from services.domain.errors import InvalidRequest

MOST_DAYS = 36_500
MOST_REASON_CHARS = 500


class Kept(StrEnum):
    """What a period is set for.

    AUDIO is all sound of a call. TEXT is what was said in it and what quotes that: transcripts,
    lines, summaries, corrections, categories, scores, answers; its figures and topics stay, which
    are numbers and names of topics. CALL is all of it, figures as well. VOICEPRINTS are known
    voices, which belong to no queue.
    """

    AUDIO = "audio"
    TEXT = "text"
    CALL = "call"
    VOICEPRINTS = "voiceprints"


@dataclass(frozen=True, kw_only=True)
class RetentionPeriod:
    """After how many days since a call was held (a voice was learnt) something is deleted.

    ``queue`` None is every queue that has no period of its own; ``days`` None is for ever.
    """

    kind: Kept
    days: int | None
    queue: str | None = None

    def check(self) -> None:
        """Raise InvalidRequest for a period that can't be kept."""
        if self.days is not None and not 1 <= self.days <= MOST_DAYS:
            raise InvalidRequest(f"A period is 1 to {MOST_DAYS} days, or for ever.")
        if self.kind is Kept.VOICEPRINTS and self.queue is not None:
            raise InvalidRequest("Voices belong to no queue: leave it away.")


@dataclass(frozen=True, kw_only=True)
class Cutoffs:
    """Up to when something of one kind is due: of queues with a period of their own, of others.

    None is never.
    """

    by_queue: Mapping[str, datetime | None] = field(default_factory=dict)
    others: datetime | None = None

    @property
    def is_never(self) -> bool:
        """Whether nothing can be due."""
        return self.others is None and not any(self.by_queue.values())


def cutoffs_of(periods: Iterable[RetentionPeriod], kind: Kept, now: datetime) -> Cutoffs:
    """Return up to when something is due by an organisation's periods."""
    mine = [period for period in periods if period.kind is kind]
    at = {p.queue: None if p.days is None else now - timedelta(days=p.days) for p in mine}
    others = at.pop(None, None)
    return Cutoffs(by_queue={q: moment for q, moment in at.items() if q}, others=others)


@dataclass(frozen=True, kw_only=True)
class RetentionCounts:
    """Of how many calls something was, or would be, deleted. ``held``: due, but on hold."""

    calls: int = 0
    audio: int = 0
    text: int = 0
    voiceprints: int = 0
    held: int = 0

    @property
    def is_nothing(self) -> bool:
        """Whether nothing is to be deleted."""
        return not (self.calls or self.audio or self.text or self.voiceprints)


@dataclass(frozen=True, kw_only=True)
class RetentionRun:
    """One going through all that is due. Without ``finished_at`` it is under way or broke off."""

    id: str
    org_id: str
    began_at: datetime
    finished_at: datetime | None
    counts: RetentionCounts


@dataclass(frozen=True, kw_only=True)
class Hold:
    """Keeps a call, or all of one customer, from being deleted, by whom and since when."""

    id: str
    org_id: str
    reason: str
    placed_by: str
    placed_at: datetime
    call_id: str | None = None
    customer_ref: str | None = None

    def check(self) -> None:
        """Raise InvalidRequest for a hold on nothing, on both, or without a reason."""
        if (self.call_id is None) is (self.customer_ref is None):
            raise InvalidRequest("Say what is held: a call, or a customer reference.")
        if self.customer_ref is not None and not self.customer_ref.strip():
            raise InvalidRequest("Say whose calls: a customer reference.")
        if not self.reason.strip() or len(self.reason) > MOST_REASON_CHARS:
            raise InvalidRequest(f"Give a reason of at most {MOST_REASON_CHARS} characters.")
