"""What the Jobs page does: looks at queues and workers, pauses, retries, dismisses."""

from collections.abc import Callable

import streamlit as st

from app import session
from components._compat import polling, time_zone
from components.heading import draw_empty, draw_part_title
from components.jobs_view import (
    FailedAct,
    FailedIntent,
    QueueIntent,
    draw_failed,
    draw_queues,
    draw_workers,
)
from components.wording import plural
from pages._calls import open_call
from services.domain.errors import PartylineError
from services.domain.people import Right

LOOK_EVERY_S = 2.0
MOST_SHOWN = 50


def draw_board() -> None:
    """Draw everything, again every few seconds."""
    polling(_draw, every_s=LOOK_EVERY_S)


def _draw() -> None:
    for part in (_draw_queues, _draw_workers, _draw_failed):
        try:
            part()
        except PartylineError as error:
            st.error(error.user_message)
            return


def _draw_queues() -> None:
    user, jobs = session.current_user(), session.services().jobs
    draw_part_title("Queues")
    intent = draw_queues(jobs.queues(user), may_pause=user.may(Right.OPERATE))
    if intent is not None:
        _switch(intent)


def _switch(intent: QueueIntent) -> None:
    user, jobs = session.current_user(), session.services().jobs
    change = jobs.pause if intent.pause else jobs.resume
    _do(lambda: change(user, intent.name))


def _draw_workers() -> None:
    user = session.current_user()
    if not user.may(Right.OPERATE):
        return
    draw_part_title("Workers")
    workers = session.services().jobs.workers(user)
    if not workers:
        draw_empty(
            "No worker runs; calls wait until one is started with “partyline worker”.",
            icon=":material/engineering:",
        )
        return
    draw_workers(workers)


def _draw_failed() -> None:
    user, jobs = session.current_user(), session.services().jobs
    draw_part_title("Failed")
    failed, count = jobs.failed(user, limit=MOST_SHOWN)
    if not failed:
        draw_empty("Nothing has failed.", icon=":material/check_circle:")
        return
    intent = draw_failed(failed, count, may_dismiss=user.may(Right.EDIT_CALLS), zone=time_zone())
    if intent is not None:
        _carry_out(intent)


def _carry_out(intent: FailedIntent) -> None:
    user, jobs = session.current_user(), session.services().jobs
    match intent.act:
        case FailedAct.OPEN:
            open_call(intent.call_ids[0])
        case FailedAct.DISMISS:
            _do(lambda: jobs.dismiss(user, intent.call_ids))
        case FailedAct.RETRY:
            every = intent.every
            retried = jobs.retry_all(user) if every else jobs.retry(user, intent.call_ids)
            said = [f"{plural(retried.count, 'call')} will be processed again."]
            said += sorted(set(retried.refused.values()))
            session.notify(" ".join(said))
            st.rerun()


def _do(act: Callable[[], object]) -> None:
    act()
    st.rerun()
