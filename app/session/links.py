"""The addresses by which this session's browser uploads, listens and reads."""

import time
from urllib.parse import quote

import streamlit as st

from app.session.process import current_user, services, session_id, sign_in
from services.access.tokens import ANY_CALL, Purpose

_TOKENS = "tokens"

TOKEN_TTL_S = 3600
# As long as the longest call: no page is drawn anew while one is being held.
LIVE_TOKEN_TTL_S = 13 * 3600


def upload_token() -> str:
    """Return a token that lets this session upload recordings."""
    return _token(Purpose.UPLOAD, ANY_CALL)


def audio_url(call_id: str) -> str:
    """Return where this session's browser finds the sound of a call."""
    return f"/-/audio/{quote(call_id)}?token={quote(_token(Purpose.AUDIO, call_id))}"


def original_url(call_id: str) -> str:
    """Return where this session's browser finds a call's recording as it came in."""
    token = _token(Purpose.ORIGINAL, call_id)
    return f"/-/audio/{quote(call_id)}/original?token={quote(token)}"


def review_url(call_id: str) -> str:
    """Return where this session's browser finds the transcript of a call."""
    return f"/-/review/{quote(call_id)}?token={quote(_token(Purpose.REVIEW, call_id))}"


def live_sound_url(call_id: str) -> str:
    """Return where this session's browser sends the sound of a live call to, without a host."""
    token = _token(Purpose.LIVE_SOUND, call_id, LIVE_TOKEN_TTL_S)
    return f"/-/live/sound/{quote(call_id)}?token={quote(token)}"


def live_events_url(call_id: str) -> str:
    """Return where this session's browser is told what happens in a live call, without a host."""
    token = _token(Purpose.LIVE_EVENTS, call_id, LIVE_TOKEN_TTL_S)
    return f"/-/live/events/{quote(call_id)}?token={quote(token)}"


def renew_tokens() -> None:
    """Forget the tokens handed out so far, so that the next links carry new ones."""
    st.session_state[_TOKENS] = {}


def _token(purpose: Purpose, subject: str, ttl_s: int = TOKEN_TTL_S) -> str:
    """Return a token with at least half of its life left; links stay the same meanwhile."""
    kept: dict[tuple[str, str], tuple[str, float]] = st.session_state.setdefault(_TOKENS, {})
    token, issued_at = kept.get((purpose, subject), ("", 0.0))
    if time.time() - issued_at > ttl_s / 2:
        token = services().tokens.issue(
            purpose,
            subject,
            user=current_user(),
            session=session_id(),
            ttl_s=ttl_s,
            sign_in=sign_in(),
        )
        kept[purpose, subject] = (token, time.time())
    return token
