"""What the options of ``partyline retention`` and ``hold`` are called; app/commands works."""

from typing import Annotated

import typer

from services.domain.errors import InvalidRequest
from services.domain.retention import Kept

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]

retention = typer.Typer(help="How long what is stored of calls stays.", no_args_is_help=True)
holds = typer.Typer(help="Keep calls from being deleted.", no_args_is_help=True)


@retention.command("show")
def show() -> None:
    """Show what is set and what the last runs deleted."""
    from app.commands.console import one_clear_line
    from app.commands.retention import show_retention
    from app.settings import load_settings

    with one_clear_line():
        raise SystemExit(show_retention(load_settings()))


@retention.command("set")
def set_period(
    kind: Annotated[Kept, typer.Argument(help="What is deleted.")],
    days: Annotated[str, typer.Argument(help="Days since the call, forever, or unset.")],
    queue: Annotated[
        str | None, typer.Option(help="Of this queue only, instead of all others' period.")
    ] = None,
) -> None:
    """Set after how many days something is deleted."""
    from app.commands.console import one_clear_line
    from app.commands.retention import set_retention
    from app.settings import load_settings

    with one_clear_line():
        if days not in {"forever", "unset"} and not (days.isascii() and days.isdigit()):
            raise InvalidRequest("Give a number of days, forever, or unset.")
        raise SystemExit(set_retention(load_settings(), kind, days, queue))


@retention.command("preview")
def preview(as_json: AsJson = False) -> None:
    """Count what the next run would delete; nothing is deleted."""
    from app.commands.console import one_clear_line
    from app.commands.retention import preview_retention
    from app.settings import load_settings

    with one_clear_line():
        raise SystemExit(preview_retention(load_settings(), as_json=as_json))


@retention.command("run")
def run(as_json: AsJson = False) -> None:
    """Delete what is due now; workers do it once a day."""
    from app.commands.console import one_clear_line
    from app.commands.retention import run_retention
    from app.settings import load_settings

    with one_clear_line():
        raise SystemExit(run_retention(load_settings(), as_json=as_json))


@holds.command("add")
def add(
    reason: Annotated[str, typer.Option(help="Why, for those who ask later.")],
    call: Annotated[str | None, typer.Option(help="A call's id.")] = None,
    customer: Annotated[str | None, typer.Option(help="A customer reference.")] = None,
) -> None:
    """Keep a call, or everything of a customer, from being deleted."""
    from app.commands.console import one_clear_line
    from app.commands.holds import add_hold
    from app.settings import load_settings

    with one_clear_line():
        if (call is None) is (customer is None):
            raise InvalidRequest("Say what to hold: --call or --customer.")
        raise SystemExit(add_hold(load_settings(), call, customer, reason))


@holds.command("list")
def list_holds() -> None:
    """List what is on hold."""
    from app.commands.console import one_clear_line
    from app.commands.holds import print_holds
    from app.settings import load_settings

    with one_clear_line():
        raise SystemExit(print_holds(load_settings()))


@holds.command("release")
def release(hold: Annotated[str, typer.Argument(help="The hold's id, as list shows it.")]) -> None:
    """Let what was held be deleted again."""
    from app.commands.console import one_clear_line
    from app.commands.holds import release_hold
    from app.settings import load_settings

    with one_clear_line():
        raise SystemExit(release_hold(load_settings(), hold))
