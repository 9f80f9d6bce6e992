"""The Compare tab of a call: two of its transcripts beside each other."""

import streamlit as st

from app import session
from components._compat import time_zone
from components.comparing import figures, words
from components.comparing.choice import draw_choice, short_words
from components.heading import draw_empty, draw_panel_title
from components.wording import clock
from pages._acts import carry_out_each
from pages._runs import ask_for_rerun, provider_choices
from services.domain.errors import NoRecording, PartylineError
from services.review.comparing import ComparedCall, KnownTranscript
from services.telephony.acs.source import CAPABILITIES

DIFFERENCES, EVERYTHING = "What differs", "Everything"


def show_comparison(call_id: str) -> None:
    """Draw the comparison of two transcripts, or how to get a second one."""
    user, desk = session.current_user(), session.services().comparing
    known = desk.transcripts(user, call_id)
    titles = {c.capabilities.name: c.capabilities.title for c in provider_choices()}
    titles[CAPABILITIES.name] = CAPABILITIES.title
    refusal = session.services().desk.why_no_run(user, call_id)
    if len(known) < 2 and isinstance(refusal, NoRecording):
        draw_empty(f"This call has one transcript. {refusal.user_message}")
        return
    if len(known) < 2:
        draw_empty("This call has one transcript. With a second one, both can be compared.")
        _offer_another(call_id)
        return
    pair = draw_choice(known, titles, key=f"compare_{call_id}", zone=time_zone())
    _offer_another(call_id)
    if pair is None:
        draw_empty("Choose two different transcripts.", icon=":material/compare_arrows:")
        return
    waiting = st.skeleton(height=320)
    try:
        compared = desk.compare(user, call_id, *pair)
    except PartylineError as error:
        waiting.empty()
        draw_empty(error.user_message, icon=":material/error:")
        return
    waiting.empty()
    by_id: dict[str, KnownTranscript] = {one.version.id: one for one in known}
    names = (short_words(by_id[pair[0]], titles), short_words(by_id[pair[1]], titles))
    _show(call_id, compared, names)


def _offer_another(call_id: str) -> None:
    label = "Transcribe with another provider…"
    if st.button(label, icon=":material/restart_alt:", key="compare_rerun"):
        carry_out_each([call_id], ask_for_rerun)


def _show(call_id: str, compared: ComparedCall, names: tuple[str, str]) -> None:
    words.draw_counts(compared.comparison, names)
    words.draw_notes(compared.reference.transcript, compared.other.transcript)
    st.caption(
        "The transcript that is shown is taken with the corrections made to it, any other one as "
        "it was delivered."
    )
    with st.container(border=True):
        draw_panel_title("Words")
        _show_rows(call_id, compared, names)
    left, right = st.columns(2)
    with left, st.container(border=True):
        draw_panel_title("Figures")
        figures.draw_figures(compared.reference, compared.other, names)
    with right, st.container(border=True):
        draw_panel_title("Which part was done by what")
        figures.draw_stages(compared.reference, compared.other, names)


@st.fragment
def _show_rows(call_id: str, compared: ComparedCall, names: tuple[str, str]) -> None:
    """Draw the lines; choosing which ones leaves the rest of the page as it is."""
    rows = compared.comparison.rows
    wanted = st.segmented_control(
        "Lines to show",
        (DIFFERENCES, EVERYTHING),
        default=DIFFERENCES,
        required=True,
        key=f"compare_{call_id}_lines",
    )
    shown = words.collapsed(rows, everything=wanted == EVERYTHING)
    if not rows:
        st.caption("Neither of them has a word.")
        return
    if all(row.alike for row in rows):
        st.caption("No word differs.")
    pages = words.pages_of(shown)
    page = pages[0]
    if len(pages) > 1:
        at = st.selectbox(
            "From",
            range(len(pages)),
            format_func=lambda n: f"{clock(pages[n][0].start_ms)} ({n + 1} of {len(pages)})",
            key=f"compare_{call_id}_{wanted}_page",
        )
        page = pages[min(at or 0, len(pages) - 1)]
    words.draw_legend()
    sides = (compared.reference.transcript, compared.other.transcript)
    words.draw_rows(page, sides, names)
