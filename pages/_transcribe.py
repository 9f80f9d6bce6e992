"""What the Transcribe page does with uploads and with the list of recordings under way."""

import streamlit as st

from app import session
from components._compat import polling
from components.batch_progress import BatchAct, BatchIntent, draw_batch
from components.calls_filter import list_only
from components.file_drop import DropIntent, FreshToken, OpenExisting, Uploaded
from components.wording import plural
from pages._acts import carry_out_each
from services.domain.calls import FINISHED_STATES, Call, CallState, RunProgress
from services.domain.errors import NotFound
from services.domain.people import Right
from services.domain.together import AnalyticsFilter
from services.storage.calls import CallFilter

POLL_S = 1.0
UNDER_WAY = tuple(state for state in CallState if state not in FINISHED_STATES)


def take(intent: DropIntent) -> None:
    """Take in what happened in the drop zone."""
    match intent:
        case Uploaded():
            if session.add_to_batch(intent.call_ids):
                st.rerun()
        case OpenExisting():
            session.add_to_batch([intent.call_id])
            session.show_in_place(intent.call_id)
            st.rerun()
        case FreshToken():
            session.renew_tokens()
            st.rerun()


def draw_batch_progress() -> None:
    """Draw the recordings handed in; they are looked after every second while one is under way."""
    rows = batch_rows()
    if not rows:
        return
    if not session.services().desk.worker_alive() and any(_runs(*row) for row in rows):
        st.warning(
            "No worker is running, so recordings wait. It starts with `./bin/run`, or on its own "
            "with `partyline worker`.",
            icon=":material/engineering:",
        )
    running = any(_runs(*row) for row in rows)
    _open_fresh(rows)
    polling(lambda: _look(was_running=running), every_s=POLL_S if running else None)


def lead_to_others() -> None:
    """Lead to recordings under way that this tab didn't take in, as after it was loaded anew."""
    user = session.current_user()
    if not user.may(Right.SEE_CALLS):
        return
    count = session.services().browsing.count(user, CallFilter(states=UNDER_WAY))
    if not count:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plural(count, 'recording')} handed in before:** still being processed.")
        if st.button("Show under Calls", icon=":material/list:"):
            list_only(AnalyticsFilter(), states=UNDER_WAY)
            st.switch_page("../pages/calls.py")


def batch_rows() -> list[tuple[Call, RunProgress | None]]:
    """Return the calls of the batch with their progress; deleted ones leave it."""
    user, services = session.current_user(), session.services()
    progress = services.desk.progress(user, session.batch())
    rows: list[tuple[Call, RunProgress | None]] = []
    for call_id in session.batch():
        try:
            rows.append((services.browsing.get(user, call_id), progress.get(call_id)))
        except NotFound:
            session.remove_from_batch(call_id)
    return rows


def _runs(call: Call, progress: RunProgress | None) -> bool:
    return (progress.state if progress else call.state) not in FINISHED_STATES


def _look(*, was_running: bool) -> None:
    rows = batch_rows()
    ended = was_running and not any(_runs(*row) for row in rows)
    if _open_fresh(rows) or ended:
        st.rerun()
    intent = draw_batch(rows, session.shown_in_place())
    if intent is not None:
        _carry_out(intent)
        st.rerun()


def _open_fresh(rows: list[tuple[Call, RunProgress | None]]) -> bool:
    """Open the first call that has become ready, unless one is open; tell whether it did."""
    fresh = session.take_fresh(call.id for call, _ in rows if call.state is CallState.READY)
    if not fresh or session.shown_in_place() is not None:
        return False
    session.show_in_place(fresh[0])
    return True


def _carry_out(intent: BatchIntent) -> None:
    user, desk = session.current_user(), session.services().desk
    match intent.act:
        case BatchAct.OPEN:
            session.show_in_place(intent.call_id)
        case BatchAct.CANCEL:
            carry_out_each([intent.call_id], lambda c: desk.cancel(user, c))
        case BatchAct.RETRY:
            carry_out_each([intent.call_id], lambda c: desk.retry(user, c))
        case BatchAct.REMOVE:
            session.remove_from_batch(intent.call_id)
