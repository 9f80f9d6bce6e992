"""The conditions of a rule that rest on figures, in its form."""

from dataclasses import replace

import streamlit as st

from components.rule_words import ANYBODY_WORDS, SAID_BY_WORDS, SENTIMENT_OF_WORDS, SILENCE_WORDS
from services.domain.rules import Interruptions, SentimentLevel, SentimentOf, Silence, TalkShare
from services.domain.speech import SpeakerRole
from services.understanding.rules.simple import MS_PER_S, SimpleCondition


def draw_figures(simple: SimpleCondition, key: str) -> SimpleCondition:
    """Draw the conditions; return what is asked for with those that are chosen."""
    any_of_them = st.toggle(
        "One of all conditions is enough, instead of all of them together",
        value=simple.any_of_them,
        key=f"{key}_any",
    )
    left, right = st.columns(2)
    with left:
        sentiment = _draw_sentiment(simple.sentiment, key)
        interruptions = _draw_interruptions(simple.interruptions, key)
    with right:
        silence = _draw_silence(simple.silence, key)
        share = _draw_share(simple.talk_share, key)
    return replace(
        simple,
        any_of_them=any_of_them,
        sentiment=sentiment,
        interruptions=interruptions,
        silence=silence,
        talk_share=share,
    )


def _draw_sentiment(now: SentimentLevel | None, key: str) -> SentimentLevel | None:
    wanted = st.checkbox("Sentiment", value=now is not None, key=f"{key}_mood")
    now = now or SentimentLevel(of=SentimentOf.FINAL, role=SpeakerRole.CUSTOMER, at_most=-0.3)
    of = st.selectbox(
        "Which",
        list(SENTIMENT_OF_WORDS),
        index=list(SENTIMENT_OF_WORDS).index(now.of),
        format_func=lambda o: SENTIMENT_OF_WORDS[o],
        key=f"{key}_mood_of",
    )
    role = draw_role("Whose", now.role, f"{key}_mood_by")
    below = st.segmented_control(
        "Is",
        [True, False],
        default=now.at_most is not None,
        format_func=lambda b: "at most" if b else "at least",
        key=f"{key}_mood_is",
        required=True,
    )
    bound = now.at_most if now.at_most is not None else now.at_least
    level = st.number_input(
        "Score from −1 to 1", -2.0, 2.0, float(bound or 0), step=0.1, key=f"{key}_mood_level"
    )
    if not wanted:
        return None
    level = round(level, 3)
    return SentimentLevel(
        of=of, role=role, at_most=level if below else None, at_least=None if below else level
    )


def _draw_silence(now: Silence | None, key: str) -> Silence | None:
    wanted = st.checkbox("Silence or hold", value=now is not None, key=f"{key}_still")
    now = now or Silence(at_least_ms=30_000)
    kind = st.selectbox(
        "Kind",
        list(SILENCE_WORDS),
        index=list(SILENCE_WORDS).index(now.kind),
        format_func=lambda k: SILENCE_WORDS[k],
        key=f"{key}_still_kind",
    )
    seconds = st.number_input(
        "At least so many seconds long", 0, 86_400, now.at_least_ms // MS_PER_S,
        key=f"{key}_still_s",
    )  # fmt: skip
    return Silence(kind=kind, at_least_ms=int(seconds) * MS_PER_S) if wanted else None


def _draw_interruptions(now: Interruptions | None, key: str) -> Interruptions | None:
    wanted = st.checkbox("Interruptions", value=now is not None, key=f"{key}_cut")
    now = now or Interruptions(by=SpeakerRole.AGENT, at_least=3)
    by = draw_role("By", now.by, f"{key}_cut_by")
    times = st.number_input("At least so many", 1, 1_000, now.at_least, key=f"{key}_cut_n")
    return Interruptions(by=by, at_least=int(times)) if wanted else None


def _draw_share(now: TalkShare | None, key: str) -> TalkShare | None:
    wanted = st.checkbox("Share of all talk", value=now is not None, key=f"{key}_share")
    now = now or TalkShare(role=SpeakerRole.AGENT, at_least=0.7)
    roles = list(SAID_BY_WORDS)
    role = st.selectbox(
        "Whose share",
        roles,
        index=roles.index(now.role),
        format_func=lambda r: SAID_BY_WORDS[r],
        key=f"{key}_share_by",
    )
    least = st.number_input(
        "At least so many percent", 0, 100, round((now.at_least or 0) * 100), key=f"{key}_share_n"
    )
    return TalkShare(role=role or now.role, at_least=least / 100) if wanted else None


def draw_role(label: str, now: SpeakerRole | None, key: str) -> SpeakerRole | None:
    """Draw the choice of a role or anybody."""
    roles = list(ANYBODY_WORDS)
    return st.selectbox(
        label, roles, index=roles.index(now), format_func=lambda r: ANYBODY_WORDS[r], key=key
    )
