"""What an installation keeps calls in, who works for it, and its language model."""

from collections.abc import Mapping
from urllib.parse import urlsplit

import streamlit as st

from components.wording import plain

PARTS = {
    "database": ("The database answers", "The database does not answer"),
    "worker": (
        "A worker is running on this machine",
        "No worker is running on this machine: recordings wait until one is",
    ),
    "weights": (
        "The speech models of this machine are installed",
        "A speech model of this machine is missing: run ./bin/run again",
    ),
}
DATABASES = {"sqlite": "one file on this machine (SQLite)", "postgresql": "PostgreSQL"}


API_ON = "Programs that bring a token may use the HTTP API"
API_OFF = "The HTTP API is off: PARTYLINE_API_TOKEN is not set, and nobody has made a token"


def draw_installation(
    checks: Mapping[str, bool], *, database: str, storage: str, has_api: bool
) -> None:
    """Draw what serving calls needs; the addresses are only told by their kind.

    ``has_api``: there is a token by which programs may ask.
    """
    lines = [
        f"- :material/{'check_circle' if well else 'error'}: {plain(PARTS[part][0 if well else 1])}"
        for part, well in checks.items()
        if part in PARTS
    ]
    lines.append(f"- Calls are kept in {plain(_database(database))}")
    lines.append(f"- Sound is kept in {plain(_storage(storage))}, encrypted")
    lines.append(f"- {plain(API_ON if has_api else API_OFF)}")
    st.markdown("\n".join(lines))


def draw_language_model(base_url: str | None, model: str | None) -> None:
    """Draw which language model is used; of its address no more than the host is told."""
    if not base_url:
        st.markdown(
            ":material/key_off: **None.** Summaries are made of the call's own sentences, on this "
            f"machine. To use one, set {plain('LLM_BASE_URL')}."
        )
        return
    host = urlsplit(base_url).hostname or "an address that can't be read"
    named = f"**{plain(model)}**" if model else "The server's own choice"
    st.markdown(f":material/check_circle: {named} at {plain(host)}.")


def draw_how_to_set() -> None:
    """Say how settings are made."""
    st.caption(
        "Settings are environment variables, or lines of the file .streamlit/secrets.toml; they "
        "hold from the next start on. Keys are never shown."
    )


def _database(url: str) -> str:
    return DATABASES.get(url.partition(":")[0].partition("+")[0], "a database")


def _storage(url: str) -> str:
    scheme = urlsplit(url).scheme
    return "a folder of this machine" if scheme in ("", "file") else f"a bucket ({scheme})"
