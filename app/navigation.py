"""Which pages there are, in which order and under which heads they stand in the navigation."""

from collections.abc import Mapping, Sequence

import streamlit as st

from services.domain.people import Right, User

# Those without a head stand in the bar itself: what people work with all day.
_PAGES: Mapping[str, Sequence[tuple[str, str, str]]] = {
    "": (
        ("transcribe", "Transcribe", "upload_file"),
        ("calls", "Calls", "list_alt"),
        ("call", "Call", "graphic_eq"),
        ("live_call", "Live call", "mic"),
        ("supervisor", "Supervisor", "headset_mic"),
        ("analytics", "Analytics", "monitoring"),
        ("search", "Search", "search"),
        ("ask", "Ask", "forum"),
    ),
    "Team": (
        ("rules", "Rules", "rule"),
        ("scorecards", "Scorecards", "checklist"),
        ("voices", "Voices", "record_voice_over"),
        ("vocabulary", "Vocabulary", "dictionary"),
    ),
    "Set-up": (
        ("jobs", "Jobs", "lists"),
        ("usage", "Usage", "data_usage"),
        ("settings", "Settings", "settings"),
        ("people", "People", "group"),
        ("retention", "Retention", "auto_delete"),
        ("audit", "Audit", "policy"),
        ("account", "Account", "account_circle"),
    ),
}
_FIRST = "transcribe"
# Pages say so themselves, too, to whoever opens them by their address.
_NEEDS = {"people": Right.MANAGE_PEOPLE, "audit": Right.READ_AUDIT}


def pages(user: User | None) -> dict[str, list[st.Page]]:
    """Return the pages as ``st.navigation`` takes them, to each person those that are for them."""
    return {
        head: [
            st.Page(
                f"../pages/{name}.py",
                title=title,
                icon=f":material/{icon}:",
                url_path=name,
                default=name == _FIRST,
                visibility="visible" if _is_for(user, name) else "hidden",
            )
            for name, title, icon in listed
        ]
        for head, listed in _PAGES.items()
    }


def _is_for(user: User | None, name: str) -> bool:
    return name not in _NEEDS or (user is not None and user.may(_NEEDS[name]))
