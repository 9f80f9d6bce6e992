"""How everybody on a call was told that it is recorded, as people note it and read it."""

import streamlit as st

from components.wording import moment, plain
from services.domain.calls import CallDetails, Consent

CONSENT_WAYS = {
    Consent.ANNOUNCED: "It is announced",
    Consent.ASKED: "They are asked",
    Consent.CONTRACT: "By contract",
}
CONSENT_TOLD = {
    Consent.ANNOUNCED: "Recording was announced",
    Consent.ASKED: "Everybody was asked whether it may be recorded",
    Consent.CONTRACT: "Recording was agreed by contract",
}


def draw_consent_way(*, key: str) -> Consent:
    """Draw in which way everybody is told; return it, announced unless something else is chosen."""
    chosen: Consent | None = st.segmented_control(
        "How everybody on the call is told",
        list(CONSENT_WAYS),
        default=Consent.ANNOUNCED,
        format_func=lambda way: CONSENT_WAYS[way],
        key=f"{key}_consent_way",
    )
    return chosen or Consent.ANNOUNCED


def draw_consent(notice: str, *, key: str) -> Consent | None:
    """Draw the box that says that everybody is told first, and how; None while it isn't ticked."""
    if not st.checkbox(plain(notice), key=f"{key}_consent"):
        return None
    return draw_consent_way(key=key)


def consent_words(details: CallDetails, zone: str | None) -> str | None:
    """Return what was noted of a call, as Markdown; None when nothing was."""
    if details.consent is None:
        return None
    told = CONSENT_TOLD[details.consent]
    by = f" by {plain(details.consent_by)}" if details.consent_by else ""
    at = f" on {moment(details.consent_at, zone)}" if details.consent_at else ""
    return f":material/campaign: {told}" + (f", noted{by}{at}" if by or at else "")
