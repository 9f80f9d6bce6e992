"""How a live call is to be transcribed, and where its sound comes from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st
from streamlit_extras.stateful_button import button as toggle_button

from components._compat import Keep
from components.options_form import (
    ProviderChoice,
    draw_language,
    draw_unusable,
    draw_where_the_sound_goes,
)
from components.provider_options import draw_provider_options
from components.words_form import draw_words_and_part
from services.analysis.file_names import details_from_name
from services.audio.microphone import InputDevice
from services.domain.calls import ProcessingOptions
from services.domain.live_calls import LiveSource
from services.live.recording.played import SPEEDS

SOURCE_WORDS = {
    LiveSource.BROWSER: "This browser's microphone",
    LiveSource.MICROPHONE: "Microphone of the server",
    LiveSource.RECORDING: "A recording, played as live",
    LiveSource.PHONE: "A phone call",
}
SOURCE_HELP = (
    "The browser can add the sound of a tab or screen to its microphone. The server's microphone "
    "is that of the machine Partyline runs on. A recording is played as if it were being held. "
    "A phone call is placed, joined or answered by a telephone service."
)
MICROPHONE_KEY = "live_microphone"
OWN_FILE = "A file of yours"
RECORDING_TYPES = ("wav", "mp3", "m4a", "ogg", "opus", "flac", "webm", "mp4", "aac", "amr")


@dataclass(frozen=True, kw_only=True)
class PlayWish:
    """A recording to be played: ``demo`` names one of those at hand, else ``content`` is it."""

    name: str
    speed: float
    demo: bool = False
    content: bytes = b""


def draw_live_options(
    choices: Sequence[ProviderChoice],
    *,
    key: str,
    now: ProcessingOptions,
    keep: Keep = "session",
) -> ProcessingOptions | None:
    """Draw how live calls are transcribed; return the choice.

    None when no provider can do it at present, or something typed can't be used; which it is,
    stands there. ``now`` is what is usual; its fallback is for recordings alone.
    """
    offered = [choice for choice in choices if choice.capabilities.live]
    usable = {c.capabilities.name: c for c in offered if c.readiness.ready}
    if not usable:
        st.error("No speech provider that is set up here can transcribe a call while it is held.")
        draw_unusable(offered)
        return None
    names = list(usable)
    name = st.selectbox(
        "Speech provider",
        names,
        index=names.index(now.provider) if now.provider in names else 0,
        format_func=lambda one: usable[one].label,
        key=f"{key}_provider",
        persist_state=keep,
        help="Who turns the sound into words while the call is held. After the call its recording "
        "is processed once more, which has the last word.",
    )
    capabilities = usable[name or names[0]].capabilities
    options = replace(
        now,
        provider=capabilities.name,
        fallback=(),
        language=draw_language(capabilities, key, now, keep),
        redact=st.toggle(
            "Take personal data out of the text",
            value=now.redact,
            key=f"{key}_redact",
            persist_state=keep,
            help="Names, numbers and addresses are replaced by their kind before a line is shown, "
            "such as [PHONE]. The unredacted text is never stored.",
        ),
    )
    draw_where_the_sound_goes(choices, capabilities, ())
    draw_unusable(offered)
    options = replace(
        options,
        provider_options=draw_provider_options(capabilities, now, key=key, keep=keep, live=True),
    )
    return draw_words_and_part(
        options, takes_vocabulary=capabilities.vocabulary, key=key, keep=keep, part=False
    )


def draw_source() -> LiveSource:
    """Draw where the sound comes from; return the choice."""
    sources = list(SOURCE_WORDS)
    chosen = st.radio(
        "Sound",
        sources,
        format_func=SOURCE_WORDS.__getitem__,
        horizontal=True,
        key="live_source",
        persist_state="session",
        help=SOURCE_HELP,
    )
    return chosen or LiveSource.BROWSER


def draw_device(found: Sequence[InputDevice]) -> int | None:
    """Draw which microphone of the server is meant; return its number."""
    by_number = {one.number: one for one in found}
    return st.selectbox(
        "Microphone",
        list(by_number),
        format_func=lambda number: (
            by_number[number].name + (" (usual one)" if by_number[number].is_default else "")
        ),
        key="live_device",
    )


def draw_microphone_toggle() -> bool:
    """Draw the button that switches the server's microphone on and off; whether it is on."""
    on: bool = toggle_button(
        "Listen to the server's microphone", key=MICROPHONE_KEY, icon=":material/mic:"
    )
    return on


def draw_recording(demo_names: Sequence[str]) -> PlayWish | None:
    """Draw which recording is to be played, and how fast; None until it is known."""
    left, right = st.columns([3, 1])
    with left:
        chosen = st.selectbox(
            "Recording",
            [*demo_names, OWN_FILE],
            format_func=_short,
            key="live_recording",
            persist_state="session",
        )
    with right:
        speed = st.selectbox(
            "Speed",
            SPEEDS,
            format_func=lambda one: f"{one:g} ×",
            key="live_speed",
            persist_state="session",
            help="How many times as fast as it was spoken.",
        )
    if chosen != OWN_FILE:
        return PlayWish(name=chosen or "", speed=speed or 1.0, demo=True) if chosen else None
    given = st.file_uploader("File", type=list(RECORDING_TYPES), key="live_file")
    if given is None:
        return None
    return PlayWish(name=given.name, speed=speed or 1.0, content=given.getvalue())


def _short(name: str) -> str:
    """Return what is known of a recording by its name, else the name."""
    known = details_from_name(name)
    said = [one for one in (known.agent_name, known.queue) if one]
    return ", ".join(said) if said and name != OWN_FILE else name
