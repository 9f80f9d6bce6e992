"""Name, icon and the few rules of style that apply to every page."""

from functools import cache
from pathlib import Path

import streamlit as st

HERE = Path(__file__).parent
ICON = HERE / "icon.svg"


@cache
def _rules() -> str:
    return (HERE / "page.css").read_text(encoding="utf-8")


def set_up_page() -> None:
    """Set title and icon of the browser's tab, the logo, and the common style.

    The icon is a file: Streamlit would have the browser fetch a named one from the network.
    """
    st.set_page_config(page_title="Partyline", page_icon=str(ICON), layout="wide")
    st.logo(str(HERE / "logo.svg"), size="medium")
    st.html(f"<style>{_rules()}</style>")
