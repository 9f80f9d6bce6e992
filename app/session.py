"""What one person's browser session holds, by typed names, and the services behind the pages.

The only file that knows keys of ``st.session_state``.
"""

import secrets
import time
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Event
from typing import cast
from urllib.parse import quote

import streamlit as st

from app.wiring import Services, process_services
from services.access.tokens import ANY_CALL, Purpose
from services.domain.asking import Exchange
from services.domain.people import LOCAL_USER, User
from services.domain.scorecards import Scorecard
from services.domain.vocabulary import Vocabulary
from services.domain.voices import Enrolment
from services.rule_book import KeptRule

TOKEN_TTL_S = 3600

_SESSION = "session_id"
_OPEN_CALL = "open_call"
_BATCH = "transcribe_batch"
_SHOWN = "transcribe_shown"
_SEEN = "transcribe_seen"
_TOKENS = "tokens"
_SEEK = "seek"
_ORIGINAL = "hears_original"
_FOLLOWED = "followed_link"
_RELOADS = "reloads"
_NOTICE = "notice"
_LEARNT = "voice_learnt"
_ENROLMENT = "voice_enrolment"
_VOCABULARY = "vocabulary"
_CONVERSATIONS = "conversations"
_PENDING = "pending_questions"
_FAILED = "failed_questions"
_DRAFT = "scorecard_draft"
_RULE = "rule"


def services() -> Services:
    """Return the services of this process; they are built once."""
    return process_services()


def current_user() -> User:
    """Return who is using the app."""
    return LOCAL_USER


def session_id() -> str:
    """Return this browser session's own random name."""
    if _SESSION not in st.session_state:
        st.session_state[_SESSION] = secrets.token_hex(12)
    return cast(str, st.session_state[_SESSION])


# --- links for the browser ------------------------------------------------------------------


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


def hears_original(call_id: str) -> bool:
    """Say whether the person asked for this call's original sound since it was opened."""
    return st.session_state.get(_ORIGINAL) == call_id


def hear_original(call_id: str, wanted: bool) -> None:
    """Remember whether the person wants a call's original sound; opening another call forgets."""
    st.session_state[_ORIGINAL] = call_id if wanted else None


def review_url(call_id: str) -> str:
    """Return where this session's browser finds the transcript of a call."""
    return f"/-/review/{quote(call_id)}?token={quote(_token(Purpose.REVIEW, call_id))}"


def renew_tokens() -> None:
    """Forget the tokens handed out so far, so that the next links carry new ones."""
    st.session_state[_TOKENS] = {}


def _token(purpose: Purpose, subject: str) -> str:
    """Return a token with at least half of its life left; links stay the same meanwhile."""
    kept: dict[tuple[str, str], tuple[str, float]] = st.session_state.setdefault(_TOKENS, {})
    token, issued_at = kept.get((purpose, subject), ("", 0.0))
    if time.time() - issued_at > TOKEN_TTL_S / 2:
        token = services().tokens.issue(
            purpose, subject, user=current_user(), session=session_id(), ttl_s=TOKEN_TTL_S
        )
        kept[purpose, subject] = (token, time.time())
    return token


# --- calls under review ---------------------------------------------------------------------


def open_call() -> str | None:
    """Return the call the person opened last."""
    return cast("str | None", st.session_state.get(_OPEN_CALL))


def set_open_call(call_id: str | None) -> None:
    """Remember the call that is open; the next one begins with what everybody hears."""
    if call_id != open_call():
        st.session_state[_ORIGINAL] = None
    st.session_state[_OPEN_CALL] = call_id


@dataclass(frozen=True, kw_only=True)
class Jump:
    """A place in a call to jump to, once for every ``nonce``."""

    call_id: str
    ms: int
    nonce: str
    play: bool


def seek(call_id: str) -> Jump | None:
    """Return where in this call the player was asked to jump to last."""
    jump = cast("Jump | None", st.session_state.get(_SEEK))
    return jump if jump and jump.call_id == call_id else None


def request_seek(call_id: str, ms: int, *, play: bool = True) -> None:
    """Ask the player of a call to jump to a place."""
    nonce = secrets.token_hex(4)
    st.session_state[_SEEK] = Jump(call_id=call_id, ms=ms, nonce=nonce, play=play)


def follow_link(call_id: str, at: str | None) -> None:
    """Open the call that an address names and jump to its moment, when it is a new address."""
    if st.session_state.get(_FOLLOWED) == (call_id, at):
        return
    st.session_state[_FOLLOWED] = (call_id, at)
    set_open_call(call_id)
    if at and at.isdecimal():
        request_seek(call_id, int(at), play=False)


def reloads(call_id: str) -> int:
    """Return how often the browser had to take back what it showed of a call too early."""
    counts: dict[str, int] = st.session_state.setdefault(_RELOADS, {})
    return counts.get(call_id, 0)


def request_reload(call_id: str) -> None:
    """Make the browser fetch the call's transcript again, as after a refused change."""
    counts: dict[str, int] = st.session_state.setdefault(_RELOADS, {})
    counts[call_id] = counts.get(call_id, 0) + 1


# --- the Transcribe page --------------------------------------------------------------------


def batch() -> list[str]:
    """Return the calls handed in on the Transcribe page, oldest first."""
    return list(st.session_state.get(_BATCH, []))


def add_to_batch(call_ids: Iterable[str]) -> bool:
    """Add calls to the batch; tell whether any was new."""
    known = batch()
    fresh = [c for c in dict.fromkeys(call_ids) if c not in known]
    st.session_state[_BATCH] = known + fresh
    return bool(fresh)


def remove_from_batch(call_id: str) -> None:
    """Take a call off the batch; the call itself stays."""
    st.session_state[_BATCH] = [c for c in batch() if c != call_id]
    if shown_in_place() == call_id:
        show_in_place(None)


def forget_call(call_id: str) -> None:
    """Forget a call that has been deleted."""
    remove_from_batch(call_id)
    if open_call() == call_id:
        set_open_call(None)


def take_fresh(call_ids: Iterable[str]) -> list[str]:
    """Return those of the calls that were not asked about before, in order."""
    seen: set[str] = st.session_state.setdefault(_SEEN, set())
    fresh = [c for c in call_ids if c not in seen]
    seen.update(fresh)
    return fresh


def shown_in_place() -> str | None:
    """Return the finished call that is open on the Transcribe page."""
    return cast("str | None", st.session_state.get(_SHOWN))


def show_in_place(call_id: str | None) -> None:
    """Open a call on the Transcribe page; it is the open call of the Call page too."""
    st.session_state[_SHOWN] = call_id
    if call_id is not None:
        set_open_call(call_id)


# --- questions about calls ------------------------------------------------------------------

ALL_CALLS = ""


@dataclass(frozen=True, kw_only=True)
class Pending:
    """A question that is being answered in the background, and how to stop that."""

    question: str
    answer: "Future[Exchange]"
    stopped: Event
    since: float


def conversation(subject: str) -> list[Exchange]:
    """Return what was asked about a call, or about all of them, and answered; oldest first."""
    kept: dict[str, list[Exchange]] = st.session_state.setdefault(_CONVERSATIONS, {})
    return kept.setdefault(subject, [])


def forget_conversation(subject: str) -> None:
    """Begin a new conversation."""
    conversation(subject).clear()


def pending_question(subject: str) -> Pending | None:
    """Return the question about this that is being answered at the moment."""
    return cast("dict[str, Pending]", st.session_state.setdefault(_PENDING, {})).get(subject)


def set_pending_question(subject: str, pending: Pending | None) -> None:
    """Remember the question that is being answered, None when there is none any more."""
    kept = cast("dict[str, Pending]", st.session_state.setdefault(_PENDING, {}))
    if pending is None:
        kept.pop(subject, None)
    else:
        kept[subject] = pending


def failed_question(subject: str) -> tuple[str, str] | None:
    """Return the last question about this that got no answer, and the sentence that says why."""
    failed: dict[str, tuple[str, str]] = st.session_state.setdefault(_FAILED, {})
    return failed.get(subject)


def set_failed_question(subject: str, failed: tuple[str, str] | None) -> None:
    """Remember the question that got no answer, None when another one is asked."""
    kept: dict[str, tuple[str, str]] = st.session_state.setdefault(_FAILED, {})
    if failed is None:
        kept.pop(subject, None)
    else:
        kept[subject] = failed


# --- voices being learnt --------------------------------------------------------------------


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


# --- the Vocabulary page --------------------------------------------------------------------


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


# --- the Scorecards page --------------------------------------------------------------------


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


# --- the Rules page -------------------------------------------------------------------------


def begun_rule() -> KeptRule | None:
    """Return the rule that is open, as it was when it was opened; a new one has no name."""
    return cast("KeptRule | None", st.session_state.get(_RULE))


def begin_rule(kept: KeptRule) -> None:
    """Open a rule."""
    st.session_state[_RULE] = kept


def end_rule() -> None:
    """Go back to all rules."""
    st.session_state.pop(_RULE, None)


# --- what to say once -----------------------------------------------------------------------


def notify(text: str) -> None:
    """Keep a short message for the next run of the page."""
    st.session_state[_NOTICE] = text


def take_notice() -> str | None:
    """Return the kept message, once."""
    return cast("str | None", st.session_state.pop(_NOTICE, None))
