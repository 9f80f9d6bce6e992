"""Queues, workers and failed calls, as the Jobs page shows them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Literal

import streamlit as st

from components.wording import duration, moment, plain, plural
from services.domain.calls import CALLS_QUEUE
from services.domain.working import WorkerState
from services.jobs.overview import QueueView, WorkerView
from services.storage.run_overview import FailedRun

Colour = Literal["green", "gray", "red", "orange", "blue"]
PROVIDER_WORDS = {"azure": "Azure Speech", "assemblyai": "AssemblyAI", "local": "this machine"}
STATE_BADGES: Mapping[WorkerState, tuple[str, str, Colour]] = {
    WorkerState.WORKING: ("Working", ":material/autorenew:", "blue"),
    WorkerState.IDLE: ("Waiting for calls", ":material/check_circle:", "green"),
    WorkerState.DRAINING: ("Stopping", ":material/hourglass_bottom:", "orange"),
    WorkerState.SILENT: ("Has not shown itself lately", ":material/warning:", "orange"),
    WorkerState.GONE: ("Gone; others take over", ":material/error:", "red"),
}
CHOSEN = "failed_chosen_"


@dataclass(frozen=True, kw_only=True)
class QueueIntent:
    """That a queue is to be paused, or to go on."""

    name: str
    pause: bool


class FailedAct(StrEnum):
    """What can be done with failed calls."""

    RETRY = "retry"
    DISMISS = "dismiss"
    OPEN = "open"


@dataclass(frozen=True, kw_only=True)
class FailedIntent:
    """What a person wants done with which failed calls; ``every``: also those not shown."""

    act: FailedAct
    call_ids: tuple[str, ...]
    every: bool = False


def queue_words(name: str) -> str:
    """Return what a queue is called on screen."""
    if name == CALLS_QUEUE:
        return "Processed by the workers themselves"
    provider = name.removeprefix(f"{CALLS_QUEUE}-")
    return f"Waiting for {PROVIDER_WORDS.get(provider, plain(provider))}"


def draw_queues(queues: Sequence[QueueView], *, may_pause: bool) -> QueueIntent | None:
    """Draw a card for each queue; return what is wanted of one, if anything."""
    intent = None
    with st.container(key="queue_cards"):
        for queue in queues:
            key = f"running_queue_{queue.name}"
            with st.container(border=True, height="stretch", gap="xsmall", key=key):
                intent = _draw_queue(queue, may_pause=may_pause) or intent
    return intent


def _draw_queue(queue: QueueView, *, may_pause: bool) -> QueueIntent | None:
    is_paused = queue.paused_ms is not None
    st.markdown(f"**{queue_words(queue.name)}**")
    st.markdown(f"{plural(queue.waiting, 'call')} waiting · {queue.running} in work")
    if is_paused:
        st.badge(
            f"Paused for {_about(queue.paused_ms)}",
            icon=":material/pause_circle:",
            color="orange",
        )
    if queue.oldest_at is not None:
        waits_ms = (datetime.now(UTC) - queue.oldest_at).total_seconds() * 1000
        st.caption(f"The first has waited for {_about(waits_ms)}.")
    if not may_pause:
        return None
    label, icon = ("Resume", "play_arrow") if is_paused else ("Pause", "pause")
    explained = "Calls in work are finished; no other is begun." if not is_paused else None
    if st.button(label, icon=f":material/{icon}:", key=f"switch_{queue.name}", help=explained):
        return QueueIntent(name=queue.name, pause=not is_paused)
    return None


def draw_workers(workers: Sequence[WorkerView]) -> None:
    """Draw a card for each worker."""
    with st.container(key="worker_cards"):
        for view in workers:
            facts = view.worker.facts
            key = f"running_worker_{facts.id}"
            with st.container(border=True, height="stretch", gap="xsmall", key=key):
                words, icon, colour = STATE_BADGES[view.state]
                st.markdown(f"**{plain(facts.id)}**")
                st.badge(words, icon=icon, color=colour)
                st.markdown(
                    f"{plural(view.running, 'call')} in work, at most {facts.jobs_at_once} at once"
                )
                st.caption(
                    f"On {plain(facts.host)}, process {facts.pid}, for "
                    f"{_about(view.worker.since_ms)}. Last sign of life "
                    f"{_about(view.worker.silent_ms)} ago."
                )


def draw_failed(
    failed: Sequence[FailedRun], count: int, *, may_dismiss: bool, zone: str | None
) -> FailedIntent | None:
    """Draw the failed calls with their reasons; return what is wanted of which."""
    shown = f"{plural(count, 'call')} failed"
    if count > len(failed):
        shown += f"; the newest {len(failed)} are shown"
    st.caption(f"{shown}. Choose some, or act on all.")
    chosen = tuple(
        run.call_id for run in failed if st.session_state.get(f"{CHOSEN}{run.call_id}", False)
    )
    ids = tuple(run.call_id for run in failed)
    intent = _draw_acts(chosen, ids, count, may_dismiss=may_dismiss)
    for run in failed:
        with st.container(border=True, gap="xsmall", key=f"failed_{run.call_id}"):
            with st.container(horizontal=True, horizontal_alignment="distribute"):
                st.checkbox(f"**{plain(run.name)}**", key=f"{CHOSEN}{run.call_id}")
                if st.button("Open call", key=f"failed_open_{run.call_id}", type="tertiary"):
                    intent = FailedIntent(act=FailedAct.OPEN, call_ids=(run.call_id,))
            st.markdown(plain(run.reason))
            when = f" on {moment(run.failed_at, zone)}" if run.failed_at else ""
            provider = PROVIDER_WORDS.get(run.provider, plain(run.provider))
            st.caption(f"Failed{when}, processed by {provider}.")
    return intent


def _about(ms: float | None) -> str:
    """Return a length in whole seconds: tenths would only flicker."""
    seconds = max(0, round((ms or 0) / 1000))
    return f"{seconds} s" if seconds < 60 else duration(1000 * seconds)


def _draw_acts(
    chosen: tuple[str, ...], shown: tuple[str, ...], count: int, *, may_dismiss: bool
) -> FailedIntent | None:
    of_which, ids = (f"the {len(chosen)} chosen", chosen) if chosen else ("all", shown)
    with st.container(horizontal=True):
        retry_which = f"all {count}" if count > len(shown) and not chosen else of_which
        if st.button(f"Retry {retry_which}", icon=":material/refresh:", key="failed_retry"):
            return FailedIntent(act=FailedAct.RETRY, call_ids=ids, every=not chosen)
        # What nobody has seen is not dismissed.
        dismiss_which = f"the {len(shown)} shown" if count > len(shown) and not chosen else of_which
        if may_dismiss and st.button(
            f"Dismiss {dismiss_which}",
            icon=":material/done_all:",
            key="failed_dismiss",
            help="They leave this list, and stay failed among your calls.",
        ):
            return FailedIntent(act=FailedAct.DISMISS, call_ids=ids)
    return None
