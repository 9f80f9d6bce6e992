"""Questions asked before something is done to a call."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import streamlit as st

from components.options_form import ProviderChoice, draw_options
from components.wording import plain, plural, size
from services.domain.calls import Call, CallDetails, Direction, ProcessingOptions

DIRECTION_WORDS = {
    None: "Not known",
    Direction.INBOUND: "Customer called",
    Direction.OUTBOUND: "We called",
}


@st.dialog("Delete calls", icon=":material/delete:")
def ask_delete(count: int, on_yes: Callable[[], None]) -> None:
    """Ask whether to delete; ``on_yes`` does it."""
    st.markdown(
        f"Delete {plural(count, 'call')} with sound, transcript, edits and comments? "
        "This can't be undone."
    )
    with st.container(horizontal=True):
        if st.button("Delete", type="primary", key="delete_yes"):
            on_yes()
            st.rerun()
        if st.button("Keep", key="delete_no"):
            st.rerun()


@st.dialog("Process again", icon=":material/restart_alt:")
def ask_rerun(
    count: int,
    choices: Sequence[ProviderChoice],
    now: ProcessingOptions,
    on_yes: Callable[[ProcessingOptions], None],
) -> None:
    """Ask how to process once more; ``on_yes`` starts it."""
    st.caption(
        "The present transcript stays until the new one is there. Names, roles, corrections and "
        "comments are carried over where they still fit."
    )
    options = draw_options(choices, key="rerun", now=now)
    if st.button(f"Process {plural(count, 'call')}", type="primary", key="rerun_yes"):
        on_yes(options)
        st.rerun()


@st.dialog("Details of the call", icon=":material/edit_note:")
def ask_details(call: Call, on_save: Callable[[CallDetails], object]) -> None:
    """Ask what is known about the call besides its sound; ``on_save`` gets the answer."""
    details = call.details
    with st.form("call_details", border=False):
        agent = st.text_input("Agent", details.agent_name or "", max_chars=80)
        queue = st.text_input("Queue", details.queue or "", max_chars=80)
        customer = st.text_input("Customer reference", details.customer_ref or "", max_chars=80)
        directions = list(DIRECTION_WORDS)
        direction = st.selectbox(
            "Who called",
            directions,
            index=directions.index(details.direction),
            format_func=lambda d: DIRECTION_WORDS[d],
        )
        st.caption(f"File: {plain(call.source_name)} ({size(call.size_bytes)})")
        if st.form_submit_button("Save", type="primary"):
            changed = replace(
                details,
                agent_name=agent.strip() or None,
                queue=queue.strip() or None,
                customer_ref=customer.strip() or None,
                direction=direction,
            )
            on_save(changed)
            st.rerun()
