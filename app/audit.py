"""What the options of ``partyline audit`` are called; app/commands does the work."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from services.domain.acts import Act, Outcome

audit = typer.Typer(
    help="Read what people have done, and check that it is as it was written.",
    no_args_is_help=True,
)

FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]
Org = Annotated[str | None, typer.Option("--organisation", help="Whose audit; PARTYLINE_ORG.")]
Who = Annotated[str | None, typer.Option(help="A person's id, or part of a name.")]
Acts = Annotated[list[Act] | None, typer.Option("--act", help="Only this; may be repeated.")]
Subject = Annotated[str | None, typer.Option(help="The id of what it was done with.")]
How = Annotated[Outcome | None, typer.Option(help="Only what was allowed, or what was refused.")]
Since = Annotated[datetime | None, typer.Option(formats=FORMATS, help="From this moment on, UTC.")]
Until = Annotated[datetime | None, typer.Option(formats=FORMATS, help="Before this moment, UTC.")]


@audit.command()
def verify(
    head: Annotated[
        Path | None,
        typer.Option(help="Compare with this file as well, written by partyline audit head."),
    ] = None,
    backup: Annotated[
        str | None,
        typer.Option(
            metavar="PLACE", help="Compare with what the backups there have noted as well."
        ),
    ] = None,
) -> None:
    """Look through the whole audit; exit status 1 when it is not as it was written."""
    from app.commands.audit import verify_audit
    from app.commands.console import one_clear_line
    from app.settings import load_settings

    with one_clear_line():
        raise SystemExit(verify_audit(load_settings(), head, backup))


@audit.command()
def head() -> None:
    """Print how far the audit has come, to be noted where nobody can change it."""
    from app.commands.audit import print_heads
    from app.commands.console import one_clear_line
    from app.settings import load_settings

    with one_clear_line():
        raise SystemExit(print_heads(load_settings()))


@audit.command()
def cut(
    days: Annotated[int, typer.Option(min=1, help="Entries older than so many days go.")],
    organisation: Org = None,
) -> None:
    """Cut old entries; the audit can be checked as before, and says that they were cut."""
    from app.commands.audit import cut_audit
    from app.commands.console import one_clear_line
    from app.settings import load_settings

    with one_clear_line():
        raise SystemExit(cut_audit(load_settings(), organisation, days))


@audit.command()
def resume(organisation: Org = None) -> None:
    """Let an audit go on whose end was changed from outside; what is broken stays to be seen."""
    from app.commands.audit import resume_audit
    from app.commands.console import one_clear_line
    from app.settings import load_settings

    with one_clear_line():
        raise SystemExit(resume_audit(load_settings(), organisation))


@audit.command("list")
def list_entries(
    who: Who = None,
    act: Acts = None,
    subject: Subject = None,
    outcome: How = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option(min=1, help="Not more than so many.")] = 50,
    organisation: Org = None,
) -> None:
    """List the newest entries."""
    from app.commands.audit import list_audit, query_of
    from app.commands.console import one_clear_line
    from app.settings import load_settings

    with one_clear_line():
        wanted = query_of(who, act, subject, outcome, since, until, limit)
        raise SystemExit(list_audit(load_settings(), organisation, wanted))


@audit.command()
def export(
    who: Who = None,
    act: Acts = None,
    subject: Subject = None,
    outcome: How = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Not more than so many.")] = None,
    organisation: Org = None,
) -> None:
    """Write entries to standard output as CSV, the newest first."""
    from app.commands.audit import export_audit, query_of
    from app.commands.console import one_clear_line
    from app.settings import load_settings

    with one_clear_line():
        wanted = query_of(who, act, subject, outcome, since, until, limit)
        raise SystemExit(export_audit(load_settings(), organisation, wanted))
