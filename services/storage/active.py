"""Which transcript of a call is active, and what that means for its sound."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Engine, and_, select

from services.domain.calls import FINISHED_STATES, CallState
from services.storage.database import reading
from services.storage.models import CALLS, TRANSCRIPTS

IDS_AT_ONCE = 500


@dataclass(frozen=True, kw_only=True)
class ActiveTranscript:
    """A call's active transcript, without its words; ``is_finished``: no run is under way."""

    org_id: str
    call_id: str
    transcript_id: str
    redacted: bool
    is_finished: bool


class ActiveTranscripts:
    """Looks active transcripts up. Raises StorageError when the database can't."""

    def __init__(self, engine: Engine) -> None:
        """Use this database."""
        self._engine = engine

    def of(self, call_ids: Iterable[str]) -> dict[str, ActiveTranscript]:
        """Return those of these calls of any organisation; calls without one are left out."""
        asked = sorted(set(call_ids))
        query = select(
            CALLS.c.org_id,
            CALLS.c.id.label("call_id"),
            CALLS.c.state,
            TRANSCRIPTS.c.id.label("transcript_id"),
            TRANSCRIPTS.c.redacted,
        ).join(
            TRANSCRIPTS,
            and_(
                TRANSCRIPTS.c.id == CALLS.c.active_transcript_id,
                TRANSCRIPTS.c.call_id == CALLS.c.id,
            ),
        )
        found: dict[str, ActiveTranscript] = {}
        with reading(self._engine) as connection:
            for start in range(0, len(asked), IDS_AT_ONCE):
                some = asked[start : start + IDS_AT_ONCE]
                for row in connection.execute(query.where(CALLS.c.id.in_(some))):
                    found[row.call_id] = ActiveTranscript(
                        org_id=row.org_id,
                        call_id=row.call_id,
                        transcript_id=row.transcript_id,
                        redacted=row.redacted,
                        is_finished=CallState(row.state) in FINISHED_STATES,
                    )
        return found
