"""Title, facts and actions of a call."""

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

import streamlit as st

from components.consent import consent_words
from components.heading import draw_page_title, draw_part_title
from components.languages import language_name
from components.wording import call_title, clock, duration, moment, plain
from services.domain.calls import Call
from services.domain.reviewed import ReviewedCall
from services.exports import Export, ExportFormat
from services.exports.formats import file_name

Exporter = Callable[[ExportFormat], Export]


class HeaderAct(StrEnum):
    """What the buttons of the header ask for."""

    REVIEWED = "reviewed"
    NOT_REVIEWED = "not_reviewed"
    DETAILS = "details"
    REMEMBER = "remember"
    RERUN = "rerun"
    RELABEL = "relabel"
    DELETE = "delete"


MORE_WORDS = {
    HeaderAct.REMEMBER: ":material/record_voice_over: Remember a voice…",
    HeaderAct.RERUN: ":material/restart_alt: Process again…",
    HeaderAct.RELABEL: ":material/groups: Tell speakers apart again…",
    HeaderAct.DELETE: ":material/delete: Delete this call…",
}


NEED_RECORDING = frozenset({HeaderAct.REMEMBER, HeaderAct.RERUN, HeaderAct.RELABEL})


EVERY_ACT = frozenset(HeaderAct)


@dataclass(frozen=True, kw_only=True)
class SoundDownload:
    """Where the sound of a call can be fetched; ``covered``: without its personal data."""

    url: str
    covered: bool

    @property
    def display_name(self) -> str:
        """What it is called on screen."""
        return "Sound, personal data covered" if self.covered else "Sound (MP3)"


def draw_header(
    reviewed: ReviewedCall,
    exporter: Exporter | None,
    sound: SoundDownload | None = None,
    *,
    zone: str | None,
    as_page: bool,
    may: Set[HeaderAct] = EVERY_ACT,
) -> HeaderAct | None:
    """Draw the header; ``as_page`` gives it the page's title, else that of a part.

    Nothing is offered that isn't among what the person ``may``; ``exporter`` None: no downloads.
    """
    call = reviewed.call
    words, actions = st.columns([5, 6], vertical_alignment="center")
    with words:
        draw = draw_page_title if as_page else draw_part_title
        draw(plain(call_title(call)))
    with actions, st.container(horizontal=True, horizontal_alignment="right"):
        intent = _draw_actions(call, exporter, sound, may)
    st.caption(" · ".join(_facts(reviewed, zone)))
    consent = consent_words(call.details, zone)
    if consent is not None:
        st.caption(consent)
    return intent


def call_facts(call: Call, zone: str | None) -> str:
    """Return what is known of a call without a transcript, in a line below its title."""
    facts = [moment(call.held_at, zone)]
    if call.audio:
        facts.append(duration(call.audio.duration_ms))
    if call.details.queue:
        facts.append(f"Queue {plain(call.details.queue)}")
    if call.source_name != call_title(call):
        facts.append(f"File {plain(call.source_name)}")
    return " · ".join(facts)


def _facts(reviewed: ReviewedCall, zone: str | None) -> list[str]:
    call, transcript = reviewed.call, reviewed.transcript
    facts = [moment(call.held_at, zone), duration(transcript.duration_ms)]
    if call.details.queue:
        facts.append(f"Queue {plain(call.details.queue)}")
    if transcript.language:
        facts.append(language_name(transcript.language))
    if transcript.part is not None:
        start, end = clock(transcript.part.start_ms), clock(transcript.part.end_ms)
        facts.append(f":material/content_cut: Transcribed from {start} to {end}")
    if transcript.redacted:
        facts.append(":material/shield: Personal data taken out")
    if call.is_demo:
        facts.append("Demo call")
    if call.reviewed_at:
        by = f" by {plain(call.reviewed_by)}" if call.reviewed_by else ""
        facts.append(f"**:material/check_circle: Reviewed{by}**")
    return facts


def _draw_actions(
    call: Call,
    exporter: Exporter | None,
    sound: SoundDownload | None,
    may: Set[HeaderAct],
) -> HeaderAct | None:
    intent: HeaderAct | None = None
    if HeaderAct.REVIEWED not in may:
        pass
    elif call.reviewed_at is None:
        if st.button("Mark as reviewed", icon=":material/check:", type="primary", key="call_mark"):
            intent = HeaderAct.REVIEWED
    elif st.button("Not reviewed after all", icon=":material/undo:", key="call_unmark"):
        intent = HeaderAct.NOT_REVIEWED
    if exporter is not None:
        with st.popover("Download", icon=":material/download:"):
            _draw_downloads(exporter, call)
            if sound is not None:
                st.link_button(sound.display_name, sound.url, width="stretch")
    if HeaderAct.DETAILS in may and st.button(
        "Details…", icon=":material/edit_note:", key="call_details"
    ):
        intent = HeaderAct.DETAILS
    offered = [
        act
        for act in MORE_WORDS
        if act in may and (call.has_recording or act not in NEED_RECORDING)
    ]
    return _draw_more(offered) or intent if offered else intent


def _draw_more(offered: Sequence[HeaderAct]) -> HeaderAct | None:
    # A menu closes when something is chosen; it would lie over the question that is asked then.
    more: HeaderAct | None = st.menu_button(
        "More",
        offered,
        icon=":material/more_horiz:",
        format_func=lambda act: MORE_WORDS[act],
        key="call_more",
    )
    return more


def _draw_downloads(exporter: Exporter, call: Call) -> None:
    st.caption("With all names, roles and corrections as shown here.")

    def content(fmt: ExportFormat) -> bytes:
        return exporter(fmt).content

    for fmt in ExportFormat:
        st.download_button(
            fmt.display_name,
            data=partial(content, fmt),
            file_name=file_name(call.source_name, fmt),
            mime=fmt.media_type,
            key=f"download_{fmt}",
            on_click="ignore",
            width="stretch",
        )
