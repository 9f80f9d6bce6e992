"""Panels beside the transcript: what happened, who talked, how it felt, how loud it was."""

import streamlit as st

from components.charts.frame import show
from components.charts.loudness import loudness_figure, loudness_text
from components.charts.sentiment import sentiment_figure, sentiment_text
from components.charts.talk_ratio import talk_ratio_figure, talk_ratio_text
from components.heading import draw_panel_title
from components.wording import clock, plain
from services.domain.reviewed import ReviewedCall
from services.domain.speech import Statement, Summary

RESOLVED_WORDS = {True: "Resolved", False: "Not resolved", None: "Not clear from the call"}


def draw_findings(reviewed: ReviewedCall) -> None:
    """Draw what was noticed about the sound, if anything."""
    findings = reviewed.call.audio.findings if reviewed.call.audio else ()
    said = list(dict.fromkeys(finding.sentence_with_figures for finding in findings))
    if len(said) == 1:
        st.caption(f":material/hearing: About the sound: {said[0]}")
    elif said:
        lines = "\n".join(f"- {words}" for words in said)
        st.caption(f":material/hearing: About the sound:\n{lines}")


def draw_summary(reviewed: ReviewedCall) -> int | None:
    """Draw what happened in the call; return the place in ms of a statement that was clicked."""
    summary = reviewed.transcript.summary
    groups = [(title, statements) for title, statements in _groups(summary) if statements]
    if summary is None or not groups:
        return None
    clicked: int | None = None
    with st.container(border=True, gap="small", key="summary"):
        draw_panel_title("What happened")
        st.caption(f"{RESOLVED_WORDS[summary.resolved]}. Taken from the call's own words.")
        for title, statements in groups:
            st.markdown(f"**{title}**")
            for number, statement in enumerate(statements):
                at = _draw_statement(statement, reviewed, key=f"said_{title}_{number}")
                clicked = at if at is not None else clicked
    return clicked


def _groups(summary: Summary | None) -> list[tuple[str, tuple[Statement, ...]]]:
    if summary is None:
        return []
    return [
        ("Reason", (summary.reason,) if summary.reason else ()),
        ("What was done", summary.actions),
        ("Outcome", (summary.outcome,) if summary.outcome else ()),
        ("Promises", summary.promises),
        ("To do", summary.action_items),
        ("Next steps", summary.next_steps),
    ]


def _draw_statement(statement: Statement, reviewed: ReviewedCall, *, key: str) -> int | None:
    first = _first_place(statement, reviewed)
    with st.container(horizontal=True, wrap=False, gap="small", vertical_alignment="top"):
        pressed = first is not None and st.button(
            clock(first), key=key, type="tertiary", icon=":material/play_arrow:", help="Listen"
        )
        st.markdown(plain(statement.text), width="stretch")
    return first if pressed else None


def _first_place(statement: Statement, reviewed: ReviewedCall) -> int | None:
    """Return where the first line a statement rests on begins."""
    wanted = set(statement.utterances)
    return next((u.start_ms for u in reviewed.transcript.utterances if u.id in wanted), None)


def draw_talk(reviewed: ReviewedCall) -> None:
    """Draw how talking and listening are divided."""
    transcript, metrics = reviewed.transcript, reviewed.analysis.metrics
    with st.container(border=True):
        draw_panel_title("Talking and listening")
        if not metrics.speech_ms:
            st.caption("Nobody speaks in this call.")
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
    """Draw the loudness of each speaker, when the provider measured it."""
    transcript = reviewed.transcript
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
    if audio:
        channels = "one channel" if audio.channels == 1 else f"{audio.channels} channels"
        st.caption(
            f"Sound: {plain(audio.codec)} in {plain(audio.container)}, "
            f"{audio.sample_rate / 1000:g} kHz, {channels}, {clock(audio.duration_ms)}"
        )
