"""The calls that are being held: one card each, looked at again every second."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import streamlit as st

from components.phone_controls import describe_phone, draw_phone_facts
from components.wording import SENTIMENT_WORDS, clock, plain, plural, running_title, signed
from services.domain.live_calls import LiveSource, LiveState, RunningCall
from services.domain.live_warnings import WarningKind
from services.domain.speech import SentimentLabel
from services.live.alerting.alerts import Delivery

Colour = Literal["green", "gray", "red", "orange"]
STATE_WORDS = {
    LiveState.RECORDING: ("On air", ":material/mic:"),
    LiveState.PAUSED: ("Paused", ":material/pause_circle:"),
    LiveState.AWAY: ("No sound arrives", ":material/wifi_off:"),
    LiveState.FINISHING: ("Finishing", ":material/hourglass_empty:"),
    LiveState.INTERRUPTED: ("Broken off, being saved", ":material/restore:"),
}
PHONE_STATE_WORDS = {
    LiveState.RECORDING: ("On air", ":material/call:"),
    LiveState.PAUSED: ("Not transcribed at present", ":material/pause_circle:"),
    LiveState.AWAY: ("Nothing arrives", ":material/wifi_off:"),
}
NOTHING_HEARD = ("Nothing heard yet", ":material/ring_volume:")
SOURCE_WORDS = {
    LiveSource.BROWSER: "browser's microphone",
    LiveSource.BROWSER_AND_TAB: "browser's microphone and a tab",
    LiveSource.MICROPHONE: "this machine's microphone",
    LiveSource.RECORDING: "a recording played as live",
    LiveSource.PHONE: "a telephone",
}
WARNING_WORDS = {
    WarningKind.GAP.value: "A stretch is missing",
    WarningKind.ERROR.value: "Something went wrong",
    WarningKind.SILENCE.value: "Long silence",
    WarningKind.MONOLOGUE.value: "Monologue",
    WarningKind.NEGATIVE.value: "Customer turned negative",
    WarningKind.OVERLAP.value: "Talking over each other",
    WarningKind.RULE.value: "A rule applies",
}
SENTIMENT_ICONS = {
    SentimentLabel.POSITIVE: ":material/sentiment_satisfied:",
    SentimentLabel.NEUTRAL: ":material/sentiment_neutral:",
    SentimentLabel.NEGATIVE: ":material/sentiment_dissatisfied:",
}
SENTIMENT_COLOURS: Mapping[SentimentLabel, Colour] = {
    SentimentLabel.POSITIVE: "green",
    SentimentLabel.NEUTRAL: "gray",
    SentimentLabel.NEGATIVE: "red",
}
URGENT = frozenset({WarningKind.NEGATIVE.value, WarningKind.RULE.value})
LINE_CHARS = 160


class RunningAct(StrEnum):
    """What can be done to a running call."""

    READ = "read"
    STOP = "stop"


@dataclass(frozen=True, kw_only=True)
class RunningIntent:
    """What a person wants done to which call."""

    act: RunningAct
    call_id: str


def draw_running_calls(
    calls: Sequence[RunningCall], *, may_stop: Callable[[RunningCall], bool]
) -> RunningIntent | None:
    """Draw a card for each call; return what is wanted, if anything."""
    intent = None
    with st.container(key="running_cards"):
        for call in calls:
            key = f"running_{call.id}"
            with st.container(border=True, height="stretch", gap="xsmall", key=key):
                intent = _draw_card(call, may_stop=may_stop(call)) or intent
    return intent


def describe_running(calls: Sequence[RunningCall]) -> str:
    """Return in words how many calls there are, and how many have warnings."""
    warned = sum(call.glance.warnings > 0 for call in calls)
    said = [plural(len(calls), "running call")]
    if warned:
        said.append(f"{warned} with warnings")
    return " · ".join(said)


def _draw_card(call: RunningCall, *, may_stop: bool) -> RunningIntent | None:
    glance = call.glance
    words, icon = _state(call)
    st.markdown(f"**{plain(running_title(call))}**")
    st.markdown(f"{icon} {words} · {clock(call.received_ms)} · {_speakers(call)}")
    with st.container(horizontal=True, gap="xsmall"):
        if glance.sentiment is not None:
            st.badge(
                _mood(glance.sentiment, glance.score),
                icon=SENTIMENT_ICONS[glance.sentiment],
                color=SENTIMENT_COLOURS[glance.sentiment],
            )
        if glance.warnings:
            st.badge(_warnings(call), icon=":material/warning:", color=_urgency(call))
    st.caption(_last_line(call))
    if call.phone is not None:
        draw_phone_facts(call.phone)
    return _draw_buttons(call, may_stop=may_stop)


def _state(call: RunningCall) -> tuple[str, str]:
    """Return where a call stands, and an icon for it."""
    if call.source is LiveSource.PHONE:
        if call.state is LiveState.RECORDING and call.received_ms == 0:
            return NOTHING_HEARD
        return PHONE_STATE_WORDS.get(call.state, STATE_WORDS[call.state])
    return STATE_WORDS[call.state]


def _mood(label: SentimentLabel, score: float | None) -> str:
    """Return a sentiment with its score, which says nothing more where it is none or almost 0."""
    if score is None or round(score, 1) == 0:
        return SENTIMENT_WORDS[label]
    return f"{SENTIMENT_WORDS[label]} ({signed(score)})"


def _speakers(call: RunningCall) -> str:
    if not call.glance.speakers:
        return "nobody has spoken yet"
    return ", ".join(plain(label) for label in call.glance.speakers)


def _warnings(call: RunningCall) -> str:
    last = call.glance.last_warning or ""
    said = f"{plural(call.glance.warnings, 'warning')}: {WARNING_WORDS.get(last, 'Warning')}"
    return said


def _urgency(call: RunningCall) -> Colour:
    return "red" if call.glance.last_warning in URGENT else "orange"


def _last_line(call: RunningCall) -> str:
    glance = call.glance
    if not glance.last_line:
        by = f" ({describe_phone(call.phone)})" if call.phone else ""
        return f"From {SOURCE_WORDS[call.source]}{by}."
    line = glance.last_line
    if len(line) > LINE_CHARS:
        line = "… " + line[-LINE_CHARS:].split(" ", 1)[-1]
    said_by = f"{plain(glance.last_speaker)}: " if glance.last_speaker else ""
    return f"{said_by}{plain(line)}"


def _draw_buttons(call: RunningCall, *, may_stop: bool) -> RunningIntent | None:
    spoken = _unseen(running_title(call))
    stop = "Hang up" if call.phone is not None and call.phone.sends_words else "End call"
    with st.container(horizontal=True):
        if st.button(
            f"Read along {spoken}", key=f"running_read_{call.id}", icon=":material/menu_book:"
        ):
            return RunningIntent(act=RunningAct.READ, call_id=call.id)
        if (
            may_stop
            and call.goes_on
            and st.button(
                f"{stop} {spoken}", key=f"running_stop_{call.id}", icon=":material/call_end:"
            )
        ):
            return RunningIntent(act=RunningAct.STOP, call_id=call.id)
    return None


def draw_moved_calls(moved: Mapping[str, str]) -> str | None:
    """Draw the calls that have ended; return the one to be opened, if any."""
    opened = None
    for call_id, name in moved.items():
        with (
            st.container(border=True),
            st.container(horizontal=True, vertical_alignment="center"),
        ):
            st.markdown(f":material/check_circle: **{plain(name)}** has ended and moved to Calls.")
            if st.button(
                f"Open call {_unseen(name)}",
                key=f"moved_open_{call_id}",
                icon=":material/graphic_eq:",
                type="tertiary",
            ):
                opened = call_id
    return opened


def _unseen(words: str) -> str:
    """Return words of a label that only those hear who don't see beside what a button stands.

    The style of the page takes what is coloured in these buttons out of sight.
    """
    return f":gray[{plain(words)}]"


def draw_alerting(deliveries: Sequence[Delivery], kinds: Sequence[str]) -> None:
    """Say who is told of warnings elsewhere, and what could not be delivered."""
    for delivery in deliveries:
        if delivery.problem is not None:
            st.warning(
                f"The last alert by {delivery.channel} was not delivered. {delivery.problem}",
                icon=":material/notifications_off:",
            )
    if not deliveries:
        st.caption(
            "Nobody is alerted elsewhere. A web address or e-mail addresses for alerts can be "
            "set for this installation: see docs/alerts.md."
        )
        return
    ways = " and ".join(delivery.channel for delivery in deliveries)
    about = ", ".join(WARNING_WORDS[kind].lower() for kind in sorted(kinds))
    st.caption(
        f"Alerts go out by {ways} ({about or 'of nothing'}): "
        f"{plural(sum(d.delivered for d in deliveries), 'alert')} sent since the start."
    )


def ask_stop(name: str, on_yes: Callable[[], None], on_no: Callable[[], None]) -> None:
    """Ask whether to end somebody's call, as long as nobody has answered.

    ``on_yes`` ends it; ``on_no`` is called for everything else.
    """

    @st.dialog("End call", icon=":material/call_end:", on_dismiss=on_no)
    def ask() -> None:
        st.markdown(
            f"End **{plain(name)}** now? Recording stops for everybody in it. What was said so far "
            "is kept and becomes an ordinary call. If its recorder is cut off, the call ends "
            "within half a minute, with what that browser still has."
        )
        with st.container(horizontal=True):
            if st.button("End the call", type="primary", key="stop_yes"):
                on_yes()
                st.rerun()
            if st.button("Let it go on", key="stop_no"):
                on_no()
                st.rerun()

    ask()
