"""Recorder of a live call: the browser's microphone, straight to the server's sound socket.

Nothing of the sound passes through Streamlit. What is being recorded is kept with the browser's
window, so that reruns and page switches don't disturb it; see docs/recording-live.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from components.assets import read_assets
from services.domain.live_calls import LiveSource

SCRIPTS = (
    "scripts/resampler.js",
    "scripts/worklet.js",
    "scripts/capture.js",
    "scripts/kept.js",
    "scripts/line.js",
    "scripts/pill.js",
    "scripts/recording.js",
    "scripts/view.js",
    "scripts/main.js",
)
STYLES = ("styles/view.css",)
MOST_LABEL_CHARS = 200
KEPT_MS = 150_000
CHANNELS_OF = {LiveSource.BROWSER: 1, LiveSource.BROWSER_AND_TAB: 2}
_assets = read_assets(Path(__file__).parent, SCRIPTS, STYLES)
_mount = st.components.v2.component(
    "partyline_live_recorder", html=_assets.html, css=_assets.css, js=_assets.js
)


@dataclass(frozen=True, kw_only=True)
class RecorderOrder:
    """What the recorder is to do.

    Without ``call_id`` it offers to begin. ``attempt`` is that of the ``Start`` which ``call_id``
    was opened for, or which was ``refused``. Of a call that is ``over`` nothing is shown; the
    recorder only tells whether some of it could not be sent. ``kept_ms`` is how much the browser
    keeps while the network is down, ``pause_ms`` for how long a call may pause.
    """

    call_id: str | None = None
    sound_url: str | None = None
    channels: int = 1
    attempt: str | None = None
    refused: bool = False
    over: bool = False
    can_share_tab: bool = False
    consent_required: bool = False
    consent_notice: str = ""
    kept_ms: int = KEPT_MS
    pause_ms: int | None = None


@dataclass(frozen=True, kw_only=True)
class Start:
    """The browser records already: open a call for it. ``device`` is the microphone's name."""

    attempt: str
    source: LiveSource
    channels: int
    device: str
    consent: bool


@dataclass(frozen=True, kw_only=True)
class Stopped:
    """Nothing more comes of this call's sound."""

    call_id: str


@dataclass(frozen=True, kw_only=True)
class NoSocket:
    """The sound socket of this call couldn't be opened; nothing of it has been sent."""

    call_id: str


@dataclass(frozen=True, kw_only=True)
class Rest:
    """This call was over before all of it was sent; the recorder offers to keep what is left.

    It does so where it is drawn without a call, and begins one for it as for any other. Over is it
    for this window alone when it ``goes_on`` in another one.
    """

    call_id: str
    goes_on: bool = False


@dataclass(frozen=True, kw_only=True)
class Here:
    """This window records a call of which the page knows nothing, as after a lost session."""

    call_id: str


@dataclass(frozen=True, kw_only=True)
class FreshLink:
    """The address of the sound socket has expired; hand out a new one."""


@dataclass(frozen=True, kw_only=True)
class Discarded:
    """What was recorded is not wanted, and no call has been opened for it."""


RecorderIntent = Start | Stopped | NoSocket | Rest | Here | FreshLink | Discarded


def draw_live_recorder(order: RecorderOrder) -> RecorderIntent | None:
    """Draw the recorder; return what happened in the browser since the last run, if anything."""
    answer: Mapping[str, Any] = _mount(
        key="live_recorder",
        data={
            "call": order.call_id,
            "url": order.sound_url,
            "channels": order.channels,
            "nonce": order.attempt,
            "refused": order.refused,
            "over": order.over,
            "kept_ms": order.kept_ms,
            "pause_ms": order.pause_ms,
            "can_share_tab": order.can_share_tab,
            "consent": {"text": order.consent_notice, "required": order.consent_required},
        },
        on_intent_change=lambda: None,
    )
    return read_intent(answer.get("intent"))


def read_intent(raw: object) -> RecorderIntent | None:
    """Return what the browser says has happened, None for whatever else it may send."""
    if not isinstance(raw, Mapping):
        return None
    kind, call = raw.get("kind"), raw.get("call")
    match kind:
        case "start":
            return _start(raw)
        case "link":
            return FreshLink()
        case "discarded":
            return Discarded()
    if not isinstance(call, str):
        return None
    match kind:
        case "stopped":
            return Stopped(call_id=call)
        case "no_socket":
            return NoSocket(call_id=call)
        case "rest":
            return Rest(call_id=call, goes_on=raw.get("goes_on") is True)
        case "here":
            return Here(call_id=call)
    return None


def _start(raw: Mapping[str, Any]) -> Start | None:
    attempt, device = raw.get("nonce"), raw.get("device")
    source = next((s for s in CHANNELS_OF if s.value == raw.get("source")), None)
    if not isinstance(attempt, str) or source is None or raw.get("channels") != CHANNELS_OF[source]:
        return None
    return Start(
        attempt=attempt,
        source=source,
        channels=CHANNELS_OF[source],
        device=device[:MOST_LABEL_CHARS] if isinstance(device, str) else "",
        consent=raw.get("consent") is True,
    )
