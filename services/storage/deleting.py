"""Deletes a call's rows: what goes at once, what is written down for later, what forbids it."""

from collections.abc import Callable

from sqlalchemy import Connection, delete, select

from services.domain.errors import NotFound
from services.storage.holds import check_call_free
from services.storage.models import CALLS
from services.storage.phone_tables import PHONE_RECORDINGS
from services.storage.provider_copies import release_copies_of_call
from services.storage.removals import begin_removal, note_erased


def delete_call(
    connection: Connection,
    org_id: str,
    call_id: str,
    also: Callable[[Connection], None] | None = None,
) -> None:
    """Delete a call's rows and its key, in the caller's transaction. Raises NotFound, OnHold."""
    mine = (CALLS.c.org_id == org_id, CALLS.c.id == call_id)
    if connection.execute(select(CALLS.c.id).where(*mine).with_for_update()).first() is None:
        raise NotFound
    check_call_free(connection, org_id, call_id)
    if also is not None:
        also(connection)
    begin_removal(connection, org_id, call_id)
    note_erased(connection, org_id, call_id)
    release_copies_of_call(connection, call_id)
    connection.execute(delete(PHONE_RECORDINGS).where(PHONE_RECORDINGS.c.call_id == call_id))
    connection.execute(delete(CALLS).where(*mine))
