"""The store of summaries: a transcript's summary can be written again without another run."""

from sqlalchemy import Engine, and_, select, update

from services.domain.errors import EditConflict, NotFound
from services.domain.speech import Summary
from services.storage.database import writing
from services.storage.forms import with_summary
from services.storage.models import CALL_FIGURES, CALLS, TRANSCRIPTS


class SummaryStore:
    """Replaces summaries of active transcripts, and with them whether a call is resolved."""

    def __init__(self, engine: Engine) -> None:
        """Work on this database."""
        self._engine = engine

    def save(
        self, org_id: str, call_id: str, transcript_id: str, summary: Summary, *, writer: str
    ) -> None:
        """Store a summary in place of the transcript's own.

        Raises NotFound when the call has been deleted, EditConflict when another transcript has
        become active meanwhile.
        """
        mine = and_(CALLS.c.org_id == org_id, CALLS.c.id == call_id)
        with writing(self._engine) as connection:
            query = select(CALLS.c.active_transcript_id).where(mine).with_for_update()
            call = connection.execute(query).first()
            if call is None:
                raise NotFound
            if call.active_transcript_id != transcript_id:
                raise EditConflict
            row = TRANSCRIPTS.c.id == transcript_id
            body = connection.execute(select(TRANSCRIPTS.c.body).where(row)).scalar_one()
            change = update(TRANSCRIPTS).where(row)
            connection.execute(change.values(body=with_summary(body, summary, writer)))
            figures = update(CALL_FIGURES).where(CALL_FIGURES.c.call_id == call_id)
            connection.execute(figures.values(resolved=summary.resolved))
