"""Which pages there are, in which order they stand in the navigation, and for whom."""

from collections.abc import Sequence

import streamlit as st

from services.domain.people import Right, User

# What people work with all day comes first: what doesn't fit into the bar is a click further away.
# Under heads, what is a list on a narrow screen would not be one for screen readers.
_PAGES: Sequence[tuple[str, str, str]] = (
    ("transcribe", "Transcribe", "upload_file"),
    ("calls", "Calls", "list_alt"),
    ("call", "Call", "graphic_eq"),
    ("live_call", "Live call", "mic"),
    ("supervisor", "Supervisor", "headset_mic"),
    ("analytics", "Analytics", "monitoring"),
    ("search", "Search", "search"),
    ("ask", "Ask", "forum"),
    ("rules", "Rules", "rule"),
    ("scorecards", "Scorecards", "checklist"),
    ("voices", "Voices", "record_voice_over"),
    ("vocabulary", "Vocabulary", "dictionary"),
    ("settings", "Settings", "settings"),
    ("account", "Account", "account_circle"),
    ("jobs", "Jobs", "lists"),
    ("usage", "Usage", "data_usage"),
    ("people", "People", "group"),
    ("retention", "Retention", "auto_delete"),
    ("audit", "Audit", "policy"),
)
_FIRST = "transcribe"
# Pages say so themselves, too, to whoever opens them by their address.
_NEEDS = {"people": Right.MANAGE_PEOPLE, "audit": Right.READ_AUDIT}


def pages(user: User | None) -> list[st.Page]:
    """Return the pages as ``st.navigation`` takes them, to each person those that are for them."""
    return [
        st.Page(
            f"../pages/{name}.py",
            title=title,
            icon=f":material/{icon}:",
            url_path=name,
            default=name == _FIRST,
            visibility="visible" if _is_for(user, name) else "hidden",
        )
        for name, title, icon in _PAGES
    ]


def _is_for(user: User | None, name: str) -> bool:
    return name not in _NEEDS or (user is not None and user.may(_NEEDS[name]))
