"""Drag and drop for recordings: files go straight to the upload route, only call ids come here."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from components.assets import read_assets
from services.domain.calls import CallDetails, ProcessingOptions
from services.domain.errors import TooLarge

SCRIPTS = ("scripts/upload.js", "scripts/view.js", "scripts/main.js")
STYLES = ("styles/view.css",)
# The header also carries a file name and details, and proxies pass on 8 kB at most.
MOST_WORDS_BYTES = 3_000
TOO_MANY_WORDS = (
    "These are too many words for one recording. Put those that are said in all calls on the "
    "Vocabulary page."
)
_assets = read_assets(Path(__file__).parent, SCRIPTS, STYLES)
_mount = st.components.v2.component(
    "partyline_file_drop", html=_assets.html, css=_assets.css, js=_assets.js
)


@dataclass(frozen=True, kw_only=True)
class Uploaded:
    """Recordings that have arrived and are calls now."""

    call_ids: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class OpenExisting:
    """Open the call that a recording turned out to be."""

    call_id: str


@dataclass(frozen=True, kw_only=True)
class FreshToken:
    """The token has expired; hand out a new one."""


DropIntent = Uploaded | OpenExisting | FreshToken


def draw_file_drop(
    token: str,
    options: ProcessingOptions,
    details: CallDetails,
    known: Sequence[str],
    *,
    max_bytes: int,
) -> DropIntent | None:
    """Draw the drop zone; return what happened in the browser since the last run, if anything.

    ``options`` and ``details`` go with every file that is sent from now on. ``known`` are the
    calls the page has learnt of: their uploads leave the list. A file larger than ``max_bytes`` is
    refused before it is sent; so are more words than the header has room for that goes with it.
    """
    if _words_bytes(options) > MOST_WORDS_BYTES:
        st.error(TOO_MANY_WORDS, icon=":material/error:")
        return None
    data: dict[str, Any] = {
        "token": token,
        "options": {
            "provider": options.provider,
            "language": options.language,
            "expected_speakers": options.expected_speakers,
            "min_speakers": options.min_speakers,
            "max_speakers": options.max_speakers,
            "redact": options.redact,
            "vocabulary": list(options.vocabulary),
            "spelling": [list(pair) for pair in options.spelling],
            "keep_fillers": options.keep_fillers,
            "start_ms": options.start_ms,
            "end_ms": options.end_ms,
            "fallback": list(options.fallback),
            "provider_options": dict(options.provider_options),
        },
        "details": {
            "agent_name": details.agent_name,
            "queue": details.queue,
            "customer_ref": details.customer_ref,
            "direction": details.direction,
            "consent": details.consent,
        },
        "known": list(known),
        "limit": {"bytes": max_bytes, "sentence": TooLarge().user_message},
    }
    answer: Mapping[str, Any] = _mount(
        key="file_drop",
        data=data,
        on_uploaded_change=lambda: None,
        on_wanted_change=lambda: None,
    )
    return _read(answer)


def _words_bytes(options: ProcessingOptions) -> int:
    given = [options.vocabulary, options.spelling, options.provider_options]
    words = json.dumps(given, ensure_ascii=False)
    return len(words.encode())


def _read(answer: Mapping[str, Any]) -> DropIntent | None:
    uploaded = answer.get("uploaded")
    if isinstance(uploaded, list) and uploaded:
        return Uploaded(call_ids=tuple(str(call_id) for call_id in uploaded))
    wanted = answer.get("wanted")
    if not isinstance(wanted, Mapping):
        return None
    if wanted.get("kind") == "open" and isinstance(wanted.get("call"), str):
        return OpenExisting(call_id=str(wanted["call"]))
    return FreshToken() if wanted.get("kind") == "token" else None
