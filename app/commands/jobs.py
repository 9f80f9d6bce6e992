"""``partyline jobs``: how the queues stand, who works, what failed, and what to do about it."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from app.commands.console import EXIT_BAD_INPUT, operator, say
from app.settings import load_settings
from app.wiring import Services, build_services
from services.domain.errors import InvalidRequest, PartylineError
from services.jobs.overview import QueueView, WorkerView
from services.storage.run_overview import FailedRun

SCHEMA = "partyline.jobs/1"
MOST_FAILED = 1000


def write_jobs(*, as_json: bool) -> None:
    """Write how the queues stand and which calls failed."""
    settings = load_settings()
    jobs, user = build_services(settings).jobs, operator(settings)
    queues = jobs.queues(user)
    failed, count = jobs.failed(user, limit=MOST_FAILED)
    if as_json:
        _write_json(
            queues=[_queue_form(queue) for queue in queues],
            failed=[_failed_form(run) for run in failed],
            failed_count=count,
        )
        return
    for queue in queues:
        print(_queue_line(queue))
    for run in failed:
        print(f"failed  {run.call_id}  {run.reason}")
    if count > len(failed):
        print(f"and {count - len(failed)} more")


def write_workers(*, as_json: bool) -> None:
    """Write which workers there are."""
    settings = load_settings()
    workers = build_services(settings).jobs.workers(operator(settings))
    if as_json:
        _write_json(workers=[_worker_form(worker) for worker in workers])
        return
    for view in workers:
        facts = view.worker.facts
        print(
            f"{facts.id}  {view.state.value}  on {facts.host}, process {facts.pid},"
            f" {view.running} of {facts.jobs_at_once} in work,"
            f" last sign {view.worker.silent_ms // 1000} s ago"
        )
    if not workers:
        print("No worker runs.")


def switch(queue: str | None, *, paused: bool) -> None:
    """Pause a queue, or all; or let it go on."""
    services = build_services(load_settings())
    change = services.jobs.pause if paused else services.jobs.resume
    for name in services.queue.names if queue is None else (queue,):
        change(operator(services.settings), name)
        print(f"{name}: {'paused' if paused else 'goes on'}")


def retry_calls(call_ids: list[str], *, every: bool) -> int:
    """Process failed calls again; the exit status. Raises InvalidRequest when none is named."""
    if bool(call_ids) == every:
        raise InvalidRequest("Name the calls, or say --all.")
    settings = load_settings()
    jobs, user = build_services(settings).jobs, operator(settings)
    retried = jobs.retry_all(user) if every else jobs.retry(user, call_ids)
    for call_id, reason in retried.refused.items():
        say(f"partyline: {call_id}: {reason}")
    print(f"{retried.count} wait again.")
    return EXIT_BAD_INPUT if retried.refused else 0


def cancel_calls(call_ids: Iterable[str]) -> int:
    """Stop processing calls; the exit status."""
    services: Services = build_services(load_settings())
    status = 0
    for call_id in call_ids:
        try:
            services.desk.cancel(operator(services.settings), call_id)
        except PartylineError as error:
            say(f"partyline: {call_id}: {error.user_message}")
            status = EXIT_BAD_INPUT
        else:
            print(f"{call_id}: cancelled")
    return status


def dismiss_calls(call_ids: list[str]) -> None:
    """Take failed calls off the list."""
    settings = load_settings()
    count = build_services(settings).jobs.dismiss(operator(settings), call_ids)
    print(f"{count} dismissed.")


def _write_json(**parts: Any) -> None:
    print(json.dumps({"schema": SCHEMA, **parts}, indent=2))


def _queue_form(queue: QueueView) -> dict[str, Any]:
    return {
        "name": queue.name,
        "waiting": queue.waiting,
        "running": queue.running,
        "oldest_waiting_ms": _age_ms(queue.oldest_at),
        "paused": queue.paused_ms is not None,
    }


def _failed_form(run: FailedRun) -> dict[str, Any]:
    return {
        "call_id": run.call_id,
        "run": run.run,
        "provider": run.provider,
        "error": run.error_code,
        "reason": run.reason,
        "retryable": run.retryable,
        "failed_at": run.failed_at.isoformat() if run.failed_at else None,
    }


def _worker_form(view: WorkerView) -> dict[str, Any]:
    facts = view.worker.facts
    return {
        "id": facts.id,
        "state": view.state.value,
        "host": facts.host,
        "process": facts.pid,
        "version": facts.version,
        "queues": list(facts.queues),
        "jobs_at_once": facts.jobs_at_once,
        "running": view.running,
        "since_ms": view.worker.since_ms,
        "silent_ms": view.worker.silent_ms,
    }


def _queue_line(queue: QueueView) -> str:
    line = f"{queue.name}  {queue.waiting} waiting, {queue.running} running"
    age_ms = _age_ms(queue.oldest_at)
    if age_ms is not None:
        line += f", the first for {age_ms // 1000} s"
    return line + (", paused" if queue.paused_ms is not None else "")


def _age_ms(since: datetime | None) -> int | None:
    if since is None:
        return None
    return max(0, round((datetime.now(UTC) - since).total_seconds() * 1000))
