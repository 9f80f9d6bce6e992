"""What the Retention page does with periods."""

import streamlit as st

from app import session
from components.retention_view import KIND_WORDS, UnsetPeriod
from components.wording import plain
from services.domain.errors import PartylineError
from services.domain.retention import RetentionPeriod


def keep_period(wanted: RetentionPeriod | UnsetPeriod, *, is_taken_away: bool) -> None:
    """Set a period, or take it away."""
    user, retention = session.current_user(), session.services().keeping.retention
    try:
        if isinstance(wanted, UnsetPeriod):
            retention.unset(user, wanted.kind, wanted.queue)
        else:
            retention.set(user, wanted)
    except PartylineError as error:
        st.error(plain(error.user_message))
        return
    done = "Taken away" if is_taken_away else "Saved"
    session.notify(f"{done}: {KIND_WORDS[wanted.kind].lower()}.")
    st.rerun()
