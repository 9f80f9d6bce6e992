"""Which two transcripts of a call are compared."""

from collections.abc import Mapping, Sequence

import streamlit as st

from components.wording import moment
from services.domain.captions import captions_maker, is_captions
from services.review.comparing import KnownTranscript


def transcript_words(known: KnownTranscript, titles: Mapping[str, str], zone: str | None) -> str:
    """Return what a transcript is called: ``Run 2: Azure Speech, 12 Nov 2026, 09:30``."""
    version = known.version
    parts = [
        f"Run {version.run}: {_maker_words(version.provider, titles)}",
        moment(version.created_at, zone),
    ]
    if known.relabelled:
        parts.append("speakers told apart again")
    if version.is_active:
        parts.append("the one that is shown")
    return ", ".join(parts)


def draw_choice(
    known: Sequence[KnownTranscript],
    titles: Mapping[str, str],
    *,
    key: str,
    zone: str | None,
) -> tuple[str, str] | None:
    """Draw the choice of two transcripts; return their ids, reference first, None for one alone.

    It begins with the one that is shown and the newest of the others.
    """
    words = {one.version.id: transcript_words(one, titles, zone) for one in known}
    ids = list(words)
    active = next((one.version.id for one in known if one.version.is_active), ids[0])
    newest = next(one for one in reversed(ids) if one != active)
    left, right = st.columns(2)

    def choose(label: str, at: str, name: str) -> str:
        chosen = st.selectbox(
            label,
            ids,
            index=ids.index(at),
            format_func=lambda one: words[one],
            key=f"{key}_{name}",
        )
        return str(chosen)

    with left:
        reference = choose("Reference", active, "reference")
    with right:
        other = choose("Compared with it", newest, "other")
    return None if reference == other else (reference, other)


def short_words(known: KnownTranscript, titles: Mapping[str, str]) -> str:
    """Return the shortest name that tells a transcript from the others."""
    version = known.version
    return f"{_maker_words(version.provider, titles)} (run {version.run})"


def _maker_words(provider: str, titles: Mapping[str, str]) -> str:
    """Return who made a transcript: ``Azure Speech``, ``Live captions by Azure Speech``."""
    maker = captions_maker(provider)
    title = titles.get(maker, maker)
    return f"Live captions by {title}" if is_captions(provider) else title
