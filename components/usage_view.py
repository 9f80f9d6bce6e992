"""Space, growth and cost, drawn; nothing is measured here."""

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from components.heading import draw_empty, draw_panel_title
from components.wording import plain, plural, size
from services.domain.usage import HOUR_MS, MINUTE_MS, MonthGrowth, ProviderMonth, SoundSpace, Space

LENGTH = "Length (hours)"
KINDS = {
    "database": "Database (transcripts, figures, jobs)",
    "models": "Speech models",
    "working files": "Working files of running jobs",
    "calls being held": "Sound of calls being held",
}


def draw_space(spaces: Sequence[Space], sound: SoundSpace | None) -> bool:
    """Draw what lies where; return whether the stored sound is to be measured."""
    draw_panel_title("Space")
    lines = [f"- {KINDS.get(one.kind, one.kind)}: **{size(one.size_bytes)}**" for one in spaces]
    if sound is not None:
        files = plural(sound.files, "file")
        lines.append(f"- Recordings and what is played: **{size(sound.size_bytes)}** in {files}")
    st.markdown("\n".join(lines))
    if sound is not None and sound.orphans:
        _draw_orphans(sound)
    return st.button(
        "Measure the recordings" if sound is None else "Measure again",
        icon=":material/straighten:",
        help="Looks at every stored file; with very many that takes minutes.",
    )


def draw_growth(months: Sequence[MonthGrowth]) -> None:
    """Draw what each month has brought."""
    draw_panel_title(
        "Growth",
        explanation="Calls that are stored now, in the month in which they were held. "
        "Received is the size of the files as they came in.",
    )
    if not months:
        draw_empty("No call of the last twelve months is stored.")
        return
    rows = pd.DataFrame(
        {
            "Month": [one.month for one in months],
            "Calls": [one.calls for one in months],
            LENGTH: [one.duration_ms / HOUR_MS for one in months],
            "Received": [size(one.size_bytes) for one in months],
        }
    )
    st.dataframe(
        rows,
        hide_index=True,
        height="content",
        column_config={LENGTH: st.column_config.NumberColumn(format="%.1f")},
        alt="Calls, hours and bytes by month",
    )


def draw_minutes(months: Sequence[ProviderMonth], titles: Mapping[str, str], currency: str) -> None:
    """Draw what providers have transcribed, and what that costs as prices are set here."""
    draw_panel_title(
        "Transcribed",
        explanation="Sound that runs have had transcribed, also of calls deleted since. A run that "
        "was repeated counts again; one that failed does not, though a provider may charge for it.",
    )
    if not months:
        draw_empty("Nothing has been transcribed in the last twelve months.")
        return
    rows = pd.DataFrame(
        {
            "Month": [one.month for one in months],
            "By": [titles.get(one.provider, one.provider) for one in months],
            "Runs": [one.runs for one in months],
            "Minutes": [one.audio_ms / MINUTE_MS for one in months],
            f"Cost ({currency})" if currency else "Cost": [_cost(one.cost) for one in months],
        }
    )
    st.dataframe(
        rows,
        hide_index=True,
        column_config={"Minutes": st.column_config.NumberColumn(format="%.1f")},
        alt="Minutes and cost by month and provider",
    )
    missing = {titles.get(one.provider, one.provider) for one in months if one.cost is None}
    if missing:
        names = plain(", ".join(sorted(missing)))
        st.caption(f"No price is set for {names}; see docs/deploying.md for the settings.")


def _draw_orphans(sound: SoundSpace) -> None:
    st.warning(
        f"Without a call: {plural(sound.orphans, 'file')}, {size(sound.orphan_bytes)}. Nobody can "
        "hear that; a worker removes it within hours.",
        icon=":material/cleaning_services:",
    )


def _cost(cost: float | None) -> str:
    return "not set" if cost is None else f"{cost:.2f}"
