"""The scores of a call under review, and what a reviewer does to them."""

import streamlit as st

from app import session
from components._compat import time_zone
from components.scores.call import AskModel, ChangeAnswer, Listen, ask_answer, draw_scores
from components.wording import plain
from services.domain.errors import PartylineError
from services.domain.people import Right
from services.domain.reviewed import ReviewedCall
from services.domain.scorecards import AnswerValue


def show_scores(reviewed: ReviewedCall) -> None:
    """Draw the scores of a call and carry out what the person wants."""
    user, service = session.current_user(), session.services().scorecards
    call_id = reviewed.call.id
    try:
        scores = service.of_call(user, reviewed)
        history = service.history(user, call_id)
        to_ask = service.to_ask(reviewed) if user.may(Right.EDIT_CALLS) else 0
    except PartylineError as error:
        st.error(plain(error.user_message))
        return
    wanted = draw_scores(
        scores,
        history,
        to_ask=to_ask,
        may_change=user.may(Right.EDIT_CALLS),
        zone=time_zone(),
    )
    match wanted:
        case Listen():
            session.request_seek(call_id, wanted.ms)
            st.rerun()
        case ChangeAnswer():
            _ask_answer(call_id, wanted)
        case AskModel():
            _ask_model(call_id)


def _ask_answer(call_id: str, wanted: ChangeAnswer) -> None:
    user, service = session.current_user(), session.services().scorecards

    def save(value: AnswerValue | None, comment: str) -> str | None:
        card, question = wanted.scorecard_id, wanted.answer.question_id
        try:
            service.override(user, call_id, card, question, value, comment)
        except PartylineError as error:
            return error.user_message
        return None

    ask_answer(wanted.answer, save)


def _ask_model(call_id: str) -> None:
    user, service = session.current_user(), session.services().scorecards
    try:
        with st.spinner("The language model is reading the call …"):
            asked = service.ask_model(user, call_id)
    except PartylineError as error:
        session.notify(error.user_message)
    else:
        session.notify(f"The language model was asked: {asked}." if asked else "Nothing to ask.")
    st.rerun()
