"""The Live page before a call: its source, its options, and how it is begun."""

from dataclasses import replace
from pathlib import Path

import streamlit as st

from app import session
from components._compat import time_zone
from components.consent import draw_consent, draw_consent_way
from components.heading import draw_panel_title
from components.live_form import (
    PlayWish,
    draw_device,
    draw_live_options,
    draw_microphone_toggle,
    draw_recording,
    draw_source,
)
from components.live_recorder import Discarded, Here, RecorderOrder, Start, draw_live_recorder
from components.options_form import draw_details
from components.wording import duration, moment, plain
from pages._live import look_at
from pages._live_opening import NO_CONSENT, begin_call, name_by_time
from pages._phone_begin import draw_phone_beginning
from pages._runs import provider_choices
from services.analysis.file_names import details_from_name
from services.audio.microphone import OpenMicrophone, devices
from services.domain.calls import CallDetails, ProcessingOptions
from services.domain.errors import NotFound, PartylineError
from services.domain.live_calls import LiveSource, RunningCall
from services.live.options import as_recorded
from services.live.recording.played import PlayedRecording, opener_of

NO_SOCKET = (
    "Sound can't be sent from here while it is recorded: something between this browser and the "
    "server refuses WebSockets. What was said until now is not kept. Record the whole call here "
    "instead; it is processed when you stop."
)


def draw_my_calls() -> None:
    """Name the calls this person has running, so that one can go on with them."""
    calls = session.services().live.mine(session.current_user())
    if not calls:
        return
    with st.container(border=True):
        draw_panel_title("Your calls that are running")
        for call in calls:
            with st.container(horizontal=True, vertical_alignment="center"):
                began = moment(call.began_at, time_zone())
                said = f"{plain(call.name)} · began {began} · {duration(call.received_ms)}"
                st.markdown(said, width="stretch")
                if st.button("Go to it", key=f"live_go_{call.id}"):
                    look_at(call.id)
                    st.rerun()


def draw_beginning() -> None:
    """Draw what a call can be begun with, and begin it when that is asked for."""
    if session.take_warming():
        session.services().live.warm_up()
    sound, options_side = st.columns([3, 2], gap="medium")
    with sound:
        source = draw_source()
    if source is LiveSource.PHONE:
        draw_phone_beginning(sound, options_side)
        return
    with options_side, st.container(border=True):
        draw_panel_title("How it is transcribed")
        defaults = session.services().settings.default_options
        options = draw_live_options(provider_choices(), key="live", now=defaults)
        with st.expander("About the call", icon=":material/badge:"):
            details = draw_details(key="live", from_name=False)
    with sound:
        if options is None:
            st.info("A call can be begun once the options are put right.")
            return
        refusal = session.live_here().refusal
        if refusal:
            st.error(plain(refusal), icon=":material/error:")
        match source:
            case LiveSource.MICROPHONE:
                _draw_microphone(options, details)
            case LiveSource.RECORDING:
                _draw_recording(options, details)
            case _ if session.live_here().no_socket:
                _draw_whole_recording(options, details)
            case _:
                _draw_recorder(options, details)


# --- the browser's microphone -----------------------------------------------------------------


def _draw_recorder(options: ProcessingOptions, details: CallDetails) -> None:
    services, here = session.services(), session.live_here()
    way = draw_consent_way(key="live")
    intent = draw_live_recorder(
        RecorderOrder(
            attempt=here.attempt,
            refused=here.refusal is not None,
            can_share_tab=services.providers.capabilities(options.provider).live_channels > 1,
            consent_required=services.settings.consent_required,
            consent_notice=services.settings.consent_notice,
        )
    )
    match intent:
        case Start():
            consent = way if intent.consent else None
            _begin_recording(intent, options, replace(details, consent=consent))
            st.rerun()
        case Here():
            # An address that is none any more is told of by the page.
            look_at(intent.call_id)
            st.rerun()
        case Discarded():
            session.forget_live_call()


def _begin_recording(start: Start, options: ProcessingOptions, details: CallDetails) -> None:
    services = session.services()
    session.change_live_here(attempt=start.attempt, refusal=None)
    if services.settings.consent_required and details.consent is None:
        session.change_live_here(refusal=NO_CONSENT)
        return
    begin_call(
        lambda: services.live.begin(
            session.current_user(),
            name_by_time(),
            options,
            details,
            channels=start.channels,
            source=start.source,
        )
    )


def _draw_whole_recording(options: ProcessingOptions, details: CallDetails) -> None:
    """Draw what remains where sound can't be sent while it is recorded."""
    services, user = session.services(), session.current_user()
    st.warning(NO_SOCKET, icon=":material/wifi_off:")
    agreed = _with_consent(details)
    if agreed is None:
        return
    recorded = st.audio_input("Record the call", sample_rate=16_000, key="live_whole")
    if st.button("Try again to send it while it is recorded", key="live_try_again"):
        session.change_live_here(no_socket=False)
        st.rerun()
    if recorded is None:
        return
    capabilities = services.providers.capabilities(options.provider)
    try:
        with services.intake.begin(user, f"{name_by_time()}.wav") as incoming:
            incoming.write(recorded.getvalue())
            taken = incoming.commit(as_recorded(capabilities, options), agreed)
    except PartylineError as error:
        st.error(plain(error.user_message), icon=":material/error:")
        return
    session.add_to_batch([taken.call_id])
    st.switch_page("../pages/transcribe.py")


def _with_consent(details: CallDetails) -> CallDetails | None:
    """Draw how everybody is told; return the details with it, None while it is missing."""
    settings = session.services().settings
    consent = draw_consent(settings.consent_notice, key="live")
    if consent is None and settings.consent_required:
        st.caption(NO_CONSENT)
        return None
    return replace(details, consent=consent)


# --- sound of the server ----------------------------------------------------------------------


def _draw_microphone(options: ProcessingOptions, details: CallDetails) -> None:
    try:
        device = draw_device(devices())
    except PartylineError as error:
        st.info(
            f"{plain(error.user_message)} What is meant here is the microphone of the machine that "
            "Partyline runs on.",
            icon=":material/mic_off:",
        )
        return
    agreed = _with_consent(details)
    if agreed is not None and draw_microphone_toggle():
        begin_call(lambda: _listening(device, options, agreed))
        session.set_microphone(session.live_here().call_id is not None)
        st.rerun()


def _listening(device: int | None, options: ProcessingOptions, details: CallDetails) -> RunningCall:
    user, live = session.current_user(), session.services().live
    chunks = OpenMicrophone(device)
    try:
        call = live.begin(
            user, name_by_time(), options, details, channels=1, source=LiveSource.MICROPHONE
        )
        # As fast as the device gives it, which is real time.
        live.play(user, call.id, chunks, 0)
    except BaseException:
        chunks.close()
        raise
    return call


def _draw_recording(options: ProcessingOptions, details: CallDetails) -> None:
    demo = _demo_recordings()
    wish = draw_recording(list(demo))
    agreed = _with_consent(details)
    begin = st.button(
        "Play it as a live call",
        icon=":material/play_circle:",
        type="primary",
        disabled=wish is None or agreed is None,
    )
    if begin and wish is not None and agreed is not None:
        begin_call(lambda: _playing(wish, demo, options, agreed))
        st.rerun()


def _demo_recordings() -> dict[str, Path]:
    try:
        return {path.name: path for path in session.services().desk.demo_recordings()}
    except NotFound:
        return {}


def _playing(
    wish: PlayWish, demo: dict[str, Path], options: ProcessingOptions, details: CallDetails
) -> RunningCall:
    user, services = session.current_user(), session.services()
    content = demo[wish.name].read_bytes() if wish.demo else wish.content
    chunks = PlayedRecording(
        opener_of(content),
        wish.name,
        services.providers.capabilities(options.provider),
        working_folder=services.settings.working_folder,
        max_duration_ms=services.settings.max_duration_ms,
        decode=services.decode,
    )
    try:
        call = services.live.begin(
            user,
            wish.name,
            options,
            _completed(details, details_from_name(wish.name)),
            channels=chunks.sound.channels,
            source=LiveSource.RECORDING,
        )
        services.live.play(user, call.id, chunks, wish.speed)
    except BaseException:
        chunks.close()
        raise
    return call


def _completed(given: CallDetails, read: CallDetails) -> CallDetails:
    """Return what is known of a call: what the person says goes before what the name says."""
    return replace(
        given,
        agent_name=given.agent_name or read.agent_name,
        queue=given.queue or read.queue,
        customer_ref=given.customer_ref or read.customer_ref,
        direction=given.direction or read.direction,
    )
