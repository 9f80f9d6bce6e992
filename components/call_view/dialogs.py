"""Questions asked before something is done to a call."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from zlib import crc32

import streamlit as st

from components.options_form import (
    ProviderChoice,
    differing,
    draw_options,
    shared_options,
    with_changes,
)
from components.speaker_count import draw_speaker_count
from components.wording import plain, plural, size
from components.words_form import draw_part_note
from services.domain.calls import (
    Call,
    CallDetails,
    Direction,
    ProcessingOptions,
    SpeakerCount,
)
from services.domain.errors import PartylineError

RunKey = tuple[str, int]  # id of the call and number of its run

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


# Closing it any other way runs the page too, which forgets what had been chosen in it.
@st.dialog("Process again", icon=":material/restart_alt:", on_dismiss="rerun")
def ask_rerun(
    choices: Sequence[ProviderChoice],
    runs: Mapping[RunKey, ProcessingOptions],
    on_yes: Callable[[Mapping[str, ProcessingOptions]], None],
    *,
    refusal: PartylineError | None = None,
) -> None:
    """Ask how to process calls once more; ``on_yes`` gets each call's options and starts it.

    ``runs`` are the present run of each call and its options. Of several calls each keeps its
    own, except for what is changed here. A ``refusal`` is said instead of asking.
    """
    if _refused(refusal):
        return
    st.caption(
        "The present transcript stays until the new one is there. Names, roles, corrections and "
        "comments are carried over where they still fit."
    )
    present = list(runs.values())
    if different := differing(present):
        st.caption(
            f"These calls differ in {', '.join(different)}. Each keeps its own, except for what "
            "you change here."
        )
    shown = shared_options(present)
    key = rerun_key(runs)
    chosen = draw_options(choices, key=key, now=shown, keep=None)
    if chosen is not None:
        draw_part_note(chosen)
    label = f"Process {plural(len(runs), 'call')}"
    asked = st.button(label, type="primary", key=f"{key}_yes", disabled=chosen is None)
    if asked and chosen is not None:
        on_yes({run[0]: with_changes(own, shown, chosen) for run, own in runs.items()})
        st.rerun()


def _refused(refusal: PartylineError | None) -> bool:
    """Say why something can't be done, if so; return whether it was said."""
    if refusal is not None:
        st.warning(refusal.user_message, icon=":material/volume_off:")
    return refusal is not None


def rerun_key(runs: Iterable[RunKey]) -> str:
    """Return the name of the question about these runs: another call's answers aren't its."""
    named = "|".join(f"{call_id}.{number}" for call_id, number in sorted(runs))
    return f"rerun_{crc32(named.encode())}"


@st.dialog("Tell speakers apart again", icon=":material/groups:", on_dismiss="rerun")
def ask_relabel(
    run: RunKey,
    now: SpeakerCount,
    on_yes: Callable[[SpeakerCount], None],
    *,
    refusal: PartylineError | None = None,
) -> None:
    """Ask how many people speak in a call; ``on_yes`` gets the answer and starts the run.

    Without its sound nothing can be heard anew: then only the ``refusal`` is said.
    """
    if _refused(refusal):
        return
    st.caption(
        "The words and their times stay; who says them is found out anew from the recording, and "
        "with it the lines, talk times, roles, sentiment and summary. Your edits are carried over "
        "where they still fit."
    )
    key = f"relabel_{rerun_key([run])}"
    speakers = draw_speaker_count(key=key, now=now)
    if st.button("Tell speakers apart", type="primary", key=f"{key}_yes"):
        on_yes(speakers)
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
        stored = size(call.size_bytes) if call.has_recording else "there is no recording"
        st.caption(f"File: {plain(call.source_name)} ({stored})")
        if details.external_ref:
            st.caption(f"Reference where it came from: {plain(details.external_ref)}")
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
