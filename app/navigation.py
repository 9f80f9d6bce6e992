"""Which pages there are, in which order and under which heads they stand in the navigation."""

from collections.abc import Mapping, Sequence

import streamlit as st

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
    ),
}
_FIRST = "transcribe"


def pages() -> dict[str, list[st.Page]]:
    """Return the pages as ``st.navigation`` takes them."""
    return {
        head: [
            st.Page(
                f"../pages/{name}.py",
                title=title,
                icon=f":material/{icon}:",
                url_path=name,
                default=name == _FIRST,
            )
            for name, title, icon in listed
        ]
        for head, listed in _PAGES.items()
    }
