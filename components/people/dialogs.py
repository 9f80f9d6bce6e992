"""Questions about people: what they are given, whether they may come in."""

from collections.abc import Callable, Iterable

import streamlit as st

from components.people.access_form import draw_access
from components.wording import plain
from services.access.people import GivenAccess
from services.domain.persons import Person


@st.dialog("Access", icon=":material/group:", width="medium")
def ask_change(
    person: Person,
    *,
    queues: Iterable[str],
    on_save: Callable[[GivenAccess], None],
    on_switch: Callable[[], None],
    on_sign_out: Callable[[], None],
) -> None:
    """Ask what somebody is to be given, or whether they are to leave."""
    st.markdown(f"**{plain(person.name)}**")
    if person.by_claims:
        st.caption(
            "The sign-in service tells what this person may do. Once you change it here, what it "
            "tells doesn't count any more."
        )
    with st.form(f"person_{person.id}", border=False):
        now = GivenAccess(role=person.role, beside=person.beside, reach=person.reach)
        wanted = draw_access(f"person_{person.id}", now, queues)
        if st.form_submit_button("Save", type="primary"):
            on_save(wanted)
            st.rerun()
    is_off = person.disabled_at is not None
    with st.container(horizontal=True):
        if st.button("Switch access on" if is_off else "Switch access off", key="person_switch"):
            on_switch()
            st.rerun()
        if st.button("Sign out everywhere", key="person_sign_out"):
            on_sign_out()
            st.rerun()
