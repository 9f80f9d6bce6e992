"""What came of checking whether providers would work, until they are checked again."""

from typing import cast

import streamlit as st

from services.providers.checking import CheckOutcome

_CHECKS = "provider_checks"


def check_outcome(provider: str) -> CheckOutcome | None:
    """Return what came of the last check of a provider in this session."""
    kept = cast("dict[str, CheckOutcome]", st.session_state.get(_CHECKS, {}))
    return kept.get(provider)


def keep_check(provider: str, outcome: CheckOutcome) -> None:
    """Keep what came of a check."""
    st.session_state.setdefault(_CHECKS, {})[provider] = outcome
