"""What the Calls page does with calls, and what it offers while there are none."""

from collections.abc import Mapping, Sequence

import streamlit as st

from app import session
from components._compat import polling
from components.call_view.dialogs import ask_delete, ask_rerun
from components.calls_table import CallsAct, CallsIntent
from components.heading import draw_empty
from components.wording import plural
from pages._acts import carry_out_each, delete_calls
from pages._runs import provider_choices
from services.domain.calls import FINISHED_STATES, ProcessingOptions
from services.domain.errors import PartylineError
from services.domain.people import Right, User
from services.storage.calls import CallRow

REFRESH_S = 2.0


def offered(user: User) -> set[CallsAct]:
    """Return what a person may do with calls in the table."""
    needs = {
        CallsAct.OPEN: Right.SEE_CALLS,
        CallsAct.DELETE: Right.DELETE,
        CallsAct.RETRY: Right.ADD_CALLS,
        CallsAct.RERUN: Right.ADD_CALLS,
        CallsAct.CANCEL: Right.ADD_CALLS,
    }
    return {act for act, right in needs.items() if user.may(right)}


def carry_out(intent: CallsIntent, rows: Sequence[CallRow]) -> None:
    """Do what was asked for in the table."""
    user, desk = session.current_user(), session.services().desk
    ids = intent.call_ids

    def rerun(options: Mapping[str, ProcessingOptions]) -> None:
        carry_out_each(ids, lambda c: desk.rerun(user, c, options[c]), done=_rerun_words)

    match intent.act:
        case CallsAct.OPEN:
            open_call(ids[0])
        case CallsAct.DELETE:
            ask_delete(len(ids), lambda: delete_calls(ids))
        case CallsAct.RERUN:
            runs = {(r.call.id, r.call.run): r.options for r in rows if r.call.id in ids}
            ask_rerun(provider_choices(), runs, rerun)
        case CallsAct.RETRY | CallsAct.CANCEL:
            act = desk.retry if intent.act is CallsAct.RETRY else desk.cancel
            carry_out_each(ids, lambda c: act(user, c))
            st.rerun()


def _rerun_words(count: int) -> str:
    return f"{plural(count, 'call')} will be processed again."


def open_call(call_id: str) -> None:
    """Go to the page of a call."""
    session.set_open_call(call_id)
    st.switch_page("../pages/call.py", query_params={"call": call_id})


def offer_first_calls() -> None:
    """Say that there are no calls yet, with two ways to get some."""
    draw_empty("There are no calls yet. Transcribe a recording, or look around with demo calls.")
    with st.container(horizontal=True, horizontal_alignment="center"):
        if st.button("Load demo calls", icon=":material/play_circle:", type="primary"):
            load_demo()
        if st.button("Transcribe a recording", icon=":material/upload_file:"):
            st.switch_page("../pages/transcribe.py")


def load_demo() -> None:
    """Take in the demo calls and show them being processed."""
    try:
        added = session.services().desk.load_demo(session.current_user())
    except PartylineError as error:
        session.notify(error.user_message)
        st.rerun()
    else:
        session.add_to_batch(added)
        st.switch_page("../pages/transcribe.py")


def refresh_while_running(rows: Sequence[CallRow]) -> None:
    """Redraw the page when a call in it has moved on."""
    running = {r.call.id: r.call.state for r in rows if r.call.state not in FINISHED_STATES}
    if not running:
        return

    def look() -> None:
        progress = session.services().desk.progress(session.current_user(), list(running))
        if any(progress[c].state is not s for c, s in running.items() if c in progress):
            st.rerun()

    polling(look, every_s=REFRESH_S)
