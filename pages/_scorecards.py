"""What the Scorecards page does."""

from collections.abc import Callable

import streamlit as st

from app import session
from components._compat import polling
from components.heading import draw_part_title
from components.scores.call import draw_preview
from components.scores.cards import CardAct, CardIntent, ask_delete
from components.scores.form import FormAct, draw_scorecard_form
from components.wording import call_title, moment, plain, plural
from services.domain.calls import CallState
from services.domain.errors import PartylineError
from services.domain.scorecards import Question, Scorecard
from services.scorecards.service import fresh_id
from services.storage.calls import CallFilter

POLL_S = 2.0
CALLS_TO_TRY = 30


def show_rescoring() -> None:
    """Show how many stored calls are still to be scored, as long as there are any."""
    user, service = session.current_user(), session.services().scorecards
    state = service.rescoring(user)
    if not state.waiting:
        return

    def look() -> None:
        now = service.rescoring(user)
        if not now.waiting:
            st.rerun()
        done = now.calls - now.waiting
        text = f"{done} of {plural(now.calls, 'call')} scored by the scorecards as they are now"
        text += ", stopped" if now.paused else "; newest first"
        st.progress(done / max(1, now.calls), text=text)

    polling(look, every_s=None if state.paused else POLL_S)
    label = "Go on scoring" if state.paused else "Stop scoring older calls"
    if st.button(label, key="rescoring_pause"):
        _carry_out(lambda: service.pause(user, not state.paused))


def new_scorecard() -> None:
    """Begin to write a scorecard."""
    question = Question(id=fresh_id(), text="")
    session.begin_scorecard(Scorecard(id=fresh_id(), name="", questions=(question,)))
    st.rerun()


def carry_out(wanted: CardIntent) -> None:
    """Do what was asked for in the list."""
    user, service, card = session.current_user(), session.services().scorecards, wanted.card
    match wanted.act:
        case CardAct.EDIT:
            session.begin_scorecard(card)
            st.rerun()
        case CardAct.COPY:
            _carry_out(lambda: session.begin_scorecard(service.copy(user, card.id)))
        case CardAct.DELETE:
            ask_delete(card, lambda: service.delete(user, card.id))
        case CardAct.USE | CardAct.REST:
            used = wanted.act is CardAct.USE
            _carry_out(lambda: service.set_enabled(user, card.id, used))


def take_in(text: str) -> None:
    """Keep the scorecards of a YAML document, or say what is wrong with it."""
    try:
        kept = session.services().scorecards.read_yaml(session.current_user(), text)
    except PartylineError as error:
        st.error(plain(error.user_message))
        return
    session.notify(f"Taken in: {plural(len(kept), 'scorecard')}.")
    st.rerun()


def edit(draft: session.ScorecardDraft) -> None:
    """Draw the form of a scorecard and do what is asked for in it."""
    user, services = session.current_user(), session.services()
    service = services.scorecards
    draw_part_title("Change a scorecard" if draft.card.version else "New scorecard")
    edited = draw_scorecard_form(
        draft.card,
        service.rules(user),
        services.browsing.queues(user),
        key=draft.key,
        fresh_id=fresh_id(),
        known=_known_questions(draft.card.id),
        has_model=service.has_model,
    )
    session.keep_scorecard_draft(edited.card)
    if edited.redraw:
        st.rerun()
    if edited.usable:
        _try_out(edited.card, asked=edited.act is FormAct.TRY)
    if edited.act is FormAct.CLOSE:
        session.end_scorecard()
        st.rerun()
    if edited.act is FormAct.SAVE:
        try:
            kept = service.keep(user, edited.card)
        except PartylineError as error:
            st.error(plain(error.user_message))
            return
        session.end_scorecard()
        session.notify(f"Saved: {plural(len(kept.questions), 'question')}.")
        st.rerun()


def _known_questions(scorecard_id: str) -> frozenset[str]:
    """Return the questions of a scorecard as it is kept; none of a new one."""
    cards = session.services().scorecards.all(session.current_user())
    return frozenset(q.id for c in cards if c.id == scorecard_id for q in c.questions)


def _try_out(card: Scorecard, *, asked: bool) -> None:
    """Show what the scorecard makes of a call; nothing of it is kept."""
    user, services = session.current_user(), session.services()
    rows = services.browsing.list(user, CallFilter(states=(CallState.READY,), limit=CALLS_TO_TRY))
    titles = {r.call.id: f"{call_title(r.call)}, {moment(r.call.held_at)}" for r in rows}
    if not titles:
        if asked:
            st.info("There is no call to try it on yet.")
        return
    opened = session.open_call()
    ids = list(titles)
    call_id = st.selectbox(
        "Call to try it on",
        ids,
        index=ids.index(opened) if opened in titles else 0,
        format_func=lambda c: titles[c],
        key="scorecard_try_on",
    )
    if not asked or call_id is None:
        return
    try:
        shown = services.review.load(user, call_id)
        score = services.scorecards.preview(user, card, shown)
    except PartylineError as error:
        st.error(plain(error.user_message))
    else:
        draw_preview(score)


def _carry_out(act: Callable[[], object]) -> None:
    try:
        act()
    except PartylineError as error:
        session.notify(plain(error.user_message))
    st.rerun()
