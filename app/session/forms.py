"""What people are in the middle of: a voice being learnt, a vocabulary, a scorecard, a rule."""

import secrets
from dataclasses import dataclass
from typing import cast

import streamlit as st

from services.domain.scorecards import Scorecard
from services.domain.vocabulary import Vocabulary
from services.domain.voices import Enrolment
from services.rule_book import KeptRule

_LEARNT = "voice_learnt"
_ENROLMENT = "voice_enrolment"
_VOCABULARY = "vocabulary"
_DRAFT = "scorecard_draft"
_RULE = "rule"


def learnt(source: str) -> Enrolment | None:
    """Return what this recording, or speaker of a call, taught about a voice, if it has yet."""
    kept = cast("tuple[str, Enrolment] | None", st.session_state.get(_LEARNT))
    return kept[1] if kept and kept[0] == source else None


def keep_learnt(source: str, enrolment: Enrolment) -> None:
    """Keep what was learnt until it is remembered, or something else is learnt."""
    st.session_state[_LEARNT] = (source, enrolment)


def enrolment_number() -> int:
    """Return a number that changes when the form for a new voice has to be empty again."""
    return int(st.session_state.get(_ENROLMENT, 0))


def finish_enrolment() -> None:
    """Forget what was learnt, and empty the form for the next voice."""
    st.session_state.pop(_LEARNT, None)
    st.session_state[_ENROLMENT] = enrolment_number() + 1


def vocabulary_begun_with(now: Vocabulary) -> Vocabulary:
    """Return what the form on screen began with, ``now`` when it is drawn for the first time.

    Somebody else's change must not take away what is being typed.
    """
    begun = cast("Vocabulary | None", st.session_state.get(_VOCABULARY))
    if begun is None or not _is_on_screen(vocabulary_key(begun)):
        begun = now
        st.session_state[_VOCABULARY] = now
    return begun


def vocabulary_key(begun: Vocabulary) -> str:
    """Return the key of a form that begins with this vocabulary; its inputs' keys begin with it."""
    return f"vocabulary_{begun.version}"


def _is_on_screen(key: str) -> bool:
    return any(str(name).startswith(f"{key}_") for name in st.session_state)


def begin_vocabulary_anew() -> None:
    """Let the form begin with what is kept now."""
    st.session_state.pop(_VOCABULARY, None)


@dataclass(frozen=True, kw_only=True)
class ScorecardDraft:
    """A scorecard as it is being edited; its inputs' keys begin with ``key``."""

    card: Scorecard
    key: str


def scorecard_draft() -> ScorecardDraft | None:
    """Return the scorecard that is being edited."""
    return cast("ScorecardDraft | None", st.session_state.get(_DRAFT))


def begin_scorecard(card: Scorecard) -> None:
    """Begin to edit a scorecard, with inputs of its own."""
    st.session_state[_DRAFT] = ScorecardDraft(card=card, key=f"card_{secrets.token_hex(4)}")


def keep_scorecard_draft(card: Scorecard) -> None:
    """Keep what has been changed so far."""
    draft = scorecard_draft()
    if draft is not None:
        st.session_state[_DRAFT] = ScorecardDraft(card=card, key=draft.key)


def end_scorecard() -> None:
    """Forget the scorecard that was being edited."""
    st.session_state.pop(_DRAFT, None)


def begun_rule() -> KeptRule | None:
    """Return the rule that is open, as it was when it was opened; a new one has no name."""
    return cast("KeptRule | None", st.session_state.get(_RULE))


def begin_rule(kept: KeptRule) -> None:
    """Open a rule."""
    st.session_state[_RULE] = kept


def end_rule() -> None:
    """Go back to all rules."""
    st.session_state.pop(_RULE, None)
