"""The people whose voices are known."""

from collections.abc import Sequence
from zlib import crc32

import pandas as pd
import streamlit as st

from components._compat import clicked_row
from components.wording import ROLE_WORDS, duration, plural
from services.domain.voices import KnownVoice, VoiceQuality

QUALITY_WORDS = {
    VoiceQuality.GOOD: "✓ Good",
    VoiceQuality.USABLE: "● Usable",
    VoiceQuality.POOR: "▼ Poor",
}
CHANGE_LABEL = "Change…"
COLUMNS = ["change", "name", "role", "quality", "speech", "since"]


def draw_voices(
    voices: Sequence[KnownVoice], *, zone: str | None, may_change: bool
) -> KnownVoice | None:
    """Draw the known voices; return the one whose button was pressed."""
    key = f"voices_{crc32(','.join(v.id for v in voices).encode()):08x}"
    column = st.column_config
    st.dataframe(
        voices_frame(voices, zone),
        key=f"{key}_table",
        hide_index=True,
        height="content",
        alt=f"Table of {plural(len(voices), 'known voice')}",
        column_order=None if may_change else [c for c in COLUMNS if c != "change"],
        column_config={
            "change": column.ButtonColumn("", key=f"{key}_change", type="tertiary", width=85),
            "name": column.TextColumn("Name", width=200),
            "role": column.TextColumn("Usual role", width=120),
            "quality": column.TextColumn(
                "Quality", width=100, help="How far the recording lets the voice be recognised"
            ),
            "speech": column.TextColumn(
                "Speech used", width=110, alignment="right", help="From 10 s up to 2 min"
            ),
            "since": column.DatetimeColumn("Known since", format="D MMM YYYY, HH:mm", width=150),
        },
    )
    clicked = clicked_row(f"{key}_change")
    return voices[clicked[0]] if clicked and clicked[0] < len(voices) else None


def voices_frame(voices: Sequence[KnownVoice], zone: str | None) -> pd.DataFrame:
    """Return the voices as a frame with the table's columns."""
    rows = []
    for voice in voices:
        since = pd.Timestamp(voice.created_at)
        rows.append(
            [
                CHANGE_LABEL,
                voice.name,
                ROLE_WORDS[voice.role],
                QUALITY_WORDS[voice.quality],
                duration(voice.speech_ms),
                since.tz_convert(zone) if zone else since,
            ]
        )
    return pd.DataFrame(rows, columns=COLUMNS)
