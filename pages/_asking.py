"""A conversation with the language model, about one call or about all; the answer can take a while.

It is awaited in the background, so that the page stays usable and the question isn't lost when
the person looks at something else meanwhile.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from threading import Event

import streamlit as st

from app import session
from components._compat import polling, time_zone
from components.asking import (
    draw_exchanges,
    draw_not_configured,
    draw_question_box,
    draw_where_it_goes,
)
from components.heading import draw_panel_title
from components.wording import duration, plain
from services import telemetry
from services.asking import AskedModel
from services.domain.asking import Citation, Exchange
from services.domain.errors import Cancelled, InternalFault, PartylineError
from services.domain.reviewed import ReviewedCall
from services.domain.running import RunContext

POLL_S = 0.5
AT_ONCE = 8

ASK_THIS_CALL = "What was the customer promised?"

Work = Callable[[str, tuple[Exchange, ...], RunContext], Exchange]
Follow = Callable[[Citation], None]


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(AT_ONCE, thread_name_prefix="asking")


def answering_model() -> AskedModel | None:
    """Return who answers questions; draw what is missing when nobody does."""
    try:
        model = session.services().asking.model()
    except PartylineError as error:
        st.error(error.user_message)
        return None
    if model is None:
        draw_not_configured()
    return model


def ask_about_call(reviewed: ReviewedCall) -> None:
    """Draw a conversation about one call; nothing when nobody is there to answer."""
    try:
        model = session.services().asking.model()
    except PartylineError:
        # The Ask page says what is wrong with the model's settings.
        return
    if model is None:
        return
    user, asking, call_id = (
        session.current_user(),
        session.services().asking,
        reviewed.call.id,
    )

    def answer(question: str, earlier: tuple[Exchange, ...], context: RunContext) -> Exchange:
        return asking.about_call(user, call_id, question, earlier, context)

    def follow(cited: Citation) -> None:
        session.request_seek(call_id, cited.start_ms)
        st.rerun()

    with st.container(border=True, key="ask_this_call"):
        draw_panel_title("Ask this call")
        converse(call_id, model, answer, follow, placeholder=ASK_THIS_CALL)


def converse(
    subject: str, model: AskedModel, work: Work, follow: Follow, *, placeholder: str
) -> None:
    """Draw a conversation; ``work`` answers its questions, ``follow`` goes to a cited line."""
    pending = session.pending_question(subject)

    def draw() -> None:
        _draw(subject, model, work, follow, placeholder)

    polling(draw, every_s=POLL_S if pending else None)


def _draw(subject: str, model: AskedModel, work: Work, follow: Follow, placeholder: str) -> None:
    key = f"ask_{subject or 'all'}"
    draw_where_it_goes(model.name, leaves_machine=model.leaves_machine)
    among_calls = subject == session.ALL_CALLS
    asking, told = session.services().asking, session.conversation(subject)
    session.keep_of_conversation(subject, asking.standing(session.current_user(), told))
    clicked = draw_exchanges(
        session.conversation(subject), key=key, zone=time_zone(), among_calls=among_calls
    )
    if clicked is not None:
        follow(clicked)
    failed, pending = session.failed_question(subject), session.pending_question(subject)
    if failed is not None:
        asked, why = failed
        st.warning(f"{why}\n\nYour question was: {plain(asked)}", icon=":material/forum:")
    if pending is not None:
        _draw_pending(subject, pending, key)
    question = draw_question_box(placeholder, key=f"{key}_box", disabled=pending is not None)
    if question and pending is None:
        _begin(subject, question, work)
        st.rerun()
    if session.conversation(subject) and pending is None:
        st.button(
            "New conversation",
            key=f"{key}_anew",
            icon=":material/refresh:",
            type="tertiary",
            on_click=session.forget_conversation,
            args=(subject,),
        )


def _begin(subject: str, question: str, work: Work) -> None:
    session.set_failed_question(subject, None)
    stopped = Event()
    context = RunContext(is_cancelled=stopped.is_set)
    answer = _threads().submit(work, question, tuple(session.conversation(subject)), context)
    session.set_pending_question(
        subject,
        session.Pending(question=question, answer=answer, stopped=stopped, since=time.monotonic()),
    )


def _draw_pending(subject: str, pending: session.Pending, key: str) -> None:
    """Draw the question that is being answered; what came of it when it is done."""
    with st.chat_message("user", avatar=":material/person:"):
        st.markdown(plain(pending.question))
    if pending.answer.done():
        session.set_pending_question(subject, None)
        failed = _taken_in(subject, pending.answer)
        session.set_failed_question(subject, (pending.question, failed) if failed else None)
        st.rerun()
    waited = duration(1000 * (time.monotonic() - pending.since))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/hourglass_empty: Reading and answering … {waited}", width="content")
        st.button("Stop", key=f"{key}_stop", icon=":material/stop:", on_click=pending.stopped.set)


def _taken_in(subject: str, answer: "Future[Exchange]") -> str | None:
    """Keep the answer; return the sentence for the person when there is none."""
    try:
        session.conversation(subject).append(answer.result())
    except Cancelled:
        return "Stopped. Nothing more is being asked."
    except PartylineError as error:
        return error.user_message
    except Exception as error:
        telemetry.fault("question.fault", error)
        return InternalFault().user_message
    return None
