"""What the options of ``partyline jobs`` are called; app/commands does the work."""

from typing import Annotated

import typer

jobs = typer.Typer(help="The queues, the workers, and the calls that failed.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON instead of lines.")]
Queue = Annotated[
    str | None, typer.Argument(help="The queue's name, as the list has it; all when none is given.")
]
Calls = Annotated[list[str], typer.Argument(help="Ids of calls, as the list has them.")]


@jobs.command("list")
def list_jobs(as_json: AsJson = False) -> None:
    """Write how the queues stand, and which calls failed for what reason."""
    from app.commands.console import one_clear_line
    from app.commands.jobs import write_jobs

    with one_clear_line():
        write_jobs(as_json=as_json)


@jobs.command("workers")
def list_workers(as_json: AsJson = False) -> None:
    """Write which workers there are, on which hosts, and what they do."""
    from app.commands.console import one_clear_line
    from app.commands.jobs import write_workers

    with one_clear_line():
        write_workers(as_json=as_json)


@jobs.command("pause")
def pause(queue: Queue = None) -> None:
    """Begin no job of a queue any more; those that run are finished."""
    from app.commands.console import one_clear_line
    from app.commands.jobs import switch

    with one_clear_line():
        switch(queue, paused=True)


@jobs.command("resume")
def resume(queue: Queue = None) -> None:
    """Let a paused queue go on."""
    from app.commands.console import one_clear_line
    from app.commands.jobs import switch

    with one_clear_line():
        switch(queue, paused=False)


@jobs.command("retry")
def retry(
    calls: Annotated[
        list[str] | None, typer.Argument(help="Ids of failed calls, as the list has them.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every call that failed.")] = False,
) -> None:
    """Process failed calls again."""
    from app.commands.console import one_clear_line
    from app.commands.jobs import retry_calls

    with one_clear_line():
        raise SystemExit(retry_calls(calls or [], every=every))


@jobs.command("cancel")
def cancel(calls: Calls) -> None:
    """Stop processing calls, on whatever host: at once while they wait, else soon."""
    from app.commands.console import one_clear_line
    from app.commands.jobs import cancel_calls

    with one_clear_line():
        raise SystemExit(cancel_calls(calls))


@jobs.command("dismiss")
def dismiss(calls: Calls) -> None:
    """Take failed calls off the list."""
    from app.commands.console import one_clear_line
    from app.commands.jobs import dismiss_calls

    with one_clear_line():
        dismiss_calls(calls)
