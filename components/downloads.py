"""Figures as files: two buttons for each table, and what spreadsheets must not run taken out."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from io import BytesIO
from typing import Any

import pandas as pd
import streamlit as st

from services.exports.table import defused

Rows = Sequence[Mapping[str, Any]]


Check = Callable[[], None]


def draw_files(label: str, rows: Callable[[], Rows], check: Check, *, name: str) -> None:
    """Offer a table as ``partyline_name.csv`` and ``.parquet``, made when it is asked for.

    ``check`` is called before a file is made, and raises when it isn't to be.
    """
    for kind, made, media in (
        ("CSV", csv_of, "text/csv"),
        ("Parquet", parquet_of, "application/vnd.apache.parquet"),
    ):
        st.download_button(
            f"{label} as {kind}",
            data=partial(_made, made, rows, check),
            file_name=f"partyline_{name}.{kind.lower()}",
            mime=media,
            icon=":material/download:",
            on_click="ignore",
            key=f"team_{kind.lower()}_{name}",
        )


def _made(form: Callable[[Rows], bytes], rows: Callable[[], Rows], check: Check) -> bytes:
    check()
    return form(rows())


def csv_of(rows: Rows) -> bytes:
    """Return rows as CSV; text that a spreadsheet would take for a formula is defused."""
    safe = [{name: defused(cell) for name, cell in row.items()} for row in rows]
    return pd.DataFrame(safe).to_csv(index=False).encode("utf-8-sig")


def parquet_of(rows: Rows) -> bytes:
    """Return rows as Parquet, for programs: their texts are as they are."""
    file = BytesIO()
    pd.DataFrame(list(rows)).to_parquet(file, index=False)
    return file.getvalue()
