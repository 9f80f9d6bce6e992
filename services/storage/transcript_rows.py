"""Transcripts and edits, read from their rows and written into them inside a transaction."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, select, update

from services.domain.calls import Call, CallState
from services.domain.edits import CallEdits
from services.domain.errors import Cancelled, EditConflict, NotFound
from services.domain.speech import Transcript
from services.storage.call_rows import call_from_row, select_call
from services.storage.database import insert_many, upsert
from services.storage.forms import pack_edits, pack_transcript, unpack_edits, unpack_transcript
from services.storage.models import CALL_EDITS, CALLS, RUNS, TRANSCRIPTS, UTTERANCES
from services.storage.provider_copies import release_unredacted_copies
from services.storage.utterances import UTTERANCE_COLUMNS, utterance_rows, utterances_from_rows


def of_call(org_id: str, call_id: str) -> Any:
    """Return the condition that finds an organisation's call."""
    return and_(CALLS.c.org_id == org_id, CALLS.c.id == call_id)


def locked_call(connection: Connection, org_id: str, call_id: str) -> Call:
    """Return a call whose row nobody else changes until the end of the transaction."""
    query = select_call(org_id, call_id).with_for_update()
    row = connection.execute(query).mappings().first()
    if row is None:
        raise NotFound
    return call_from_row(row)


def stored_by_finished_run(
    connection: Connection, call_id: str, run: int, claim: int | None = None
) -> str | None:
    """Return the transcript of a run that ended well, None while it is going on.

    Raises Cancelled when it ended otherwise, or when it is another worker's: ``claim`` is outdated.
    """
    columns = (RUNS.c.state, RUNS.c.transcript_id, RUNS.c.claim)
    query = select(*columns).where(RUNS.c.call_id == call_id, RUNS.c.number == run)
    row = connection.execute(query).first()
    if row is None:
        raise NotFound
    if row.state in (CallState.FAILED, CallState.CANCELLED) or claim not in (None, row.claim):
        raise Cancelled
    return row.transcript_id if row.state == CallState.READY else None


def active_row(connection: Connection, call: Call) -> Any:
    """Return the active transcript's run and whether it is redacted; None: none is active."""
    if call.active_transcript_id is None:
        return None
    query = select(TRANSCRIPTS.c.run, TRANSCRIPTS.c.redacted)
    return connection.execute(query.where(TRANSCRIPTS.c.id == call.active_transcript_id)).first()


def replace_transcript(
    connection: Connection, call: Call, run: int, transcript: Transcript
) -> None:
    """Write a run's transcript and its lines in place of an earlier one of the same run."""
    mine = and_(TRANSCRIPTS.c.call_id == call.id, TRANSCRIPTS.c.run == run)
    connection.execute(delete(TRANSCRIPTS).where(mine))
    row = {
        "id": transcript.id,
        "org_id": call.org_id,
        "call_id": call.id,
        "run": run,
        "provider": transcript.provider,
        "language": transcript.language,
        "redacted": transcript.redacted,
        "created_at": datetime.now(UTC),
        "body": pack_transcript(transcript),
    }
    connection.execute(insert(TRANSCRIPTS), [row])
    insert_many(connection, UTTERANCES, utterance_rows(call.org_id, call.id, transcript))


def forget_unredacted(connection: Connection, call_id: str, *, edits_follow: bool) -> None:
    """Delete the call's unredacted transcripts and the lines people corrected in them.

    The corrections are not touched when carried edits will take their place. What services
    elsewhere keep of those transcripts is to be deleted there.
    """
    release_unredacted_copies(connection, call_id)
    unredacted = and_(TRANSCRIPTS.c.call_id == call_id, TRANSCRIPTS.c.redacted.is_(False))
    if not connection.execute(delete(TRANSCRIPTS).where(unredacted)).rowcount or edits_follow:
        return
    query = select(CALL_EDITS.c.body, CALL_EDITS.c.version).where(CALL_EDITS.c.call_id == call_id)
    row = connection.execute(query).first()
    if row is not None:
        kept = replace(unpack_edits(row.body, row.version), corrections=())
        change = {"body": pack_edits(kept), "version": row.version + 1}
        connection.execute(update(CALL_EDITS).where(CALL_EDITS.c.call_id == call_id).values(change))


def activate(connection: Connection, call: Call, transcript_id: str) -> None:
    """Make a transcript the one that is shown."""
    change = update(CALLS).where(CALLS.c.id == call.id)
    connection.execute(change.values(active_transcript_id=transcript_id))


def write_edits(connection: Connection, call: Call, edits: CallEdits) -> CallEdits:
    """Write edits as their next version. Raises EditConflict when they are not of the newest."""
    query = select(CALL_EDITS.c.version).where(CALL_EDITS.c.call_id == call.id)
    if (connection.execute(query).scalar() or 0) != edits.version:
        raise EditConflict
    saved = replace(edits, version=edits.version + 1)
    row = {
        "call_id": call.id,
        "org_id": call.org_id,
        "version": saved.version,
        "body": pack_edits(saved),
    }
    upsert(connection, CALL_EDITS, row, key=("call_id",))
    return saved


def load(connection: Connection, org_id: str, call_id: str, transcript_id: str) -> Transcript:
    """Read a transcript with its lines. Raises NotFound."""
    mine = and_(
        TRANSCRIPTS.c.id == transcript_id,
        TRANSCRIPTS.c.call_id == call_id,
        TRANSCRIPTS.c.org_id == org_id,
    )
    row = connection.execute(select(TRANSCRIPTS).where(mine)).first()
    if row is None:
        raise NotFound
    query = select(*UTTERANCE_COLUMNS).where(UTTERANCES.c.transcript_id == transcript_id)
    lines = connection.execute(query.order_by(UTTERANCES.c.position)).all()
    return unpack_transcript(
        row.body,
        transcript_id=row.id,
        provider=row.provider,
        language=row.language,
        redacted=row.redacted,
        utterances=utterances_from_rows(lines),
    )
