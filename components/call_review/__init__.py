"""Audio player and transcript in step: a browser piece that emits what the person wants done."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from components.assets import read_assets
from components.call_review.intents import ReviewIntent, read_intent

SCRIPTS = (
    "scripts/basics.js",
    "scripts/model.js",
    "scripts/player.js",
    "scripts/strip.js",
    "scripts/heights.js",
    "scripts/lines.js",
    "scripts/list.js",
    "scripts/menu.js",
    "scripts/people.js",
    "scripts/find.js",
    "scripts/keys.js",
    "scripts/intents.js",
    "scripts/main.js",
)
STYLES = (
    "styles/base.css",
    "styles/player.css",
    "styles/lines.css",
    "styles/additions.css",
    "styles/overlays.css",
    "styles/widths.css",
)
_assets = read_assets(Path(__file__).parent, SCRIPTS, STYLES)
_mount = st.components.v2.component(
    "partyline_call_review", html=_assets.html, css=_assets.css, js=_assets.js
)


@dataclass(frozen=True, kw_only=True)
class Seek:
    """A place to jump to, carried out once for each ``nonce``."""

    ms: int
    nonce: str
    play: bool = True


@dataclass(frozen=True, kw_only=True)
class ReviewLinks:
    """Where the browser fetches a call's transcript and sound; ``audio`` None: there is none.

    A new ``sound`` makes it load the sound again. ``note`` says what is special about it;
    ``no_audio`` says why there is none. ``original``: whether the original can be asked for, and
    is heard now (None: it can't). Not ``recorded``: there never is any sound, and nothing to play.
    """

    review: str
    audio: str | None
    sound: str = ""
    note: str = ""
    no_audio: str = "This call has no sound."
    original: bool | None = None
    recorded: bool = True


def draw_call_review(
    call_id: str,
    version: str,
    links: ReviewLinks,
    *,
    seek: Seek | None = None,
    reload: int = 0,
    may_edit: bool = True,
) -> ReviewIntent | None:
    """Draw player and transcript of a call; return what the person wants changed, if anything.

    A new ``version`` makes the browser fetch the transcript again; so does a new ``reload``, which
    takes back what the browser showed ahead of a change that was then refused. Without
    ``may_edit`` no changes are offered.
    """
    shown: dict[str, Any] = {
        "call": call_id,
        "version": version,
        "review_url": links.review,
        "audio_url": links.audio,
        "sound": links.sound,
        "sound_note": links.note,
        "no_sound": links.no_audio,
        "original": links.original,
        "recorded": links.recorded,
        "seek": None if seek is None else {"ms": seek.ms, "nonce": seek.nonce, "play": seek.play},
        "reload": reload,
        "may_edit": may_edit,
    }
    answer: Mapping[str, Any] = _mount(
        key=f"call_review_{call_id}", data=shown, on_intent_change=lambda: None
    )
    return read_intent(answer.get("intent"))
