"""Transcripts and edits, read from their rows and written into them inside a transaction."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, insert, select, update

from services.domain.calls import Call
from services.domain.edits import CallEdits
from services.domain.errors import EditConflict, NotFound
from services.domain.speech import Transcript
from services.storage.call_rows import call_from_row, select_call
from services.storage.forms import pack_edits, pack_transcript, unpack_edits, unpack_transcript
from services.storage.models import CALL_EDITS, CALLS, TRANSCRIPTS, UTTERANCES
from services.storage.provider_copies import release_unredacted_copies
from services.storage.rows import insert_many, upsert
from services.storage.search_places import show_in_place
from services.storage.utterances import UTTERANCE_COLUMNS, utterance_rows, utterances_from_rows

_LOCKED_CALL = select_call(bindparam("of_org"), bindparam("of_call")).with_for_update()
_INSERT = insert(TRANSCRIPTS)
_ACTIVATE = (
    update(CALLS)
    .where(CALLS.c.id == bindparam("of_call"))
    .values(active_transcript_id=bindparam("shown"))
)


def of_call(org_id: str, call_id: str) -> Any:
    """Return the condition that finds an organisation's call."""
    return and_(CALLS.c.org_id == org_id, CALLS.c.id == call_id)


def locked_call(connection: Connection, org_id: str, call_id: str) -> Call:
    """Return a call whose row nobody else changes until the end of the transaction."""
    mine = {"of_org": org_id, "of_call": call_id}
    row = connection.execute(_LOCKED_CALL, mine).mappings().first()
    if row is None:
        raise NotFound
    return call_from_row(row)


def active_row(connection: Connection, call: Call) -> Any:
    """Return the active transcript's run and whether it is redacted; None: none is active."""
    if call.active_transcript_id is None:
        return None
    query = select(TRANSCRIPTS.c.run, TRANSCRIPTS.c.redacted)
    return connection.execute(query.where(TRANSCRIPTS.c.id == call.active_transcript_id)).first()


def delete_transcript(connection: Connection, call: Call, run: int) -> None:
    """Delete what a run has saved, so that something else can take its place."""
    mine = and_(TRANSCRIPTS.c.call_id == call.id, TRANSCRIPTS.c.run == run)
    connection.execute(delete(TRANSCRIPTS).where(mine))


def insert_transcript(connection: Connection, call: Call, run: int, transcript: Transcript) -> None:
    """Write a transcript and its lines of a run that has none."""
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
    connection.execute(_INSERT, [row])
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


def activate(connection: Connection, call: Call, transcript_id: str, place: int | None) -> int:
    """Make a transcript the one that is shown; return the call's place, or the one it gets."""
    if place is None:
        return show_in_place(connection, call.id, call.held_at, transcript_id)
    connection.execute(_ACTIVATE, {"of_call": call.id, "shown": transcript_id})
    return place


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
