"""The figures of a call: cards for what matters first, a table for all of them."""

import pandas as pd
import streamlit as st

from components import palette
from components.charts.talk_ratio import talk_listen_text
from components.wording import (
    MISSING,
    NEEDS_RECORDING,
    ROLE_WORDS,
    SENTIMENT_WORDS,
    duration,
    number,
    percent,
    plural,
    signed,
)
from services.domain.metrics import CallMetrics, SpeakerMetrics
from services.domain.reviewed import ReviewedCall
from services.domain.speech import SpeakerRole, Transcript
from services.storage.figures import label_of_call


def draw_cards(reviewed: ReviewedCall) -> None:
    """Draw the cards in as many rows as the width asks for."""
    with st.container(key="figure_cards"):
        for label, value, note, explanation in _cards(reviewed):
            st.metric(
                label,
                value,
                delta=note,
                delta_color="off",
                delta_arrow="off",
                help=explanation,
                border=True,
            )


def _cards(reviewed: ReviewedCall) -> list[tuple[str, str, str | None, str]]:
    m, transcript = reviewed.analysis.metrics, reviewed.transcript
    agent, customer = (
        _interruptions(transcript, m, role) for role in (SpeakerRole.AGENT, SpeakerRole.CUSTOMER)
    )
    label = label_of_call(m.customer_sentiment_mean, m.sentiment_mean)
    mean = m.sentiment_mean if m.customer_sentiment_mean is None else m.customer_sentiment_mean
    whole = max(1, m.duration_ms)
    return [
        (
            "Talk : listen",
            talk_listen_text(transcript, m),
            "agent : customer, %",
            "The agent's share of all talk against everybody else's. Overlap counts for both.",
        ),
        (
            "Sentiment",
            SENTIMENT_WORDS[label] if label else MISSING,
            f"customer {signed(mean)}" if mean is not None else None,
            "Mean score of the customer's lines, from −1 to +1.",
        ),
        (
            "Trend",
            signed(m.sentiment_trend),
            f"customer, n = {m.sentiment_n}",
            "Customer's mean in the last quarter of the call minus the first quarter.",
        ),
        (
            "Nobody speaks",
            percent(m.non_talk_ms / whole),
            f"longest {duration(m.longest_silence_ms)}",
            "Share of the call in which nobody speaks, holds included.",
        ),
        (
            "Hold",
            duration(m.hold_ms) if reviewed.holds_known else MISSING,
            plural(m.hold_count, "hold") if reviewed.holds_known else NEEDS_RECORDING,
            "Music, a tone or announced silence while one party waits.",
        ),
        (
            "Both at once",
            duration(m.overlap_ms),
            f"{m.overlap_count} times, {percent(m.overlap_share_of_speech)}",
            "How long both parties speak at the same time. Above 10 % of talk is cross-talk.",
        ),
        (
            "Interruptions",
            f"{agent} : {customer}",
            "agent : customer",
            "Starting while the other speaks and taking the floor; listening signals don't count.",
        ),
        (
            "Agent responds",
            duration(m.patience_ms),
            f"after, median of {m.patience_n}",
            "Median gap from the end of the customer's words to the agent's first.",
        ),
    ]


def _interruptions(transcript: Transcript, metrics: CallMetrics, role: SpeakerRole) -> str:
    speakers = [s.id for s in transcript.speakers if s.role is role]
    if not speakers:
        return MISSING
    known = [metrics.by_speaker[s] for s in speakers if s in metrics.by_speaker]
    return str(sum(k.interruptions for k in known))


def draw_all_figures(reviewed: ReviewedCall) -> None:
    """Draw every figure of the call and of each speaker as tables."""
    transcript, metrics = reviewed.transcript, reviewed.analysis.metrics
    columns = {"Figure": [name for name, _ in _speaker_rows(None)]}
    for speaker in palette.role_first(transcript):
        title = speaker.label
        role = ROLE_WORDS[speaker.role]
        if speaker.role is not SpeakerRole.UNKNOWN and role.lower() != title.lower():
            title = f"{title} ({role.lower()})"
        found = metrics.by_speaker.get(speaker.id)
        columns[title] = [value for _, value in _speaker_rows(found)]
    st.dataframe(
        pd.DataFrame(columns), hide_index=True, height="content", alt="Figures of each speaker"
    )
    rows = _call_rows(metrics, holds_known=reviewed.holds_known)
    st.dataframe(
        pd.DataFrame(rows, columns=["Figure", "Value"]),
        hide_index=True,
        height="content",
        alt="Figures of the call",
    )


def _speaker_rows(m: SpeakerMetrics | None) -> list[tuple[str, str]]:
    return [
        ("Talk time", duration(m.talk_ms if m else None)),
        ("Share of the call", percent(m.talk_share_of_call if m else None, 1)),
        ("Share of all talk", percent(m.talk_share_of_speech if m else None, 1)),
        ("Talk ÷ others' talk", number(m.talk_listen_ratio if m else None, 2)),
        ("Words", number(m.words if m else None)),
        ("Words per minute of talk", number(m.words_per_minute if m else None)),
        ("Interruptions", number(m.interruptions if m else None)),
        ("Longest monologue", duration(m.longest_monologue_ms if m else None)),
        ("Questions", number(m.questions if m else None)),
        ("Questions per minute of talk", number(m.questions_per_minute if m else None, 1)),
        ("Fillers per 100 words", number(m.fillers_per_100_words if m else None, 1)),
    ]


def _call_rows(m: CallMetrics, *, holds_known: bool) -> list[tuple[str, str]]:
    hold = f"{duration(m.hold_ms)} in {plural(m.hold_count, 'hold')}"
    return [
        ("Duration", duration(m.duration_ms)),
        ("Somebody speaks", duration(m.speech_ms)),
        ("Nobody speaks (holds included)", duration(m.non_talk_ms)),
        ("Silences over 3 s", duration(m.silence_ms)),
        ("Longest silence", duration(m.longest_silence_ms)),
        (
            "Dead air over 5 s" if holds_known else "Dead air over 5 s (holds included)",
            f"{duration(m.dead_air_ms)} in {plural(m.dead_air_count, 'place')}",
        ),
        ("Hold", hold if holds_known else NEEDS_RECORDING),
        ("Both at once", f"{duration(m.overlap_ms)} in {plural(m.overlap_count, 'place')}"),
        ("Mean overlap", duration(m.overlap_mean_ms)),
        ("Changes of speaker", number(m.switches)),
        ("Changes of speaker per minute", number(m.switches_per_minute, 1)),
        ("Agent answers after (median)", f"{duration(m.patience_ms)}, n = {m.patience_n}"),
        ("Customer answers after (median)", f"{duration(m.response_ms)}, n = {m.response_n}"),
        ("Mean sentiment, everybody", signed(m.sentiment_mean)),
        ("Mean sentiment, customer", signed(m.customer_sentiment_mean)),
        ("Negative lines", number(m.negative_utterances)),
    ]
