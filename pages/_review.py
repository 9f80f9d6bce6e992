"""A call under review: the part that the Call page and the Transcribe page share."""

from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import session
from components._compat import time_zone
from components.call_review import ReviewLinks, Seek, draw_call_review
from components.call_review import intents as wish
from components.call_review.payload import shown_version
from components.call_view import panels
from components.call_view.dialogs import ask_delete, ask_details
from components.call_view.figures import draw_all_figures, draw_cards
from components.call_view.header import HeaderAct, SoundDownload, draw_header
from components.call_view.subjects import draw_subjects
from components.call_view.summary import SummaryAct, draw_summary
from components.call_view.timeline import draw_timeline
from components.category_view import draw_categories
from components.heading import draw_empty
from components.known_voices.dialogs import ask_remember
from components.wording import SOUND_WORDS, covered_words
from pages._acts import carry_out_each, delete_calls
from pages._asking import ask_about_call
from pages._comparing import show_comparison
from pages._holds import offer_hold, show_hold
from pages._runs import (
    ask_for_relabelling,
    ask_for_rerun,
    show_unread,
    show_unready,
    watch_run,
)
from pages._scores import show_scores
from pages._summaries import can_write_summaries, write_summary_again
from pages._voices import LearningFromCall
from services.domain.errors import NotFound, NotReady, PartylineError, TextNotShown
from services.domain.people import Right
from services.domain.reviewed import ReviewedCall
from services.domain.sound import Listening, Original

_NEEDS = {
    HeaderAct.REVIEWED: Right.EDIT_CALLS,
    HeaderAct.NOT_REVIEWED: Right.EDIT_CALLS,
    HeaderAct.DETAILS: Right.EDIT_CALLS,
    HeaderAct.REMEMBER: Right.MANAGE_RULES,
    HeaderAct.RERUN: Right.ADD_CALLS,
    HeaderAct.RELABEL: Right.ADD_CALLS,
    HeaderAct.DELETE: Right.DELETE,
}


def show_call(call_id: str, *, as_page: bool) -> None:
    """Draw a call and carry out what the person wants done to it."""
    waiting = st.skeleton(height=480)
    try:
        reviewed = session.services().review.load(session.current_user(), call_id)
    except NotReady:
        waiting.empty()
        show_unready(call_id)
        return
    except TextNotShown as error:
        waiting.empty()
        show_unread(call_id, error)
        return
    except PartylineError as error:
        waiting.empty()
        gone = isinstance(error, NotFound)
        draw_empty(error.user_message, icon=f":material/{'search_off' if gone else 'error'}:")
        return
    waiting.empty()
    user, review = session.current_user(), session.services().review
    intent = draw_header(
        reviewed,
        (lambda fmt: review.export(user, call_id, fmt)) if user.may(Right.EXPORT) else None,
        _sound_download(reviewed),
        zone=time_zone(),
        as_page=as_page,
        may={act for act, right in _NEEDS.items() if user.may(right)},
    )
    watch_run(reviewed.call)
    if as_page:
        _show_tabs(reviewed)
    else:
        _show_review(reviewed)
    if intent is not None:
        _carry_out_header(reviewed, intent)


def _show_tabs(reviewed: ReviewedCall) -> None:
    """Draw the open tab: the call itself, or its transcripts beside each other."""
    call_id = reviewed.call.id
    review, compare = st.tabs(["Review", "Compare"], key=f"call_tabs_{call_id}", on_change="rerun")
    if compare.open:
        with compare:
            show_comparison(call_id)
    else:
        with review:
            _show_review(reviewed)


def _show_review(reviewed: ReviewedCall) -> None:
    """Draw who said what and how it went, and carry out what is asked for there."""
    call_id = reviewed.call.id
    panels.draw_captions_note(reviewed)
    panels.draw_fallback(reviewed)
    panels.draw_findings(reviewed)
    found = show_hold(call_id)
    draw_cards(reviewed)
    timeline = st.container(border=True)
    left, right = st.columns([3, 2])
    _listen(reviewed, timeline, left)
    with right:
        asked = draw_summary(reviewed, can_write=can_write_summaries())
        writing = st.empty()
        for at in (draw_subjects(reviewed), draw_categories(reviewed.categories)):
            asked = at if asked is None else asked
    _show_course(reviewed)
    show_scores(reviewed)
    with st.expander("All figures", icon=":material/table_chart:"):
        draw_all_figures(reviewed)
    with st.expander("Which part was done by what", icon=":material/memory:"):
        panels.draw_processed_by(reviewed)
    offer_hold(call_id, found)
    if asked is SummaryAct.WRITE_AGAIN:
        write_summary_again(call_id, writing)
        st.rerun()
    elif asked is not None:
        session.request_seek(call_id, asked)
        st.rerun()


def _show_course(reviewed: ReviewedCall) -> None:
    """Draw how the call went on, and what else somebody wants to know of it."""
    left, right = st.columns([3, 2])
    with left:
        panels.draw_sentiment(reviewed)
        panels.draw_loudness(reviewed)
    with right:
        panels.draw_talk(reviewed)
        ask_about_call(reviewed)


@st.fragment
def _listen(reviewed: ReviewedCall, timeline: DeltaGenerator, place: DeltaGenerator) -> None:
    """Draw timeline and player; a click in one moves the other without a rerun of the page."""
    call = reviewed.call
    at = session.seek(call.id)
    links = _links(reviewed)
    with place, st.container(key="listen"):
        intent = draw_call_review(
            call.id,
            shown_version(reviewed),
            links,
            seek=Seek(ms=at.ms, nonce=at.nonce, play=at.play) if at else None,
            reload=session.reloads(call.id),
            may_edit=session.current_user().may(Right.EDIT_CALLS),
        )
    if intent is not None:
        _carry_out(call.id, intent)
        st.rerun()
    # After the player, which has a transcript to fetch meanwhile.
    with timeline:
        draw_timeline(reviewed, partial(session.request_seek, call.id))


def _sound_download(reviewed: ReviewedCall) -> SoundDownload | None:
    """Return the link to the sound that people hear, None while there is none."""
    call_id = reviewed.call.id
    sound = session.services().desk.sound_of(session.current_user(), call_id)
    if sound.listening not in (Listening.WHOLE, Listening.COVERED):
        return None
    covered = sound.listening is Listening.COVERED
    return SoundDownload(url=f"{session.audio_url(call_id)}&download=1", covered=covered)


def _links(reviewed: ReviewedCall) -> ReviewLinks:
    """Return where the browser finds transcript and sound, with what is said about the sound."""
    call_id, review = reviewed.call.id, session.review_url(reviewed.call.id)
    sound = session.services().desk.sound_of(session.current_user(), call_id)
    if sound.listening in SOUND_WORDS:
        return ReviewLinks(
            review=review,
            audio=None,
            no_audio=SOUND_WORDS[sound.listening],
            recorded=reviewed.call.has_recording,
        )
    if sound.listening is Listening.WHOLE:
        return ReviewLinks(review=review, audio=session.audio_url(call_id), sound=sound.version)
    can_hear = sound.original is Original.KEPT
    hears = can_hear and session.hears_original(call_id)
    return ReviewLinks(
        review=review,
        audio=session.original_url(call_id) if hears else session.audio_url(call_id),
        sound=f"original.{call_id}" if hears else sound.version,
        note=covered_words(
            reviewed.covered_mentions,
            session.services().settings.redacted_audio,
            heard=not hears,
        ),
        original=hears if can_hear else None,
    )


def _carry_out(call_id: str, intent: wish.ReviewIntent) -> None:
    """Do what was asked for in the player; a refusal is told and taken back on screen."""
    user, review = session.current_user(), session.services().review
    try:
        match intent:
            case wish.Rename():
                review.rename(user, call_id, intent.speaker, intent.name)
            case wish.SetRole():
                review.set_role(user, call_id, intent.speaker, intent.role)
            case wish.SwapRoles():
                review.swap_roles(user, call_id)
            case wish.Merge():
                review.merge(user, call_id, intent.speaker, intent.into)
            case wish.Unmerge():
                review.unmerge(user, call_id, intent.speaker)
            case wish.Correct():
                review.correct(user, call_id, intent.utterance, intent.text)
            case wish.AddComment():
                review.comment(user, call_id, intent.utterance, intent.text)
            case wish.DeleteComment():
                review.delete_comment(user, call_id, intent.comment)
            case wish.FreshLinks():
                session.renew_tokens()
            case wish.HearOriginal():
                session.hear_original(call_id, intent.wanted)
    except PartylineError as error:
        session.request_reload(call_id)
        session.notify(error.user_message)


def _carry_out_header(reviewed: ReviewedCall, intent: HeaderAct) -> None:
    user, services = session.current_user(), session.services()
    call = reviewed.call
    review = services.review
    match intent:
        case HeaderAct.REVIEWED | HeaderAct.NOT_REVIEWED:
            done = intent is HeaderAct.REVIEWED
            carry_out_each([call.id], lambda c: review.mark_reviewed(user, c, done))
            st.rerun()
        case HeaderAct.DETAILS:
            ask_details(
                call,
                lambda d: carry_out_each([call.id], lambda c: review.set_details(user, c, d)),
            )
        case HeaderAct.REMEMBER:
            refusal = services.desk.why_no_run(user, call.id)
            if refusal is not None:
                session.notify(refusal.user_message)
                st.rerun()
            ask_remember(reviewed, LearningFromCall(call_id=call.id, version=reviewed.version))
        case HeaderAct.RERUN:
            carry_out_each([call.id], ask_for_rerun)
        case HeaderAct.RELABEL:
            carry_out_each([call.id], ask_for_relabelling)
        case HeaderAct.DELETE:
            ask_delete(1, lambda: delete_calls([call.id]))
