"""What stands on the Live call page while calls can't be transcribed as they happen yet."""

import streamlit as st

from components.heading import draw_panel_title

COMING = (
    (":material/mic:", "From this browser", "Speak, or play a call, into the microphone."),
    (":material/phone_in_talk:", "From the phone system", "Calls that are running right now."),
    (":material/closed_caption:", "Words as they are said", "With speaker and sentiment."),
    (":material/notifications_active:", "Warnings during the call", "Long silence, falling mood."),
)


def draw_live_preview() -> bool:
    """Draw what is coming and what works today; return whether to go to the Transcribe page."""
    with st.container(border=True):
        draw_panel_title("Live calls are not part of this version yet")
        st.markdown(
            "Nothing on this page listens: no microphone is used and no phone system is connected."
        )
        st.markdown("**What works today:** record the call, then drop the file on Transcribe.")
        wanted = st.button("Go to Transcribe", icon=":material/upload_file:", type="primary")
    draw_panel_title("What is coming here")
    with st.container(key="coming_cards"):
        for icon, title, sentence in COMING:
            with st.container(border=True, height="stretch"):
                st.markdown(f"{icon} **{title}**")
                st.caption(sentence)
    return wanted
