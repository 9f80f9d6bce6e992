"""The runs of a call: asked for anew, watched, and what stands where none has a transcript."""

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from app import session
from components._compat import polling, time_zone
from components.batch_progress import progress_words
from components.call_view.dialogs import ask_delete, ask_relabel, ask_rerun
from components.call_view.header import call_facts
from components.heading import draw_empty, draw_page_title
from components.options_form import ProviderChoice
from components.retention_view import lapsed_words
from components.wording import call_title, plain
from pages._acts import carry_out_each, delete_calls
from pages._holds import offer_hold, show_hold
from services.domain.calls import (
    FINISHED_STATES,
    Call,
    CallState,
    ProcessingOptions,
    SpeakerCount,
)
from services.domain.errors import PartylineError, TextNotShown
from services.domain.people import Right
from services.domain.retention import Kept

POLL_S = 1.0


def ask_for_rerun(call_id: str) -> None:
    """Ask with which options a call is to be processed again, and have that done."""
    user, services = session.current_user(), session.services()
    run, present = _newest_run(call_id)
    refusal = services.desk.why_no_run(user, call_id)

    def rerun(options: Mapping[str, ProcessingOptions]) -> None:
        carry_out_each(options, lambda c: services.desk.rerun(user, c, options[c]), done=_begun)

    ask_rerun(provider_choices(), {(call_id, run): present}, rerun, refusal=refusal)


def ask_for_relabelling(call_id: str) -> None:
    """Ask how many speakers are to be told apart anew, and have that done."""
    user, desk = session.current_user(), session.services().desk
    run, present = _newest_run(call_id)
    ask_relabel(
        (call_id, run),
        SpeakerCount.of(present),
        lambda count: carry_out_each(
            [call_id], lambda c: desk.relabel(user, c, count), done=_begun
        ),
        refusal=desk.why_no_run(user, call_id),
    )


def _newest_run(call_id: str) -> tuple[int, ProcessingOptions]:
    """Return the number of the call's newest run and its options."""
    user, services = session.current_user(), session.services()
    newest = services.browsing.newest_run(user, call_id)
    return newest.number, newest.options


def _begun(_count: int) -> str:
    return "Processing has begun; the present transcript stays until it is done."


def provider_choices() -> list[ProviderChoice]:
    """Return all speech providers with what they can do and whether they can be used."""
    registry = session.services().providers
    return [
        ProviderChoice(capabilities=registry.capabilities(n), readiness=registry.readiness(n))
        for n in registry.names()
    ]


def show_unready(call_id: str) -> None:
    """Say why a call has no transcript, with what can be done about it."""
    user, services = session.current_user(), session.services()
    try:
        call = services.browsing.get(user, call_id)
    except PartylineError as error:
        draw_empty(error.user_message, icon=":material/search_off:")
        return
    draw_page_title(plain(call_title(call)), call_facts(call, time_zone()))
    if call.state not in FINISHED_STATES:
        watch_run(call)
        return
    found = show_hold(call_id)
    lapsed = services.keeping.retention.lapsed(user, call_id)
    if Kept.TEXT in lapsed:
        draw_empty(lapsed_words(lapsed[Kept.TEXT]), icon=":material/auto_delete:")
        offer_hold(call_id, found)
        return
    failed = call.error_message or "Processing failed."
    cancelled = "Processing was cancelled before there was a transcript."
    draw_empty(
        plain(cancelled if call.state is CallState.CANCELLED else failed), icon=":material/error:"
    )
    with st.container(horizontal=True, horizontal_alignment="center"):
        if user.may(Right.ADD_CALLS) and st.button(
            "Retry", icon=":material/refresh:", type="primary", key="call_retry"
        ):
            carry_out_each([call_id], lambda c: services.desk.retry(user, c))
            st.rerun()
        if user.may(Right.DELETE) and st.button(
            "Delete this call…", icon=":material/delete:", key="call_delete"
        ):
            ask_delete(1, lambda: delete_calls([call_id]))
        offer_hold(call_id, found)


def show_unread(call_id: str, error: TextNotShown) -> None:
    """Say why a call's text isn't shown to this person, and offer the way out."""
    user, services = session.current_user(), session.services()
    call, newest = services.browsing.get(user, call_id), services.browsing.newest_run(user, call_id)
    draw_page_title(plain(call_title(call)))
    draw_empty(error.user_message, icon=":material/visibility_off:")
    watch_run(call)
    options = replace(newest.options, redact=True)
    if call.state not in FINISHED_STATES or not user.may(Right.ADD_CALLS):
        return
    with st.container(horizontal=True, horizontal_alignment="center"):
        if st.button("Process with redaction", icon=":material/shield:", type="primary"):
            carry_out_each([call_id], lambda c: services.desk.rerun(user, c, options), done=_begun)
            st.rerun()


def watch_run(call: Call) -> None:
    """Show how far a run has come, until it ends; tell when the last one failed."""
    if call.state is CallState.FAILED:
        st.warning(f"The last run failed: {plain(call.error_message or '')}")
    if call.state in FINISHED_STATES:
        return
    user, desk = session.current_user(), session.services().desk

    def look() -> None:
        progress = desk.progress(user, [call.id]).get(call.id)
        if progress is None or progress.state in FINISHED_STATES:
            st.rerun()
        st.progress(progress.fraction, text=progress_words(progress, progress.state))

    polling(look, every_s=POLL_S)
    if user.may(Right.ADD_CALLS) and st.button(
        "Cancel", icon=":material/close:", key="call_cancel"
    ):
        carry_out_each([call.id], lambda c: desk.cancel(user, c))
        st.rerun()
