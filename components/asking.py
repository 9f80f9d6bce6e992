"""Questions and answers about calls, each sentence with the lines that bear it out."""

from collections.abc import Sequence

import streamlit as st

from components.places import draw_place
from components.wording import clock, cost_words, duration, moment, number, plain, plural
from services.domain.asking import Answer, AnswerPart, Citation, Exchange

MOST_QUESTION_CHARS = 1_000
NOT_TOLD = "The lines that were read don't tell."
NOTHING_FOUND = "No line of any call has words that bear on this question."
NOT_CONFIGURED = (
    "Questions are answered by a language model, and none is configured. Set `LLM_BASE_URL` (and "
    "`LLM_MODEL`, `LLM_API_KEY` where needed) to use one; a model on this machine will do."
)


def draw_not_configured() -> None:
    """Draw what stands where no language model is configured."""
    st.info(NOT_CONFIGURED, icon=":material/forum:")


def draw_where_it_goes(model: str, *, leaves_machine: bool) -> None:
    """Say who answers and what is sent there."""
    where = "to another machine" if leaves_machine else "to this machine's own model"
    st.caption(
        f"Answered by {plain(model)}. Only text without personal data is sent, {where}. "
        "Every sentence names the lines it rests on; listen before you rely on it."
    )


def draw_question_box(placeholder: str, *, key: str, disabled: bool) -> str | None:
    """Draw the box for a question; return the question once it has been asked."""
    asked = st.chat_input(
        placeholder, key=key, max_chars=MOST_QUESTION_CHARS, disabled=disabled, height="content"
    )
    return asked.strip() or None if asked else None


def draw_exchanges(
    exchanges: Sequence[Exchange], *, key: str, zone: str | None, among_calls: bool
) -> Citation | None:
    """Draw what was asked and answered; return the citation that was clicked.

    ``among_calls``: answers rest on several calls, so each citation says which call it is from.
    """
    clicked: Citation | None = None
    for at, exchange in enumerate(exchanges):
        with st.chat_message("user", avatar=":material/person:"):
            st.markdown(plain(exchange.question))
        with st.chat_message("assistant", avatar=":material/forum:"):
            answer = exchange.answer
            if not answer.parts:
                st.markdown(NOT_TOLD if answer.lines_read else NOTHING_FOUND)
            for nth, part in enumerate(answer.parts):
                place = f"{key}_{at}_{nth}"
                chosen = _draw_part(part, key=place, zone=zone, among_calls=among_calls)
                clicked = chosen or clicked
            st.caption(_told(answer, among_calls=among_calls))
    return clicked


def _draw_part(
    part: AnswerPart, *, key: str, zone: str | None, among_calls: bool
) -> Citation | None:
    st.markdown(plain(part.text))
    clicked: Citation | None = None
    with st.container(horizontal=True, gap="small"):
        for at, cited in enumerate(part.citations):
            place = clock(cited.start_ms)
            if among_calls and cited.held_at:
                place = f"{plain(cited.agent_name or cited.source_name)}, {place}"
            help_text = f"“{cited.text}”"
            if among_calls and cited.held_at:
                help_text += f" · {moment(cited.held_at, zone)}"
            if draw_place(
                cited.start_ms, key=f"{key}_{at}", words=place, explanation=plain(help_text)
            ):
                clicked = cited
    return clicked


def _told(answer: Answer, *, among_calls: bool) -> str:
    """Return what an answer rests on and what it cost."""
    read = plural(answer.lines_read, "line")
    if among_calls:
        read += f" of {plural(answer.calls_read, 'call')}"
    parts = [f"Read {read}"] if answer.lines_read else []
    parts.append(duration(answer.took_ms))
    if answer.tokens_in is not None and answer.tokens_out is not None:
        parts.append(f"{number(answer.tokens_in + answer.tokens_out)} tokens")
    if answer.cost is not None:
        parts.append(cost_words(answer.cost))
    if answer.left_out:
        sentences = plural(answer.left_out, "sentence")
        parts.append(f"{sentences} left out, because no line bears them out")
    return " · ".join(parts)
