"""A live call as it happens: a browser piece that the server pushes events into.

The events come over a WebSocket of their own, so nothing of the page is run again while the call
goes on; what is told is described in docs/live.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from components.assets import read_assets
from components.languages import language_name
from components.live_view.intents import LiveViewIntent, read_intent

SCRIPTS = (
    "../call_review/scripts/basics.js",
    "../call_review/scripts/menu.js",
    "scripts/words.js",
    "scripts/people.js",
    "scripts/model.js",
    "scripts/taking.js",
    "scripts/feed.js",
    "scripts/rows.js",
    "scripts/list.js",
    "scripts/figures.js",
    "scripts/panels.js",
    "scripts/top.js",
    "scripts/paints.js",
    "scripts/kept.js",
    "scripts/main.js",
)
STYLES = (
    "../call_review/styles/base.css",
    "../call_review/styles/lines.css",
    "../call_review/styles/overlays.css",
    "../call_review/styles/additions.css",
    "styles/frame.css",
    "styles/lines.css",
    "styles/panels.css",
)
_assets = read_assets(Path(__file__).parent, SCRIPTS, STYLES)
_mount = st.components.v2.component(
    "partyline_live_view", html=_assets.html, css=_assets.css, js=_assets.js
)


@dataclass(frozen=True, kw_only=True)
class LiveViewOrder:
    """What is shown of a live call, and what the reader may do.

    ``events_url`` is where the browser hears what happens. ``read_only`` leaves only reading;
    ``can_stop`` False leaves out Stop, where something else on the page has it. ``languages`` are
    the codes that can be switched to during the call, none where the provider can't;
    ``language`` is the one that was chosen at its beginning, None: found out.
    """

    call_id: str
    events_url: str
    read_only: bool = False
    can_stop: bool = True
    languages: Sequence[str] = ()
    language: str | None = None


def live_view_payload(order: LiveViewOrder) -> dict[str, Any]:
    """Return the order as JSON-ready values for the browser."""
    return {
        "call": order.call_id,
        "events_url": order.events_url,
        "can_stop": order.can_stop and not order.read_only,
        "can_summarise": not order.read_only,
        "languages": [] if order.read_only else [[c, language_name(c)] for c in order.languages],
        "language": order.language,
    }


def draw_live_view(order: LiveViewOrder) -> LiveViewIntent | None:
    """Draw a live call; return what the person wants done, if anything.

    What the browser knows of the call outlives reruns and a visit to other pages; coming back it
    asks only for what was told meanwhile.
    """
    answer: Mapping[str, Any] = _mount(
        key=f"live_view_{order.call_id}",
        data=live_view_payload(order),
        on_intent_change=lambda: None,
    )
    return read_intent(answer.get("intent"))
