"""What pages do with legal holds."""

from collections.abc import Callable, Sequence

import streamlit as st

from app import session
from components.retention_view import HOLD_ICON, HoldCustomer, draw_call_hold
from components.wording import plain
from services.domain.errors import PartylineError
from services.domain.people import Right
from services.domain.retention import MOST_REASON_CHARS, Hold


def show_hold(call_id: str) -> list[Hold]:
    """Show that a call is on hold, let who may release it; return what holds the call."""
    user, holds = session.current_user(), session.services().keeping.holds
    try:
        found = holds.of_call(user, call_id)
    except PartylineError:
        # The call has gone meanwhile; the page says so itself.
        return []
    draw_call_hold(found)
    for hold in (hold for hold in found if hold.call_id and user.may(Right.DELETE)):
        if st.button("Release the hold", key=f"release_{hold.id}", icon=":material/lock_open:"):
            release(hold.id)
    return found


def offer_hold(call_id: str, found: Sequence[Hold]) -> None:
    """Let who may place a hold on a call that has none of its own among those ``found``."""
    user, holds = session.current_user(), session.services().keeping.holds
    if not user.may(Right.DELETE) or any(hold.call_id for hold in found):
        return
    with st.popover("Legal hold", icon=HOLD_ICON), st.form(f"hold_{call_id}", border=False):
        st.caption("Nobody can delete the call, nor does a period, until the hold is released.")
        reason = st.text_input("Reason", max_chars=MOST_REASON_CHARS)
        if st.form_submit_button("Put on legal hold", type="primary"):
            _done(lambda: holds.hold_call(user, call_id, reason), "Put on legal hold.")


def place_on_customer(wanted: HoldCustomer) -> None:
    """Put everything of a customer on hold."""
    user, holds = session.current_user(), session.services().keeping.holds
    _done(
        lambda: holds.hold_customer(user, wanted.customer_ref, wanted.reason),
        "Put on legal hold.",
    )


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
