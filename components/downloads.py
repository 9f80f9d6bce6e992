"""Figures as files: one button for each table, and what spreadsheets must not run taken out."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from services.exports.table import defused

Rows = Sequence[Mapping[str, Any]]


def draw_csv(label: str, rows: Callable[[], Rows], *, name: str) -> None:
    """Offer a table as ``partyline_name.csv``; its rows are made when it is asked for."""
    st.download_button(
        f"{label} as CSV",
        data=lambda: csv_of(rows()),
        file_name=f"partyline_{name}.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
        key=f"team_csv_{name}",
    )


def csv_of(rows: Rows) -> bytes:
    """Return rows as CSV; text that a spreadsheet would take for a formula is defused."""
    safe = [{name: defused(cell) for name, cell in row.items()} for row in rows]
    return pd.DataFrame(safe).to_csv(index=False).encode("utf-8-sig")
