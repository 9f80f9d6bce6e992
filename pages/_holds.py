"""What pages do with legal holds."""

from collections.abc import Callable

import streamlit as st

from app import session
from components.retention_view import HOLD_ICON, HoldCustomer, draw_call_hold
from components.wording import plain
from services.domain.errors import PartylineError
from services.domain.people import Right
from services.domain.retention import MOST_REASON_CHARS


def show_hold(call_id: str) -> None:
    """Show that a call is on hold, and let who may place a hold or release it."""
    user, holds = session.current_user(), session.services().keeping.holds
    try:
        found = holds.of_call(user, call_id)
    except PartylineError:
        # The call has gone meanwhile; the page says so itself.
        return
    draw_call_hold(found)
    if not user.may(Right.DELETE):
        return
    for hold in (hold for hold in found if hold.call_id):
        if st.button("Release the hold", key=f"release_{hold.id}", icon=":material/lock_open:"):
            release(hold.id)
    if not any(hold.call_id for hold in found):
        with st.popover("Put on hold", icon=HOLD_ICON), st.form(f"hold_{call_id}", border=False):
            reason = st.text_input("Reason", max_chars=MOST_REASON_CHARS)
            if st.form_submit_button("Put on hold", type="primary"):
                _done(lambda: holds.hold_call(user, call_id, reason), "Put on hold.")


def place_on_customer(wanted: HoldCustomer) -> None:
    """Put everything of a customer on hold."""
    user, holds = session.current_user(), session.services().keeping.holds
    _done(lambda: holds.hold_customer(user, wanted.customer_ref, wanted.reason), "Put on hold.")


def release(hold_id: str) -> None:
    """Release a hold."""
    user, holds = session.current_user(), session.services().keeping.holds
    _done(lambda: holds.release(user, hold_id), "Released.")


def _done(act: Callable[[], object], words: str) -> None:
    try:
        act()
    except PartylineError as error:
        st.error(plain(error.user_message))
        return
    session.notify(words)
    st.rerun()
