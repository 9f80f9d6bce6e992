"""Panels beside the transcript: who talked, how it felt, how loud it was."""

import streamlit as st

from components.charts.frame import show
from components.charts.loudness import loudness_figure, loudness_text
from components.charts.sentiment import sentiment_figure, sentiment_text
from components.charts.talk_ratio import talk_ratio_figure, talk_ratio_text
from components.heading import draw_panel_title
from components.wording import length, plain
from services.domain.calls import FINISHED_STATES
from services.domain.captions import is_captions
from services.domain.findings import SENTENCES, FindingKind
from services.domain.reviewed import ReviewedCall
from services.providers.fallback import STAGE as FALLBACK_STAGE


def draw_findings(reviewed: ReviewedCall) -> None:
    """Draw what was noticed about the sound, if anything but that there is none."""
    findings = reviewed.call.audio.findings if reviewed.call.audio else ()
    told = [finding for finding in findings if finding.kind is not FindingKind.NO_RECORDING]
    said = list(dict.fromkeys(finding.sentence_with_figures for finding in told))
    if len(said) == 1:
        st.caption(f":material/hearing: About the sound: {said[0]}")
    elif said:
        lines = "\n".join(f"- {words}" for words in said)
        st.caption(f":material/hearing: About the sound:\n{lines}")


def draw_captions_note(reviewed: ReviewedCall) -> None:
    """Draw that what is shown was understood while the call was held, if so."""
    if not reviewed.call.has_recording:
        st.info(SENTENCES[FindingKind.NO_RECORDING], icon=":material/phone_in_talk:")
        return
    if not is_captions(reviewed.transcript.provider):
        return
    if reviewed.call.state in FINISHED_STATES:
        after = "The recording itself has not been transcribed: choose Process again for that."
    else:
        after = "The recording is being transcribed now and will replace them."
    st.info(f"These are the captions of the live call. {after}", icon=":material/closed_caption:")


def draw_fallback(reviewed: ReviewedCall) -> None:
    """Draw why another provider transcribed the call than the one that was asked first, if so."""
    told = reviewed.transcript.stages.get(FALLBACK_STAGE)
    if told is not None:
        st.info(plain(told), icon=":material/alt_route:")


def draw_talk(reviewed: ReviewedCall) -> None:
    """Draw how talking and listening are divided."""
    transcript, metrics = reviewed.transcript, reviewed.analysis.metrics
    with st.container(border=True):
        draw_panel_title("Talking and listening")
        if not metrics.speech_ms:
            has_sound = reviewed.call.has_recording
            st.caption(
                "Nobody speaks in this call." if has_sound else "There are no words of this call."
            )
            return
        text = talk_ratio_text(transcript, metrics)
        show(talk_ratio_figure(transcript, metrics), key="chart_talk", alt=text)
        st.caption(
            f"{plain(text)} For context: 43 : 57 is often quoted from sales calls; "
            "it is no target for support."
        )


def draw_sentiment(reviewed: ReviewedCall) -> None:
    """Draw the sentiment of every line and its course."""
    with st.container(border=True):
        draw_panel_title("Sentiment over the call")
        text = sentiment_text(reviewed)
        if reviewed.analysis.metrics.sentiment_mean is not None:
            show(sentiment_figure(reviewed), key="chart_sentiment", alt=text)
        st.caption(text)


def draw_loudness(reviewed: ReviewedCall) -> None:
    """Draw the loudness of each speaker where it was measured; else why it can't be, if so."""
    transcript = reviewed.transcript
    if not reviewed.call.has_recording:
        with st.container(border=True):
            draw_panel_title("Loudness")
            st.caption("Loudness is measured from a recording, and this call has none.")
        return
    if not any(transcript.loudness_dbfs.values()):
        return
    with st.container(border=True):
        draw_panel_title("Loudness")
        text = loudness_text(transcript)
        show(loudness_figure(transcript), key="chart_loudness", alt=text)
        st.caption(plain(text))


def draw_processed_by(reviewed: ReviewedCall) -> None:
    """Draw which part of the work was done by what."""
    for part, done_by in reviewed.transcript.stages.items():
        st.markdown(f"- {plain(part.replace('_', ' ').capitalize())}: {plain(done_by)}")
    if not reviewed.transcript.stages:
        st.caption(f"Provider: {plain(reviewed.transcript.provider)}")
    audio = reviewed.call.audio
    if not reviewed.call.has_recording:
        st.caption("Sound: none; the telephone service sent words.")
    elif audio:
        channels = "one channel" if audio.channels == 1 else f"{audio.channels} channels"
        st.caption(
            f"Sound: {plain(audio.codec)} in {plain(audio.container)}, "
            f"{audio.sample_rate / 1000:g} kHz, {channels}, {length(audio.duration_ms)}"
        )
