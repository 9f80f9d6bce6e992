"""Tapes that belong to no running call any more."""

from services import telemetry
from services.storage.calls import CallStore
from services.storage.live_calls import LiveCallStore
from services.storage.tapes import TapeStore

# A tape that belongs to nothing known may be that of another database put here for a moment.
LEFT_OVER_AFTER_S = 600.0
STRANGE_AFTER_S = 7 * 24 * 3600.0


def remove_left_over_tapes(tapes: TapeStore, live: LiveCallStore, calls: CallStore) -> None:
    """Remove tapes of calls that have landed, and in time those that belong to nothing."""
    old = tapes.ids(older_than_s=LEFT_OVER_AFTER_S)
    loose = set(old) - live.existing(old)
    gone = calls.existing(loose)
    gone |= loose & set(tapes.ids(older_than_s=STRANGE_AFTER_S))
    for call_id in gone:
        if not tapes.is_held(call_id):
            tapes.delete(call_id)
            telemetry.event("live.tape_removed")
