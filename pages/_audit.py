"""What the Audit page shows, and the file it offers."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from app import session
from components._compat import time_zone
from components.audit_view import draw_entries
from components.heading import draw_empty
from components.wording import plural
from services.auditing.table import csv_lines
from services.domain.audit_trail import AuditPage, AuditQuery, KeptEntry
from services.domain.errors import PartylineError

MOST_IN_FILE = 100_000


def show_audit(wanted: AuditQuery) -> None:
    """Draw the newest entries that are wanted, page after page, and offer them as a file."""
    try:
        pages = _pages(wanted)
    except PartylineError as error:
        st.error(error.user_message, icon=":material/error:")
        return
    entries = [entry for page in pages for entry in page.entries]
    if not entries:
        is_filtered = wanted != AuditQuery()
        if is_filtered:
            sentence = "No entry fits these filters. Change or clear them."
            draw_empty(sentence, icon=":material/filter_alt_off:")
        else:
            draw_empty("Nothing has been written down yet.")
        return
    older = pages[-1].before
    told, file = st.columns([3, 1], vertical_alignment="center")
    shown = plural(len(entries), "entry", "entries")
    told.caption(f"The newest {shown}" if older else f"All {shown}, newest first")
    with file:
        _offer_file(wanted)
    draw_entries(entries, _calls_there(entries), time_zone())
    if older:
        st.button(
            "Show older entries",
            icon=":material/expand_more:",
            on_click=session.see_more,
            args=(wanted,),
        )


def _pages(wanted: AuditQuery) -> list[AuditPage]:
    user, audit = session.current_user(), session.services().audit
    pages = [audit.page(user, wanted)]
    while pages[-1].before and len(pages) < session.pages_seen(wanted):
        pages.append(audit.page(user, replace(wanted, before=pages[-1].before)))
    return pages


def _calls_there(entries: Sequence[KeptEntry]) -> set[str]:
    """Return which calls of the entries still exist, as far as this person reaches them."""
    subjects = list({entry.subject for entry in entries if entry.subject})
    return set(session.services().desk.progress(session.current_user(), subjects))


def _offer_file(wanted: AuditQuery) -> None:
    user, audit = session.current_user(), session.services().audit

    def made() -> bytes:
        entries = audit.export(user, replace(wanted, limit=MOST_IN_FILE))
        return "".join(csv_lines(entries)).encode()

    st.download_button(
        "Save as CSV",
        data=made,
        file_name="partyline_audit.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
        help=f"The newest {MOST_IN_FILE:,} entries that fit the filters; more with the command "
        "partyline audit export.",
        width="stretch",
    )
