"""The timeline of a call as something to click on."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from components.charts.frame import CONFIG
from components.charts.timeline import timeline_figure, timeline_text
from components.heading import draw_panel_title
from components.wording import plain
from services.domain.reviewed import ReviewedCall


def draw_timeline(reviewed: ReviewedCall, on_click: Callable[[int], None]) -> None:
    """Draw the timeline; ``on_click`` gets the place in ms of a bar when it is clicked.

    It is called before the next run, so that what is drawn earlier on the page can follow.
    """
    key = f"timeline_{reviewed.call.id}"
    last = f"{key}_place"

    def clicked() -> None:
        selection: Any = st.session_state.get(key)
        points = selection["selection"]["points"] if selection else []
        place = clicked_place(points, st.session_state.get(last))
        if place is not None:
            st.session_state[last] = place
            on_click(place)

    text = timeline_text(reviewed)
    goes_to = "to listen from there" if reviewed.call.has_recording else "to read from there"
    draw_panel_title("Who speaks when", explanation=f"Click a bar {goes_to}.")
    st.plotly_chart(
        timeline_figure(reviewed),
        key=key,
        config=CONFIG,
        on_select=clicked,
        selection_mode="points",
        alt=text,
    )
    grey = "hold or dead air" if reviewed.holds_known else "dead air, or a hold that nobody heard"
    st.caption(f"{plain(text)} Grey: {grey}.")


def clicked_place(points: Sequence[Any], last: int | None) -> int | None:
    """Return the place in ms of the bar that was clicked.

    A click on the bar that is selected takes the selection off: then it is the ``last`` one.
    """
    return _place(points[-1]) if points else last


def _place(point: Any) -> int | None:
    where = point.get("customdata")
    if isinstance(where, list | tuple):
        where = where[0] if where else None
    return int(where) if isinstance(where, int | float) else None
